// Buttons that fold parts of the page out and in, and those that choose how much of the avatar is shown.

import type { View } from "../lib/stage";

/** The button opens and closes a part of the page; gives what opens (true) and closes it. */
export function folding(
  button: HTMLElement, part: HTMLElement, onChange?: (open: boolean) => void,
): (open: boolean) => void {
  const set = (open: boolean): void => {
    if (open === !part.hidden) return;
    part.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    onChange?.(open);
    if (open) part.scrollIntoView({ block: "nearest" });
  };
  button.addEventListener("click", () => set(part.hidden !== false));
  return set;
}

export function viewButtons(choose: (view: View) => void): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[data-view]")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      choose(button.dataset["view"] as View);
    });
  }
}

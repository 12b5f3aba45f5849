// Buttons that fold parts of the page out and in, and those that choose how much of the avatar is shown.

import type { View } from "../lib/stage";

/** The button opens and closes a part of the page. */
export function folding(button: HTMLElement, part: HTMLElement, onChange?: (open: boolean) => void): void {
  button.addEventListener("click", () => {
    const open = part.hidden !== false;
    part.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    onChange?.(open);
    if (open) part.scrollIntoView({ block: "nearest" });
  });
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

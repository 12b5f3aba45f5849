// Light or dark: as the system says, or as the user last chose here.

import { el } from "./dom";

const KEY = "nonverbal-theme";

/** Applies what the user chose earlier; call it as early as possible. */
export function applyTheme(): void {
  const chosen = remembered();
  if (chosen) document.documentElement.dataset["theme"] = chosen;
}

/** A button that changes between light and dark, and remembers it. Fires "themechange" on the document. */
export function themeButton(): HTMLButtonElement {
  const button = el("button", { type: "button", class: "icon-button", id: "theme", title: "Light or dark" });
  const show = (): void => {
    button.textContent = isDark() ? "☀" : "☾";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset["theme"] = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // a browser that keeps nothing: the choice holds for this page
    }
    show();
    document.dispatchEvent(new Event("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
  return button;
}

export function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function remembered(): "light" | "dark" | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null;
  }
}

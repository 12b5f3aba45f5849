// Where the user writes: sends with enter, stops with escape, says when it is too much.

import { byId, el } from "../lib/dom";

export interface ComposerEvents {
  /** Whether the sentence went out; if not it stays in the field. */
  say(text: string): boolean;
  stop(): void;
}

const TALLEST_PX = 160;
/** From this share of the longest text on the count is shown. */
const NEAR = 0.8;

export class Composer {
  private readonly field = byId<HTMLTextAreaElement>("say");
  private readonly count = byId("say-count");
  private readonly stopButton = byId<HTMLButtonElement>("stop");
  private readonly starters = byId("starters");
  private longest = 600;
  private readonly past: string[] = [];

  constructor(private readonly events: ComposerEvents) {
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("input", () => this.measure());
    this.stopButton.addEventListener("click", () => this.stop());
    document.addEventListener("keydown", (event) => this.pageKey(event));
    this.measure();
  }

  begin(longest: number, starters: readonly string[]): void {
    this.longest = longest;
    this.starters.replaceChildren(...starters.map((text) =>
      el("button", { type: "button", class: "starter", on: { click: () => void this.events.say(text) } }, text)));
    this.measure();
    // on a touch screen the keyboard would hide the avatar
    if (document.activeElement === document.body && matchMedia("(hover: hover)").matches) {
      this.field.focus({ preventScroll: true });
    }
  }

  /** While an answer comes or plays it can be stopped. */
  set busy(busy: boolean) {
    const focused = document.activeElement === this.stopButton;
    this.stopButton.hidden = !busy;
    if (!busy && focused) this.field.focus();
  }

  /** Puts text that did not get through back, unless something new has been written. */
  restore(text: string): void {
    if (this.field.value) return;
    this.field.value = text;
    this.measure();
  }

  private submit(): void {
    const text = this.field.value.trim();
    if (!text) {
      this.complain("Write something first.");
      return;
    }
    if (text.length > this.longest) {
      this.measure();
      this.field.focus();
      return;
    }
    if (!this.events.say(text)) return;
    this.past.push(text);
    this.field.value = "";
    this.measure();
  }

  private stop(): void {
    this.events.stop();
    this.field.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return; // enter chooses a character of an input method
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && !this.field.value && this.past.length) {
      event.preventDefault();
      this.field.value = this.past[this.past.length - 1]!;
      this.measure();
    }
  }

  private pageKey(event: KeyboardEvent): void {
    if (event.key === "Escape" && !this.stopButton.hidden) this.events.stop();
    const writing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.field.focus();
    }
  }

  private measure(): void {
    const length = this.field.value.trim().length;
    const over = length > this.longest;
    this.field.toggleAttribute("aria-invalid", over);
    if (over) this.field.setAttribute("aria-invalid", "true");
    this.count.classList.toggle("bad", over);
    this.count.textContent = over
      ? `${length} characters; the model takes at most ${this.longest} in one go: say it in several lines.`
      : length > NEAR * this.longest ? `${length} of ${this.longest} characters` : "";
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, TALLEST_PX)}px`;
  }

  private complain(text: string): void {
    this.count.textContent = text;
    this.field.focus();
  }
}

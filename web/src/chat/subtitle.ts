// The words under the avatar, one after the other as they are said.

import { fill, el } from "../lib/dom";
import { lines, subtitleAt, type Word } from "./words";

export class Subtitle {
  private shown = "";

  constructor(private readonly place: HTMLElement) {}

  /** The words of an answer at a moment of it. */
  show(words: readonly Word[], time_s: number): void {
    const now = subtitleAt(lines(words), time_s);
    const key = now.map((word) => `${word.start_s} ${word.text}`).join("|");
    if (key === this.shown) return;
    this.shown = key;
    fill(
      this.place,
      ...now.flatMap(
        (word, i) => [i ? " " : null, el("span", i === now.length - 1 ? { class: "now" } : {}, word.text)],
      ),
    );
  }

  clear(): void {
    this.shown = "";
    this.place.replaceChildren();
  }
}

// The conversation as text: who said what, with small tags for what was done, and what can be had of each answer.

import { el } from "../lib/dom";
import { asTime, type Figures } from "./latency";
import { savingMenu } from "./saving";
import type { Turn } from "./turn";

export interface Wishes {
  again(turn: Turn): void;
  steps(turn: Turn): void;
}

interface Entry {
  turn: Turn;
  asked: HTMLElement;
  answer: HTMLElement;
  words: HTMLElement;
  foot: HTMLElement;
  spoken: HTMLElement[];
  pieces: number;
  marked: number;
}

export class Transcript {
  private readonly entries = new Map<Turn, Entry>();
  private told: readonly string[] = [];

  constructor(private readonly log: HTMLElement, private readonly name: () => string, private readonly wishes: Wishes) {
    this.empty();
  }

  /** What the user said, and a place for the answer. */
  ask(turn: Turn): void {
    this.log.querySelector(".empty")?.remove();
    const asked = el(
      "article", { class: "turn you" }, el("h3", { class: "who" }, "You"), el("p", { class: "words" }, turn.text),
    );
    const words = el("p", { class: "words" }, waiting());
    const foot = el("div", { class: "foot", hidden: true });
    const answer = el(
      "article", { class: "turn model", data: { testid: "answer" } }, el("h3", { class: "who" }, this.name()), words,
      foot,
    );
    this.log.append(asked, answer);
    this.entries.set(turn, { turn, asked, answer, words, foot, spoken: [], pieces: 0, marked: 0 });
    this.follow(true);
  }

  /** Words and directions that have come; words not said yet are paler. */
  add(turn: Turn): void {
    const entry = this.entries.get(turn);
    if (!entry) return;
    if (entry.pieces === 0 && turn.pieces.length) entry.words.replaceChildren();
    for (const piece of turn.pieces.slice(entry.pieces)) {
      const text = piece.kind === "word" ? piece.word.text : piece.text;
      const shown = el("span", { class: piece.kind === "word" ? "word ahead" : "direction" }, text);
      if (piece.kind === "word") entry.spoken.push(shown);
      if (entry.words.hasChildNodes()) entry.words.append(" ");
      entry.words.append(shown);
    }
    entry.pieces = turn.pieces.length;
    this.follow();
  }

  /** The words up to this many have been said; the last of them is being said. */
  say(turn: Turn, count: number, speaking: boolean): void {
    const entry = this.entries.get(turn);
    if (!entry) return;
    for (; entry.marked < count; entry.marked++) entry.spoken[entry.marked]?.classList.remove("ahead");
    for (const word of entry.words.querySelectorAll(".now")) word.classList.remove("now");
    if (speaking && count > 0) entry.spoken[count - 1]?.classList.add("now");
  }

  /** The answer is complete: what it took, and what can be had of it. */
  end(turn: Turn, figures: Figures): void {
    const entry = this.entries.get(turn);
    if (!entry) return;
    if (!turn.words.length && !turn.pieces.length) {
      entry.words.replaceChildren(el("span", { class: "direction" }, turn.over ? "stopped" : "says nothing"));
    }
    const again = el(
      "button", { type: "button", class: "link-button", on: { click: () => this.wishes.again(turn) } }, "Play again",
    );
    const steps = el(
      "button", { type: "button", class: "link-button", on: { click: () => this.wishes.steps(turn) } }, "Tokens",
    );
    const menu = turn.end && turn.number !== null ? savingMenu(turn.chat, turn.number) : null;
    const told = [
      asLength(figures.seconds), figures.first_word_ms === null ? "" : `first word ${asTime(figures.first_word_ms)}`,
      reasonOf(turn),
    ];
    entry.foot.replaceChildren(
      ...(turn.clip.frames ? [again] : []), ...(turn.steps.length ? [steps] : []), ...(menu ? [menu] : []),
      el("span", { class: "muted told" }, told.filter(Boolean).join(" · ")),
    );
    entry.foot.hidden = false;
    entry.answer.dataset["ended"] = turn.over ? "stopped" : (turn.end?.reason ?? "");
    this.follow();
  }

  /** The answer did not come about. */
  fail(turn: Turn, message: string): void {
    const entry = this.entries.get(turn);
    if (!entry) return;
    entry.words.querySelector(".waiting")?.remove();
    entry.answer.append(el("p", { class: "failed" }, message));
    entry.answer.dataset["ended"] = "failed";
    this.follow();
  }

  clear(): void {
    this.entries.clear();
    this.empty();
  }

  /** What the server has to say about its model, while nothing has been said. */
  set notes(notes: readonly string[]) {
    this.told = notes;
    if (this.log.querySelector(".empty")) this.empty();
  }

  private empty(): void {
    const first = el("p", {}, "Nothing has been said yet. Type a sentence, or take one of those below.");
    this.log.replaceChildren(
      el("div", { class: "empty muted" }, first, ...this.told.map((note) => el("p", { class: "hint" }, note))),
    );
  }

  /** Keeps the newest line in view, unless the user reads further up. */
  private follow(always = false): void {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    if (always || scrollHeight - scrollTop - clientHeight < 160) this.log.scrollTop = scrollHeight;
  }
}

function waiting(): HTMLElement {
  return el(
    "span", { class: "waiting" }, el("span", { class: "unseen" }, "The answer is coming"),
    ...[0, 1, 2].map(() => el("i", { aria: { hidden: true } })),
  );
}

function asLength(seconds: number): string {
  return seconds > 0 ? `${seconds.toFixed(1)} s` : "";
}

function reasonOf(turn: Turn): string {
  if (turn.over) return "stopped";
  return turn.end?.reason === "length" ? "longest answer reached" : "";
}

// One pair after the other: play, answer, go on; resolves when all pairs are answered.

import { ApiError, getJson, postJson, sentence } from "../lib/api";
import { announce, el, fill } from "../lib/dom";
import { listenToKeys } from "./keys";
import { Player } from "./player";
import { Questions } from "./questions";
import type { About, Pair, Standing, Trial } from "./types";

const UNSEEN = "Play both clips to their end, then answer.";
const SEEN = "Answer, or play them again.";
const PRACTICE = "For practice: this pair does not count. Get used to the keys.";

export class Trials {
  readonly element: HTMLElement;
  private readonly player: Player;
  private readonly questions: Questions;
  private readonly hint = el("p", { class: "hint muted", id: "hint", role: "status" });
  private readonly practice = el("p", { class: "notice practice", id: "practice", hidden: true }, PRACTICE);
  private readonly fault = el("div", { class: "notice bad", id: "fault", role: "alert", hidden: true });
  private readonly onward = el(
    "button", { type: "button", class: "button primary", id: "next", aria: { keyshortcuts: "Enter" } }, "Next pair ",
    el("kbd", { aria: { hidden: true } }, "Enter"),
  );
  private readonly left = new AbortController();
  private trial: Trial | null = null;
  private busy = false;
  private done: () => void = () => {};

  constructor(
    about: About, pair: Pair, private readonly rater: string, private readonly onProgress: (standing: Standing) => void,
  ) {
    this.player = new Player(pair);
    this.questions = new Questions(about);
    this.player.onSeen = () => this.unlock();
    this.player.onFault = (error) => this.complain(error, () => this.player.both());
    this.questions.onChange = () => this.refresh();
    this.onward.addEventListener("click", () => void this.submit());
    this.element = el("div", { class: "trial", id: "trial" }, this.practice, this.player.element,
      el("section", { class: "answer card", aria: { label: "Answer" } }, this.questions.element, this.fault,
        el("div", { class: "onward" }, this.hint, this.onward)));
  }

  /** Shows pairs until none is left. */
  run(): Promise<void> {
    listenToKeys({
      answer: (answer) => this.questions.choose(answer),
      toggle: () => this.player.toggle(), both: () => this.player.both(),
      inTurn: () => this.player.inTurn(), only: (side) => this.player.only(side), halt: () => this.player.halt(),
      next: () => void this.submit(),
    }, this.left.signal);
    return new Promise((resolve) => {
      this.done = resolve;
      void this.advance();
    });
  }

  private async advance(): Promise<void> {
    this.quiet();
    this.questions.close();
    this.trial = null;
    this.refresh();
    this.element.setAttribute("aria-busy", "true");
    try {
      const found = await getJson<Standing & { trial: Trial | null }>(
        `/api/study/raters/${encodeURIComponent(this.rater)}/next`,
      );
      this.onProgress(found);
      if (!found.trial) return this.finish();
      this.practice.hidden = !found.trial.practice;
      await this.player.load(found.trial, this.left.signal);
      this.trial = found.trial;
      this.element.removeAttribute("aria-busy");
      this.refresh();
      this.player.element.focus({ preventScroll: true }); // what was pressed last can be pressed no more
      announce(`Pair ${found.answered + 1} of ${found.trials}.`);
    } catch (error) {
      this.complain(error, () => void this.advance());
    }
  }

  private async submit(): Promise<void> {
    if (!this.trial || this.busy || !this.player.seen || !this.questions.complete) return;
    this.busy = true;
    this.player.halt();
    this.refresh();
    const { left, right } = this.player.plays;
    const body = { ticket: this.trial.ticket, answers: this.questions.answers, plays_left: left, plays_right: right };
    try {
      await postJson<Standing>(`/api/study/raters/${encodeURIComponent(this.rater)}/answers`, body);
      this.busy = false;
      await this.advance();
    } catch (error) {
      this.busy = false;
      if (error instanceof ApiError && error.code === "stale") return this.advance();
      this.refresh();
      this.complain(error, () => void this.submit());
    }
  }

  private unlock(): void {
    this.questions.unlock();
    this.refresh();
  }

  private refresh(): void {
    this.onward.disabled = this.busy || !this.trial || !this.player.seen || !this.questions.complete;
    this.hint.textContent = !this.trial ? "The clips are on their way …" : this.player.seen ? SEEN : UNSEEN;
  }

  private complain(error: unknown, again: () => void): void {
    const told = sentence(error);
    if (told === null) return;
    const retry = el(
      "button", { type: "button", class: "button", id: "retry", on: { click: () => (this.quiet(), again()) } },
      "Try again",
    );
    fill(this.fault, el("p", {}, told), retry);
    this.fault.hidden = false;
  }

  private quiet(): void {
    this.fault.hidden = true;
  }

  private finish(): void {
    this.left.abort();
    this.player.halt();
    this.done();
  }
}

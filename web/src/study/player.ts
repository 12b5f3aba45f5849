// Plays a pair together or one after the other, counts how often each clip was seen to its end, and shows the words.

import { el, fill } from "../lib/dom";
import { type Pair, type Side, SIDES, type Trial } from "./types";

export class Player {
  readonly element: HTMLElement;
  readonly plays: Record<Side, number> = { left: 0, right: 0 };
  /** Called as soon as both clips were seen, and after each further time. */
  onSeen: () => void = () => {};
  onFault: (error: unknown) => void = () => {};
  private readonly words = el("p", { class: "words", id: "words", data: { testid: "words" } });
  private readonly buttons: Record<string, HTMLButtonElement>;
  private spans: [HTMLElement, number][] = [];
  private turn = 0;

  constructor(private readonly pair: Pair) {
    this.buttons = {
      both: button("play-both", "Play both", "Space", () => this.toggle()),
      turns: button("play-turns", "One after the other", "T", () => this.inTurn()),
      left: button("play-left", "Left only", "Q", () => this.run([["left"]])),
      right: button("play-right", "Right only", "E", () => this.run([["right"]])),
    };
    const controls = el(
      "div", { class: "controls", role: "group", aria: { label: "Play" } }, ...Object.values(this.buttons),
    );
    const names = el("div", { class: "names" }, el("span", {}, "Left"), el("span", {}, "Right"));
    this.element = el(
      "section", { class: "player card", tabindex: -1, aria: { label: "Clips" } }, names, pair.element, this.words,
      controls,
    );
    pair.onTime = (time_s) => this.follow(time_s);
    this.enable(false);
  }

  get seen(): boolean {
    return this.plays.left > 0 && this.plays.right > 0;
  }

  async load(trial: Trial, signal: AbortSignal): Promise<void> {
    this.halt();
    this.plays.left = this.plays.right = 0;
    this.spans = trial.words.map(([word, start_s]) => [el("span", {}, word), start_s]);
    fill(this.words, ...this.spans.flatMap(([span]) => [span, " "]));
    this.words.hidden = this.spans.length === 0;
    this.enable(false);
    await this.pair.load(trial, signal);
    this.enable(true);
  }

  /** Plays both, or stops what plays. */
  toggle(): void {
    if (this.element.dataset["playing"]) this.halt();
    else this.run([SIDES]);
  }

  both(): void {
    this.run([SIDES]);
  }

  inTurn(): void {
    this.run([["left"], ["right"]]);
  }

  only(side: Side): void {
    this.run([[side]]);
  }

  halt(): void {
    this.turn += 1;
    this.pair.stop();
    delete this.element.dataset["playing"];
  }

  private enable(on: boolean): void {
    for (const each of Object.values(this.buttons)) each.disabled = !on;
  }

  private run(parts: readonly (readonly Side[])[]): void {
    if (this.buttons["both"]?.disabled) return;
    this.halt();
    void this.playAll(parts, this.turn).catch((error: unknown) => this.onFault(error));
  }

  private async playAll(parts: readonly (readonly Side[])[], turn: number): Promise<void> {
    for (const sides of parts) {
      this.element.dataset["playing"] = sides.join(" ");
      const whole = await this.pair.play(sides);
      if (!whole || turn !== this.turn) break;
      for (const side of sides) this.plays[side] += 1;
      if (this.seen) this.onSeen();
    }
    if (turn !== this.turn) return;
    delete this.element.dataset["playing"];
    this.follow(-1);
  }

  private follow(time_s: number): void {
    for (const [span, start_s] of this.spans) span.classList.toggle("said", start_s <= time_s);
  }
}

function button(id: string, text: string, key: string, action: () => void): HTMLButtonElement {
  const hint = el("kbd", { aria: { hidden: true } }, key);
  return el(
    "button", { type: "button", class: "button", id, aria: { keyshortcuts: key }, on: { click: action } }, text, " ",
    hint,
  );
}

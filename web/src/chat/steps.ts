// The tokens of an answer as a table: what each step of it says, which codes it has, when it came.

import { el } from "../lib/dom";
import { asTime } from "./latency";
import type { Code } from "./protocol";
import type { CameStep, Turn } from "./turn";

/** Degrees of the colour wheel between neighbouring codes, so that they differ at a glance. */
const GOLDEN_DEG = 137.508;

export class StepsTable {
  private turn: Turn | null = null;
  private body: HTMLTableSectionElement | null = null;
  private lit: HTMLTableRowElement | null = null;

  constructor(private readonly place: HTMLElement) {}

  get isOpen(): boolean {
    return !this.place.hidden;
  }

  set isOpen(open: boolean) {
    this.place.hidden = !open;
    if (open) this.draw();
  }

  /** Whose tokens to show from now on. */
  show(turn: Turn | null): void {
    if (this.turn === turn) return;
    this.turn = turn;
    this.body = null;
    if (this.isOpen) this.draw();
  }

  /** Another step of the turn has come. */
  add(turn: Turn): void {
    if (turn !== this.turn || !this.isOpen) return;
    if (!this.body) return this.draw();
    for (const step of turn.steps.slice(this.body.rows.length)) this.body.append(this.row(step));
  }

  /** Lights the step that is played. */
  light(turn: Turn, position_s: number): void {
    if (turn !== this.turn || !this.isOpen || !this.body) return;
    let at = turn.steps.length - 1;
    while (at >= 0 && turn.steps[at]!.start_s > position_s) at--;
    const row = this.body.rows[at] ?? null;
    if (row === this.lit) return;
    this.lit?.removeAttribute("aria-current");
    row?.setAttribute("aria-current", "step");
    this.lit = row;
    if (row) this.scrollTo(row);
  }

  private draw(): void {
    this.lit = null;
    if (!this.turn || !this.turn.steps.length) {
      this.body = null;
      this.place.replaceChildren(
        el(
          "p", { class: "muted" },
          "The tokens of an answer stand here as they come: its words, and the codes of face and body.",
        ),
      );
      return;
    }
    const parts = partsOf(this.turn.steps[0]!.tokens);
    const heads = ["Step", "Time", "Words", ...parts, "Shows", "Came after"];
    this.body = el("tbody", {}, ...this.turn.steps.map((step) => this.row(step)));
    const head = el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text))));
    const caption = el("caption", { class: "unseen" }, `Tokens of the answer to: ${this.turn.text}`);
    this.place.replaceChildren(
      el(
        "div", { class: "scroll", tabindex: 0, role: "region", aria: { label: "Tokens, step by step" } },
        el("table", {}, caption, head, this.body),
      ),
    );
  }

  private row(step: CameStep): HTMLTableRowElement {
    const parts = partsOf(this.turn!.steps[0]!.tokens);
    return el(
      "tr", {},
      el("th", { scope: "row" }, step.index),
      el("td", {}, `${step.start_s.toFixed(2)} s`),
      el("td", { class: "said" }, step.words.map((word) => word.text).join(" ")),
      ...parts.map(
        (part) => el("td", { class: "codes" }, ...step.tokens.filter(([name]) => partOf(name) === part).map(chip)),
      ),
      el("td", {}, step.directions.join(", ")),
      el("td", { class: "came" }, asTime(step.after_ms)),
    );
  }

  private scrollTo(row: HTMLTableRowElement): void {
    const box = this.place.querySelector(".scroll");
    if (!box || box.matches(":hover, :focus-within")) return; // somebody reads there
    box.scrollTop = row.offsetTop - box.clientHeight / 2;
  }
}

function chip([name, value]: Code): HTMLElement {
  const made = el("span", { class: "code", title: `<${name}_${value}>` }, value);
  made.style.setProperty("--hue", String(Math.round((value * GOLDEN_DEG) % 360)));
  return made;
}

/** FACE, FACE1, FACE2 are levels of one part. */
function partOf(name: string): string {
  return name.replace(/\d+$/, "");
}

function partsOf(tokens: readonly Code[]): string[] {
  return [...new Set(tokens.map(([name]) => partOf(name)))];
}

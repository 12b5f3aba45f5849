// One exchange: what the user said, and the model's answer as it comes.

import { Clip } from "./clip";
import { Stopwatch } from "./latency";
import type { End, Step } from "./protocol";
import type { Word } from "./words";

/** A step with when it came, in milliseconds after enter. */
export interface CameStep extends Step {
  after_ms: number;
}

/** A word or a stage direction, in the order in which they show. */
export type Piece = { kind: "word"; word: Word } | { kind: "direction"; text: string };

export class Turn {
  /** The server's number; null until it has heard. */
  number: number | null = null;
  /** Of the conversation on the server that holds it. */
  chat = "";
  readonly words: Word[] = [];
  readonly pieces: Piece[] = [];
  readonly steps: CameStep[] = [];
  /** The answer, and what the model did while it listened. */
  readonly clip = new Clip();
  readonly listening = new Clip();
  readonly watch: Stopwatch;
  end: End | null = null;
  /** Stopped by the user, refused by the server, or cut off with the connection: nothing more is shown of it. */
  over = false;
  /** How many words have been said; never fewer than before. */
  said = 0;

  constructor(readonly text: string, readonly asked_ms: number) {
    this.watch = new Stopwatch(asked_ms);
  }

  /** Takes in a step; whether it brings the first word. */
  add(step: Step, now_ms: number): void {
    this.steps.push({ ...step, after_ms: now_ms - this.asked_ms });
    for (const text of step.directions) this.pieces.push({ kind: "direction", text });
    for (const word of step.words) {
      this.words.push(word);
      this.pieces.push({ kind: "word", word });
    }
  }

  /** All that shows of it, to be read aloud in one go. */
  get told(): string {
    return this.pieces.map((piece) => (piece.kind === "word" ? piece.word.text : `(${piece.text})`)).join(" ");
  }

  /** Whether anything more comes from the server. */
  get isComing(): boolean {
    return !this.end && !this.over;
  }
}

// The conversation without any page: what is said goes out, what comes in finds its turn.

import { unpack } from "../lib/motion";
import { sentence } from "../lib/api";
import type { Clip } from "./clip";
import { readMessage, type Message, type Sampling, type Step } from "./protocol";
import { Turn } from "./turn";

/** What happens, in order; every call is about the newest turn unless it names one. */
export interface Events {
  asked(turn: Turn): void;
  heard(turn: Turn): void;
  /** The first frames of what the model did while listening, or of its answer, are there. */
  motion(turn: Turn, clip: Clip): void;
  step(turn: Turn, step: Step): void;
  /** The answer is complete or was stopped; once more when the server confirms a stop, from when on it can be saved. */
  ended(turn: Turn): void;
  /** Something went wrong; the turn, if any, will not go on. */
  failed(turn: Turn | null, message: string, code: string): void;
  seen(face: [string, number][]): void;
  cleared(): void;
}

export type Send = (message: object) => boolean;

/** Code of errors that are about a picture of the camera, not about what was said. */
const PICTURE = "picture";
/** If the server does not confirm a stop within this, the next sentence goes out all the same. */
const STOP_MS = 1500;

export class Conversation {
  readonly turns: Turn[] = [];
  /** Which conversation this is on the server. */
  chat = "";
  private waiting: { text: string; sampling: Sampling; turn: Turn } | null = null;
  private stopping = false;
  /** Where motion that comes now belongs. */
  private into: { turn: Turn; clip: Clip } | null = null;

  constructor(
    private readonly send: Send, private readonly events: Events,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get current(): Turn | null {
    return this.turns[this.turns.length - 1] ?? null;
  }

  /** Says something; an answer that is still coming is stopped first. Whether the server can be reached. */
  say(text: string, sampling: Sampling): boolean {
    const before = this.current;
    const turn = new Turn(text, this.now());
    if (before?.isComing) this.stop();
    if (this.stopping) this.waiting = { text, sampling, turn };
    else if (!this.send({ type: "say", text, sampling })) return false;
    this.turns.push(turn);
    this.events.asked(turn);
    if (this.waiting) setTimeout(() => this.waiting?.turn === turn && this.sayWaiting(), STOP_MS);
    return true;
  }

  /** Breaks the answer off. */
  stop(): void {
    const turn = this.current;
    if (!turn?.isComing) return;
    turn.over = true;
    turn.clip.end();
    if (this.waiting) this.waiting = null; // it never went out
    else this.stopping = this.send({ type: "stop" });
    this.events.ended(turn);
  }

  /** Begins anew: the model forgets everything. Whether the server can be reached. */
  reset(): boolean {
    this.stop();
    if (!this.send({ type: "reset" })) return false;
    this.forget();
    return true;
  }

  /** The connection is gone, and with it the model's memory. */
  lost(): void {
    const turn = this.current;
    this.stopping = false;
    this.waiting = null;
    this.into = null;
    if (turn?.isComing) this.fail(turn, "The connection broke off before the answer was complete.", "lost");
  }

  /** Takes in a text frame. */
  hear(data: string): void {
    try {
      const message = readMessage(data);
      if (message) this.take(message);
    } catch (error) {
      this.events.failed(null, `The server sent something that cannot be read: ${sentence(error)}`, "protocol");
    }
  }

  /** Takes in a binary frame: motion. */
  move(data: ArrayBuffer): void {
    const into = this.into;
    if (!into || into.turn.over) return;
    try {
      const before = into.clip.frames;
      into.clip.add(unpack(data));
      if (before === 0 && into.clip.frames > 0) this.events.motion(into.turn, into.clip);
    } catch (error) {
      this.into = null;
      this.events.failed(null, `The avatar cannot perform this: ${sentence(error)}.`, "motion");
    }
  }

  private take(message: Message): void {
    switch (message.type) {
      case "ready":
        this.chat = message.chat;
        return;
      case "seen":
        return this.events.seen(message.face);
      case "error":
        return this.refused(message.message, message.code);
      case "listening":
        return this.listens();
      case "heard":
        return this.heard(message.turn);
      case "step":
        return this.step(message);
      case "end": {
        this.stopping = false;
        const turn = this.byNumber(message.turn);
        if (turn && !turn.end) {
          turn.end = message;
          turn.clip.end();
          turn.watch.end(this.now());
          this.events.ended(turn);
        }
        return this.sayWaiting();
      }
    }
  }

  private heard(number: number): void {
    const sent = this.turns.filter((turn) => turn !== this.waiting?.turn);
    const turn = sent[sent.length - 1];
    if (!turn || turn.number !== null) return;
    turn.number = number;
    turn.chat = this.chat;
    turn.listening.end();
    this.into = { turn, clip: turn.clip };
    if (!turn.over) this.events.heard(turn);
  }

  private listens(): void {
    const turn = this.current;
    this.into = turn && turn.number === null ? { turn, clip: turn.listening } : null;
  }

  private step(step: Step): void {
    const turn = this.byNumber(step.turn);
    if (!turn || turn.over) return;
    turn.add(step, this.now());
    this.events.step(turn, step);
  }

  private refused(message: string, code: string): void {
    if (code === PICTURE) return this.events.failed(null, message, code);
    const turn = this.current;
    const coming = turn?.isComing && turn !== this.waiting?.turn ? turn : null;
    this.stopping = false;
    if (coming) this.fail(coming, message, code);
    else this.events.failed(null, message, code);
    this.sayWaiting();
  }

  private fail(turn: Turn, message: string, code: string): void {
    turn.over = true;
    turn.clip.end();
    this.events.failed(turn, message, code);
  }

  private sayWaiting(): void {
    const waiting = this.waiting;
    if (!waiting) return;
    this.waiting = null;
    this.stopping = false;
    if (!this.send({ type: "say", text: waiting.text, sampling: waiting.sampling })) this.lost();
  }

  private byNumber(number: number): Turn | undefined {
    return this.turns.filter((turn) => turn.number === number && turn.chat === this.chat).pop();
  }

  private forget(): void {
    this.turns.length = 0;
    this.into = null;
    this.waiting = null;
    this.events.cleared();
  }
}

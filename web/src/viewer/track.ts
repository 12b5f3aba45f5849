// One participant's motion: fetched in stretches ahead of what is shown, a bounded number kept, blended between frames.

import type { Chunk } from "../lib/motion";
import { fade, settle } from "./gaps";
import { blendBody } from "./blend";

export const PARTS = ["face", "head", "gaze", "upper_body", "left_hand", "right_hand"] as const;
export const SPEAKING_BIT = 6;

/** What is shown of one moment; arrays are used again by the next one. */
export interface Moment {
  face: Float32Array;
  body: Float32Array;
  gaze: Float32Array;
  /** Bit i says whether part i was seen, bit 6 whether the participant speaks. */
  marks: number;
  confidence: Float32Array;
}

export type Fetch = (first: number, frames: number, signal: AbortSignal) => Promise<Chunk>;

const CHUNK_FRAMES = 250;
const AHEAD = 2;
const KEPT = 16;
const TRIES_AFTER_MS = 3000;

export class Track {
  /** Sentence of what last went wrong, empty when all is well. */
  fault = "";
  onArrival: () => void = () => {};
  private readonly kept = new Map<number, Chunk>();
  private readonly asked = new Map<number, AbortController>();
  private readonly failed_ms = new Map<number, number>();

  constructor(
    private readonly fetch: Fetch,
    readonly nFrames: number,
    readonly fps: number,
  ) {}

  /** Asks for what is shown at `time_s` and soon after, and gives back what lies far off. */
  want(time_s: number): void {
    const here = this.chunkAt(time_s);
    const last = Math.max(0, Math.ceil(this.nFrames / CHUNK_FRAMES) - 1);
    for (let number = here; number <= Math.min(here + AHEAD, last); number++) this.ask(number);
    for (const [number, control] of this.asked) {
      if (number < here - 1 || number > here + AHEAD) control.abort();
    }
    this.forget(here);
  }

  has(time_s: number): boolean {
    return this.kept.has(this.chunkAt(time_s));
  }

  /** Fills `out` with the moment at `time_s`, between frames; false, and nothing done, where it is not here yet. */
  sample(time_s: number, out: Moment): boolean {
    const frame = Math.max(0, Math.min(this.nFrames - 1, time_s * this.fps));
    const [first, share] = [Math.floor(frame), frame - Math.floor(frame)];
    const here = this.row(first);
    if (!here) return false;
    const next = this.row(Math.min(first + 1, this.nFrames - 1)) ?? here;
    const [a, i] = here;
    const [b, j] = next;
    mix(out.face, a.face, i * a.faceWidth, b.face, j * b.faceWidth, share);
    blendBody(out.body, a.body, i * a.bodyWidth, b.body, j * b.bodyWidth, share);
    if (a.gaze && b.gaze) mix(out.gaze, a.gaze, 4 * i, b.gaze, 4 * j, share);
    out.marks = a.marks ? a.marks[i] : (1 << PARTS.length) - 1;
    for (let part = 0; part < PARTS.length; part++)
      out.confidence[part] = a.confidence ? a.confidence[PARTS.length * i + part] / 255 : 1;
    return true;
  }

  /** Lets everything go, as when other motion of the same frames is wanted. */
  clear(): void {
    for (const control of this.asked.values()) control.abort();
    this.kept.clear();
    this.failed_ms.clear();
    this.fault = "";
  }

  get size(): number {
    return this.kept.size;
  }

  private chunkAt(time_s: number): number {
    return Math.floor(Math.max(0, Math.min(this.nFrames - 1, Math.floor(time_s * this.fps))) / CHUNK_FRAMES);
  }

  private row(frame: number): [Chunk, number] | null {
    const chunk = this.kept.get(Math.floor(frame / CHUNK_FRAMES));
    const at = chunk ? frame - chunk.firstFrame : -1;
    return chunk && at >= 0 && at < chunk.frames ? [chunk, at] : null;
  }

  private ask(number: number): void {
    const failed_ms = this.failed_ms.get(number);
    if (this.kept.has(number) || this.asked.has(number) || this.nFrames < 1) return;
    if (failed_ms !== undefined && performance.now() - failed_ms < TRIES_AFTER_MS) return;
    const control = new AbortController();
    this.asked.set(number, control);
    void this.receive(number, control);
  }

  private async receive(number: number, control: AbortController): Promise<void> {
    try {
      const chunk = await this.fetch(number * CHUNK_FRAMES, CHUNK_FRAMES, control.signal);
      if (control.signal.aborted) return;
      fade(settle(chunk));
      this.kept.set(number, chunk);
      this.fault = "";
      this.failed_ms.delete(number);
    } catch (error) {
      if (control.signal.aborted) return;
      this.failed_ms.set(number, performance.now());
      this.fault = error instanceof Error ? error.message : String(error);
    } finally {
      if (this.asked.get(number) === control) this.asked.delete(number);
      if (!control.signal.aborted) this.onArrival();
    }
  }

  private forget(here: number): void {
    while (this.kept.size > KEPT) {
      let furthest = here;
      for (const number of this.kept.keys()) if (Math.abs(number - here) > Math.abs(furthest - here)) furthest = number;
      this.kept.delete(furthest);
    }
  }
}

/** A moment that nothing is known of yet. */
export function emptyMoment(faceWidth: number, bodyWidth: number): Moment {
  return {
    face: new Float32Array(faceWidth),
    body: new Float32Array(bodyWidth),
    gaze: new Float32Array(4),
    marks: 0,
    confidence: new Float32Array(PARTS.length),
  };
}

function mix(out: Float32Array, a: Float32Array, i: number, b: Float32Array, j: number, share: number): void {
  for (let k = 0; k < out.length; k++) out[k] = a[i + k] + share * (b[j + k] - a[i + k]);
}

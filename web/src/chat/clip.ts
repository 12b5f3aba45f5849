// Motion that grows while it plays: chunks go in as they come, a pose comes out for any moment.

import type { Chunk } from "../lib/motion";
import { BODY, FACE, GAZE, ROW, gazeOf, type Pose } from "./pose";

/** Ten minutes: more than any answer has; what a broken server sends beyond is refused. */
const MOST_FRAMES = 15_000;

export class Clip {
  fps = 25;
  /** Frames there are. */
  frames = 0;
  /** No more will come. */
  ended = false;
  private rows = new Float32Array(256 * ROW);

  get duration_s(): number {
    return this.frames / this.fps;
  }

  /**
   * Takes in a chunk. What overlaps is replaced; a hole is bridged in a straight line. Throws on what is no motion of
   * this avatar.
   */
  add(chunk: Chunk): void {
    if (chunk.frames === 0) return;
    check(chunk);
    const end = chunk.firstFrame + chunk.frames;
    this.grow(end);
    const before = Math.min(this.frames, chunk.firstFrame);
    this.fps = chunk.fps;
    for (let i = 0; i < chunk.frames; i++) this.write(chunk, i);
    if (before > 0) this.bridge(before - 1, chunk.firstFrame);
    else this.hold(chunk.firstFrame);
    this.frames = Math.max(this.frames, end);
  }

  end(): void {
    this.ended = true;
  }

  /** Writes the pose at a moment between frames into `pose`; before the first and after the last frame it is held. */
  sample(frame: number, pose: Pose): void {
    if (this.frames === 0) throw new Error("no frame has come yet");
    const at = Math.min(Math.max(frame, 0), this.frames - 1);
    const first = Math.floor(at);
    const share = at - first;
    const a = first * ROW;
    const b = Math.min(first + 1, this.frames - 1) * ROW;
    for (let i = 0; i < ROW; i++) {
      const from = this.rows[a + i]!;
      pose.row[i] = from + share * (this.rows[b + i]! - from);
    }
  }

  private write(chunk: Chunk, i: number): void {
    const at = (chunk.firstFrame + i) * ROW;
    const face = chunk.face.subarray(i * FACE, (i + 1) * FACE);
    this.rows.set(face, at);
    this.rows.set(chunk.body.subarray(i * BODY, (i + 1) * BODY), at + FACE);
    const gaze = this.rows.subarray(at + FACE + BODY, at + ROW);
    if (chunk.gaze) gaze.set(chunk.gaze.subarray(i * GAZE, (i + 1) * GAZE));
    else gazeOf(face, gaze);
  }

  /** Repeats the first frame that there is before itself. */
  private hold(first: number): void {
    for (let hole = 0; hole < first; hole++) this.rows.copyWithin(hole * ROW, first * ROW, (first + 1) * ROW);
  }

  private bridge(last: number, next: number): void {
    for (let hole = last + 1; hole < next; hole++) {
      const share = (hole - last) / (next - last);
      for (let i = 0; i < ROW; i++) {
        const from = this.rows[last * ROW + i]!;
        this.rows[hole * ROW + i] = from + share * (this.rows[next * ROW + i]! - from);
      }
    }
  }

  private grow(frames: number): void {
    if (frames * ROW <= this.rows.length) return;
    const wider = new Float32Array(Math.max(frames * ROW, 2 * this.rows.length));
    wider.set(this.rows);
    this.rows = wider;
  }
}

function check(chunk: Chunk): void {
  if (chunk.faceWidth !== FACE || chunk.bodyWidth !== BODY) {
    throw new Error(
      `motion of ${chunk.faceWidth} + ${chunk.bodyWidth} numbers a frame: the avatar performs ${FACE} + ${BODY} `
      + "(arkit52 + smplx117)",
    );
  }
  if (!(chunk.fps >= 1 && chunk.fps <= 240)) {
    throw new Error(`motion of ${chunk.fps} frames a second, expected 1 to 240`);
  }
  if (chunk.firstFrame + chunk.frames > MOST_FRAMES) throw new Error(`motion of more than ${MOST_FRAMES} frames`);
  for (const values of [chunk.face, chunk.body, chunk.gaze]) {
    if (values && !values.every(Number.isFinite)) throw new Error("motion with numbers that are not finite");
  }
}

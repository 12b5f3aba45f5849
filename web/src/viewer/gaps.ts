// What was not seen is stored as zeros, which for a body is a T-pose. Shown instead: somebody at rest, faded.

import type { Chunk } from "../lib/motion";

const HAND = 45;
const UPPER_BODY = 27;
const FADE_FRAMES = 8;
const [FACE_BIT, GAZE_BIT, UPPER_BIT, LEFT_BIT, RIGHT_BIT] = [0, 2, 3, 4, 5];

/** A row of smplx117 of who sits, arms down and hands in front (as `motion.skeleton.resting_body`). */
export const RESTING_BODY = restingBody();

interface Stretch {
  bit: number;
  rows: "face" | "body" | "gaze";
  from: number;
  to: number;
}

/** Puts rest where parts are not valid; the same chunk. */
export function settle(chunk: Chunk): Chunk {
  const { marks } = chunk;
  if (!marks || chunk.bodyWidth !== RESTING_BODY.length) return chunk;
  for (let t = 0; t < chunk.frames; t++) {
    if (marks[t] & (1 << UPPER_BIT)) continue;
    chunk.body.set(RESTING_BODY.subarray(0, UPPER_BODY), t * chunk.bodyWidth);
  }
  return chunk;
}

/** Lets the frames at the borders of a gap lead from what was seen to rest and back. */
export function fade(chunk: Chunk): void {
  if (!chunk.marks) return;
  for (const stretch of stretches(chunk)) {
    for (const [start, end] of gaps(chunk.marks, stretch.bit)) {
      const most = Math.min(FADE_FRAMES, Math.floor((end - start) / 2));
      for (let k = 0; k < most; k++) {
        const share = smooth((k + 1) / (most + 1));
        if (start > 0) lead(chunk, stretch, start + k, start - 1, share);
        if (end < chunk.frames) lead(chunk, stretch, end - 1 - k, end, share);
      }
    }
  }
}

function stretches(chunk: Chunk): Stretch[] {
  const found: Stretch[] = [{ bit: FACE_BIT, rows: "face", from: 0, to: chunk.faceWidth }];
  if (chunk.gaze) found.push({ bit: GAZE_BIT, rows: "gaze", from: 0, to: 4 });
  if (chunk.bodyWidth === RESTING_BODY.length) {
    found.push(
      { bit: UPPER_BIT, rows: "body", from: 0, to: UPPER_BODY },
      { bit: LEFT_BIT, rows: "body", from: UPPER_BODY, to: UPPER_BODY + HAND },
      { bit: RIGHT_BIT, rows: "body", from: UPPER_BODY + HAND, to: UPPER_BODY + 2 * HAND },
    );
  }
  return found;
}

/** Stretches of frames, half-open, in which a part is not valid. */
export function gaps(marks: Uint8Array, bit: number): [number, number][] {
  const found: [number, number][] = [];
  for (let t = 0; t < marks.length; t++) {
    if (marks[t] & (1 << bit)) continue;
    const start = t;
    while (t < marks.length && !(marks[t] & (1 << bit))) t++;
    found.push([start, t]);
  }
  return found;
}

/** Moves frame `at`, which shows rest, back towards frame `seen`: all of it at share 0, none at 1. */
function lead(chunk: Chunk, { rows, from, to }: Stretch, at: number, seen: number, share: number): void {
  const values = chunk[rows];
  if (!values) return;
  const width = rows === "face" ? chunk.faceWidth : rows === "body" ? chunk.bodyWidth : 4;
  for (let k = from; k < to; k++) {
    const rest = values[at * width + k];
    values[at * width + k] = rest + (1 - share) * (values[seen * width + k] - rest);
  }
}

function smooth(x: number): number {
  return x * x * (3 - 2 * x);
}

function restingBody(): Float32Array {
  const body = new Float32Array(117);
  body[3 * 3 + 2] = -1.2; // left shoulder, about z
  body[3 * 4 + 2] = 1.2;
  body[3 * 5 + 1] = -1.5; // left elbow, about y
  body[3 * 6 + 1] = 1.5;
  return body;
}

// Motion made up for tests: every number of a frame is the same.
import { BODY, FACE } from "../src/chat/pose";
import type { Chunk } from "../src/lib/motion";

export function chunk(firstFrame: number, values: readonly number[], fps = 25): Chunk {
  const face = new Float32Array(values.length * FACE);
  const body = new Float32Array(values.length * BODY);
  values.forEach((value, i) => {
    face.fill(value, i * FACE, (i + 1) * FACE);
    body.fill(value, i * BODY, (i + 1) * BODY);
  });
  return { firstFrame, frames: values.length, fps, faceWidth: FACE, bodyWidth: BODY, face, body, gaze: null, marks: null, confidence: null };
}

// Motion as it comes from the server: chunks of frames (docs/wire_format.md).

export interface Chunk {
  firstFrame: number;
  frames: number;
  fps: number;
  /** Columns of a row of `face` and of `body`. */
  faceWidth: number;
  bodyWidth: number;
  face: Float32Array;
  body: Float32Array;
  /** [frames, 4] left yaw, left pitch, right yaw, right pitch in radians relative to the head. */
  gaze: Float32Array | null;
  /** One byte a frame: bit 0 to 5 face, head, gaze... as the dataset's parts, bit 6 speaking. */
  marks: Uint8Array | null;
  /** [frames, 6] in 1/255. */
  confidence: Uint8Array | null;
}

const HEADER_BYTES = 32;
const MAGIC = 0x4f4d564e; // "NVMO", little-endian
const GAZE = 1;
const MARKS = 2;
const PARTS = 6;

export function unpack(buffer: ArrayBuffer): Chunk {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
    throw new Error("these bytes are no motion");
  const version = view.getUint8(4);
  if (version !== 1) throw new Error(`motion of version ${version}, expected 1: reload the page`);
  const flags = view.getUint8(5);
  const faceWidth = view.getUint16(6, true);
  const bodyWidth = view.getUint16(8, true);
  const frames = view.getUint32(16, true);
  const gazeWidth = flags & GAZE ? 4 : 0;
  const marked = (flags & MARKS) !== 0;
  const expected = HEADER_BYTES + frames * (2 * (faceWidth + bodyWidth + gazeWidth) + (marked ? 1 + PARTS : 0));
  if (buffer.byteLength !== expected) throw new Error(`${buffer.byteLength} bytes of motion, expected ${expected}`);
  let at = HEADER_BYTES;
  const numbers = (width: number, unit: number): Float32Array => {
    const whole = new Int16Array(buffer, at, frames * width);
    at += whole.byteLength;
    return Float32Array.from(whole, (n) => n * unit);
  };
  const face = numbers(faceWidth, view.getFloat32(24, true));
  const body = numbers(bodyWidth, view.getFloat32(28, true));
  const gaze = gazeWidth ? numbers(gazeWidth, Math.PI / 32767) : null;
  const marks = marked ? new Uint8Array(buffer, at, frames) : null;
  const confidence = marked ? new Uint8Array(buffer, at + frames, frames * PARTS) : null;
  return {
    firstFrame: view.getUint32(12, true),
    frames,
    fps: view.getFloat32(20, true),
    faceWidth,
    bodyWidth,
    face,
    body,
    gaze,
    marks,
    confidence,
  };
}

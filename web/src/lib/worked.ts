// A body worked out on the processor: every vertex is moved and lit here, so that the shader only projects it.
// Software graphics look a bone up four times slower than this does, and do so again for every triangle at a vertex.

import {
  BufferAttribute,
  type BufferGeometry,
  DynamicDrawUsage,
  InterleavedBuffer,
  InterleavedBufferAttribute,
  type Vector3,
} from "three";
import type { Morphs } from "./morphs";
import { FLOOR, KEY, KEY_FROM, SKY, WARM } from "./skin";

const BONES_EACH = 4;
/** Place, light in three colours, and shine. */
const STRIDE = 7;

export class Worked {
  private readonly bones: Uint16Array;
  private readonly weights: Float32Array;
  private readonly gloss: Float32Array;
  private readonly shown: InterleavedBuffer;
  /** How many vertices come before those that only the hands use. */
  private readonly nBody: number;

  /** Takes over a geometry whose index is final and whose hands' triangles begin at `hands` of it. */
  constructor(
    geometry: BufferGeometry,
    private readonly morphs: Morphs,
    hands: number,
  ) {
    const index = (geometry.index as BufferAttribute).array;
    const { kept, renamed, nBody } = inOrderOfUse(index, geometry.getAttribute("position").count, hands);
    this.nBody = nBody;
    morphs.keep(kept);
    const of = (name: string, size: number): number[] => {
      const given = geometry.getAttribute(name);
      return Array.from(kept).flatMap((v) => Array.from({ length: size }, (_, k) => given.getComponent(v, k)));
    };
    this.bones = Uint16Array.from(of("skinIndex", BONES_EACH), (bone) => 12 * bone);
    this.weights = Float32Array.from(of("skinWeight", BONES_EACH));
    this.gloss = Float32Array.from(of("gloss", 1));
    const uv = new BufferAttribute(Float32Array.from(of("uv", 2)), 2);
    for (const name of Object.keys(geometry.attributes)) geometry.deleteAttribute(name);
    this.shown = new InterleavedBuffer(new Float32Array(STRIDE * kept.length), STRIDE).setUsage(DynamicDrawUsage);
    geometry.setAttribute("position", new InterleavedBufferAttribute(this.shown, 3, 0));
    geometry.setAttribute("shade", new InterleavedBufferAttribute(this.shown, 4, 3));
    geometry.setAttribute("uv", uv);
    geometry.setIndex(new BufferAttribute(renamed, 1));
  }

  /**
   * Works all vertices out: `rows` are the bones' matrices as three rows each, `eye` is where the camera stands,
   * `strength` how much of the light is kept. The same light as in the shader of `Skin`.
   */
  update(rows: Float32Array, eye: Vector3, strength: number, withHands: boolean): void {
    const { bones, weights, gloss } = this;
    const { places, normals } = this.morphs;
    const out = this.shown.array as Float32Array;
    const count = withHands ? gloss.length : this.nBody;
    const [keyX, keyY, keyZ] = KEY_FROM;
    for (let v = 0; v < count; v++) {
      let a = 0,
        b = 0,
        c = 0,
        d = 0,
        e = 0,
        f = 0,
        g = 0,
        h = 0,
        i = 0,
        j = 0,
        k = 0,
        l = 0;
      for (let n = BONES_EACH * v; n < BONES_EACH * v + BONES_EACH; n++) {
        const weight = weights[n];
        if (weight === 0) continue;
        const at = bones[n];
        a += weight * rows[at];
        b += weight * rows[at + 1];
        c += weight * rows[at + 2];
        d += weight * rows[at + 3];
        e += weight * rows[at + 4];
        f += weight * rows[at + 5];
        g += weight * rows[at + 6];
        h += weight * rows[at + 7];
        i += weight * rows[at + 8];
        j += weight * rows[at + 9];
        k += weight * rows[at + 10];
        l += weight * rows[at + 11];
      }
      const px = places[3 * v],
        py = places[3 * v + 1],
        pz = places[3 * v + 2];
      const x = a * px + b * py + c * pz + d;
      const y = e * px + f * py + g * pz + h;
      const z = i * px + j * py + k * pz + l;
      const mx = normals[3 * v],
        my = normals[3 * v + 1],
        mz = normals[3 * v + 2];
      let nx = a * mx + b * my + c * mz;
      let ny = e * mx + f * my + g * mz;
      let nz = i * mx + j * my + k * mz;
      const shrink = 1 / Math.sqrt(nx * nx + ny * ny + nz * nz || 1);
      nx *= shrink;
      ny *= shrink;
      nz *= shrink;
      let ex = eye.x - x,
        ey = eye.y - y,
        ez = eye.z - z;
      const near = 1 / Math.sqrt(ex * ex + ey * ey + ez * ez || 1);
      ex *= near;
      ey *= near;
      ez *= near;
      const facing = nx * keyX + ny * keyY + nz * keyZ;
      const lit = Math.max(0, (facing + 0.35) / 1.35);
      const edge = Math.max(0, 1 - Math.abs(facing + 0.05) * 3);
      const up = 0.5 + 0.5 * ny;
      const grazing = 1 - Math.max(0, nx * ex + ny * ey + nz * ez);
      const rim = grazing * grazing * grazing * (0.3 + 0.7 * up);
      const sx = keyX + ex,
        sy = keyY + ey,
        sz = keyZ + ez;
      const shine = Math.max(0, (nx * sx + ny * sy + nz * sz) / Math.sqrt(sx * sx + sy * sy + sz * sz || 1));
      const s2 = shine * shine;
      const s8 = s2 * s2 * s2 * s2;
      const at = STRIDE * v;
      out[at] = x;
      out[at + 1] = y;
      out[at + 2] = z;
      for (let colour = 0; colour < 3; colour++) {
        const around = FLOOR[colour] + (SKY[colour] - FLOOR[colour]) * up;
        out[at + 3 + colour] =
          strength * Math.sqrt(KEY[colour] * lit * lit + around + WARM[colour] * edge + rim * 0.45);
      }
      out[at + 6] = strength * (s8 * lit * 0.035 + rim * 0.045 + gloss[v] * s8 ** 8 * 0.75);
    }
    this.shown.clearUpdateRanges();
    if (!withHands) this.shown.addUpdateRange(0, STRIDE * count);
    this.shown.needsUpdate = true;
  }
}

/** The vertices in the order in which triangles use them, without unused ones, and the index in their new names. */
function inOrderOfUse(
  index: ArrayLike<number>,
  count: number,
  hands: number,
): { kept: Uint32Array; renamed: Uint16Array; nBody: number } {
  const names = new Int32Array(count).fill(-1);
  const kept: number[] = [];
  let nBody = 0;
  const renamed = Uint16Array.from(index, (vertex, i) => {
    if (i === hands) nBody = kept.length;
    if (names[vertex] < 0) names[vertex] = kept.push(vertex) - 1;
    return names[vertex];
  });
  return { kept: Uint32Array.from(kept), renamed, nBody: hands < index.length ? nBody : kept.length };
}

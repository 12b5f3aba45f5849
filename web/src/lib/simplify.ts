// Fewer triangles over the same vertices, for drawing without a graphics card, where each triangle costs a microsecond.

/** What a plane's distance costs: the upper half of a symmetric 4 x 4 matrix, for each vertex. */
const TERMS = 10;
const PASSES = 12;
const LEAST_COSINE = 0.3;

interface Mesh {
  position: ArrayLike<number>;
  /** How much more a vertex counts than its shape says, one or more. */
  worth: ArrayLike<number>;
}

/**
 * Triangles that keep the shape with at most about `target` of them: vertices are drawn into neighbours, those first
 * whose planes suffer least. Vertices at open borders and seams of the texture stay, so no gap opens.
 *
 * Source: Garland and Heckbert 1997, "Surface simplification using quadric error metrics", sections 3 and 4.
 * Differs: a vertex may only move onto a neighbour, so that weights of bones and facial actions stay as they are; and
 * each pass takes the cheapest moves that do not touch each other, in place of a heap.
 */
export function simplified(index: ArrayLike<number>, mesh: Mesh, target: number): Uint32Array {
  let triangles = Uint32Array.from(index);
  const costs = quadrics(triangles, mesh.position);
  const fixed = borders(triangles, mesh.position.length / 3);
  for (let pass = 0; pass < PASSES && triangles.length > 3 * target; pass++) {
    const wanted = Math.ceil((triangles.length / 3 - target) / 2);
    const next = collapse(triangles, mesh, costs, fixed, wanted);
    if (next.length === triangles.length) break;
    triangles = next;
  }
  return triangles;
}

/** One pass: at most `wanted` vertices are drawn into neighbours. */
function collapse(
  triangles: Uint32Array,
  mesh: Mesh,
  costs: Float64Array,
  fixed: Uint8Array,
  wanted: number,
): Uint32Array<ArrayBuffer> {
  const count = fixed.length;
  const { starts, list } = fans(triangles, count);
  const moves: [cost: number, from: number, to: number][] = [];
  for (let v = 0; v < count; v++) {
    if (fixed[v] || starts[v] === starts[v + 1]) continue;
    let [to, least] = [-1, Infinity];
    for (let k = starts[v]; k < starts[v + 1]; k++) {
      for (let c = 0; c < 3; c++) {
        const other = triangles[3 * list[k] + c];
        if (other === v) continue;
        const cost =
          (error(costs, v, mesh.position, other) + error(costs, other, mesh.position, other)) * mesh.worth[v];
        if (cost < least) [to, least] = [other, cost];
      }
    }
    if (to >= 0) moves.push([least, v, to]);
  }
  moves.sort((a, b) => a[0] - b[0]);
  const into = Uint32Array.from({ length: count }, (_, v) => v);
  const touched = new Uint8Array(count);
  let done = 0;
  for (const [, from, to] of moves) {
    if (done >= wanted) break;
    if (touched[from] || touched[to] || flips(triangles, starts, list, mesh.position, from, to)) continue;
    into[from] = to;
    for (let t = 0; t < TERMS; t++) costs[TERMS * to + t] += costs[TERMS * from + t];
    for (let k = starts[from]; k < starts[from + 1]; k++)
      for (let c = 0; c < 3; c++) touched[triangles[3 * list[k] + c]] = 1;
    done++;
  }
  const kept: number[] = [];
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [into[triangles[i]], into[triangles[i + 1]], into[triangles[i + 2]]];
    if (a !== b && b !== c && c !== a) kept.push(a, b, c);
  }
  return Uint32Array.from(kept);
}

/** Whether a triangle around `from` would turn over, or fold sharply, if the vertex went to `to`. */
function flips(
  triangles: Uint32Array,
  starts: Int32Array,
  list: Int32Array,
  p: ArrayLike<number>,
  from: number,
  to: number,
): boolean {
  for (let k = starts[from]; k < starts[from + 1]; k++) {
    const corners = [0, 1, 2].map((c) => triangles[3 * list[k] + c]);
    if (corners.includes(to)) continue;
    const before = normal(p, corners);
    const after = normal(
      p,
      corners.map((v) => (v === from ? to : v)),
    );
    const lengths = Math.hypot(...before) * Math.hypot(...after);
    if (before[0] * after[0] + before[1] * after[1] + before[2] * after[2] < LEAST_COSINE * lengths || lengths === 0)
      return true;
  }
  return false;
}

/** Vertices of edges that belong to one triangle, or to more than two. */
function borders(triangles: Uint32Array, count: number): Uint8Array {
  const uses = new Map<number, number>();
  const key = (a: number, b: number): number => Math.min(a, b) * count + Math.max(a, b);
  const edges = (i: number): [number, number][] =>
    [0, 1, 2].map((c) => [triangles[i + c], triangles[i + ((c + 1) % 3)]]);
  for (let i = 0; i < triangles.length; i += 3)
    for (const [a, b] of edges(i)) uses.set(key(a, b), (uses.get(key(a, b)) ?? 0) + 1);
  const fixed = new Uint8Array(count);
  for (let i = 0; i < triangles.length; i += 3)
    for (const [a, b] of edges(i)) if (uses.get(key(a, b)) !== 2) fixed[a] = fixed[b] = 1;
  return fixed;
}

function quadrics(triangles: Uint32Array, p: ArrayLike<number>): Float64Array {
  const sums = new Float64Array((TERMS * p.length) / 3);
  for (let i = 0; i < triangles.length; i += 3) {
    const corners = [triangles[i], triangles[i + 1], triangles[i + 2]];
    const n = normal(p, corners);
    const area = Math.hypot(...n) || 1e-12;
    const [x, y, z] = n.map((value) => value / area);
    const d = -(x * p[3 * corners[0]] + y * p[3 * corners[0] + 1] + z * p[3 * corners[0] + 2]);
    const terms = [x * x, x * y, x * z, x * d, y * y, y * z, y * d, z * z, z * d, d * d];
    for (const v of corners) terms.forEach((term, t) => (sums[TERMS * v + t] += area * term));
  }
  return sums;
}

/** What the planes of vertex `v` cost at the place of vertex `at`. */
function error(q: Float64Array, v: number, p: ArrayLike<number>, at: number): number {
  const i = TERMS * v;
  const [x, y, z] = [p[3 * at], p[3 * at + 1], p[3 * at + 2]];
  return (
    q[i] * x * x +
    q[i + 4] * y * y +
    q[i + 7] * z * z +
    q[i + 9] +
    2 * (q[i + 1] * x * y + q[i + 2] * x * z + q[i + 5] * y * z + q[i + 3] * x + q[i + 6] * y + q[i + 8] * z)
  );
}

/** A triangle's normal, as long as twice its area. */
function normal(p: ArrayLike<number>, [a, b, c]: number[]): [number, number, number] {
  const [ux, uy, uz] = [p[3 * b] - p[3 * a], p[3 * b + 1] - p[3 * a + 1], p[3 * b + 2] - p[3 * a + 2]];
  const [vx, vy, vz] = [p[3 * c] - p[3 * a], p[3 * c + 1] - p[3 * a + 1], p[3 * c + 2] - p[3 * a + 2]];
  return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
}

/** The triangles around each vertex: those of vertex v are `list[starts[v]]` to `list[starts[v + 1]]`. */
function fans(triangles: Uint32Array, count: number): { starts: Int32Array; list: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (const v of triangles) starts[v + 1]++;
  for (let v = 0; v < count; v++) starts[v + 1] += starts[v];
  const next = starts.slice();
  const list = new Int32Array(triangles.length);
  triangles.forEach((v, i) => (list[next[v]++] = Math.floor(i / 3)));
  return { starts, list };
}

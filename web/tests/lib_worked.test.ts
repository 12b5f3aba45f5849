// Vertices that the processor works out: moved as bones say, in the order in which triangles use them.
import { BufferAttribute, BufferGeometry, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import { Morphs } from "../src/lib/morphs";
import { Worked } from "../src/lib/worked";

const EYE = new Vector3(0, 0, 5);

/** Five vertices, the first of which nothing uses; a triangle of the body and one that shares an edge with it, a hand's. */
function body(): { geometry: BufferGeometry; morphs: Morphs } {
  const geometry = new BufferGeometry();
  const set = (name: string, size: number, values: number[]): void => {
    geometry.setAttribute(name, new BufferAttribute(Float32Array.from(values), size));
  };
  set("position", 3, [9, 9, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0]);
  set("normal", 3, [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
  set("uv", 2, [0, 0, 0.1, 0, 0.2, 0, 0.3, 0, 0.4, 0]);
  set("skinIndex", 4, Array.from({ length: 5 }, () => [0, 1, 0, 0]).flat());
  set("skinWeight", 4, [1, 0, 0, 0, 1, 0, 0, 0, 0.5, 0.5, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0]);
  set("gloss", 1, [0, 0, 0, 0, 0]);
  geometry.setIndex([3, 1, 2, 3, 2, 4]);
  const shift = new Float32Array(15);
  shift[3 * 3 + 1] = 0.5; // an action lifts vertex 3
  geometry.morphAttributes = { position: [new BufferAttribute(shift, 3)] };
  return { geometry, morphs: new Morphs(geometry, [0]) };
}

/** Bone 0 stands, bone 1 is carried two metres along z. */
const ROWS = Float32Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2]);

function place(geometry: BufferGeometry, vertex: number): number[] {
  const places = geometry.getAttribute("position");
  return [places.getX(vertex), places.getY(vertex), places.getZ(vertex)];
}

describe("worked", () => {
  it("keeps what triangles use, in the order of their use", () => {
    const { geometry, morphs } = body();
    new Worked(geometry, morphs, 3);
    expect([...geometry.index!.array]).toEqual([0, 1, 2, 0, 2, 3]);
    expect(geometry.getAttribute("position").count).toBe(4);
    expect([0, 1, 2, 3].map((v) => geometry.getAttribute("uv").getX(v).toFixed(1))).toEqual(["0.3", "0.1", "0.2", "0.4"]);
  });

  it("moves vertices by actions, then by the share of their bones", () => {
    const { geometry, morphs } = body();
    const worked = new Worked(geometry, morphs, 3);
    morphs.apply([0.5]);
    worked.update(ROWS, EYE, 1, true);
    expect([0, 1, 2, 3].map((v) => place(geometry, v))).toEqual([[0, 1.25, 0], [0, 0, 0], [1, 0, 1], [1, 1, 2]]);
  });

  it("leaves vertices alone that only the hands use while these are not seen", () => {
    const { geometry, morphs } = body();
    const worked = new Worked(geometry, morphs, 3);
    worked.update(ROWS, EYE, 1, false);
    expect(place(geometry, 2)).toEqual([1, 0, 1]);
    expect(place(geometry, 3)).toEqual([0, 0, 0]);
  });

  it("lights as the shader does", () => {
    const { geometry, morphs } = body();
    const worked = new Worked(geometry, morphs, 3);
    worked.update(ROWS, EYE, 0.5, true);
    const shade = geometry.getAttribute("shade");
    // vertex 1 lies at the origin and looks at the camera: no rim; worked out by hand
    const facing = 0.72 / Math.hypot(0.42, 0.55, 0.72);
    const lit = (facing + 0.35) / 1.35;
    expect(shade.getX(1)).toBeCloseTo(0.5 * Math.sqrt(1.02 * lit * lit + (0.21 + 0.4) / 2), 5);
    const shine = (facing + 1) / Math.sqrt(2 + 2 * facing);
    expect(shade.getW(1)).toBeCloseTo(0.5 * 0.035 * lit * shine ** 8, 5);
  });
});

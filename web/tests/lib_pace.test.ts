// How many pixels are drawn, told by how fast pictures come.
import { describe, expect, it } from "vitest";
import { Pace } from "../src/lib/pace";

/** Draws so many frames with an interval that may depend on the pixel ratio; gives the time after them. */
function draw(pace: Pace, frames: number, interval: (ratio: number, frame: number) => number, from_ms = 0): number {
  let now_ms = from_ms;
  for (let i = 0; i < frames; i++) pace.drawn((now_ms += interval(pace.pixelRatio(1), i)));
  return now_ms;
}

describe("pace", () => {
  it("keeps all pixels while pictures come fast enough", () => {
    const pace = new Pace(true);
    draw(pace, 500, () => 1000 / 60);
    expect(pace.pixelRatio(1)).toBe(1);
    expect(pace.fps).toBeCloseTo(60);
  });

  it("takes pixels away until pictures come fast enough, and no more", () => {
    const pace = new Pace(true);
    draw(pace, 140, (ratio) => 10 + 12 * ratio); // fast enough from ratio 0.83 down
    expect(pace.pixelRatio(1)).toBe(0.7);
  });

  it("does not mind single late pictures", () => {
    const pace = new Pace(true);
    draw(pace, 300, (_, i) => (i % 12 === 0 ? 150 : 16));
    expect(pace.pixelRatio(1)).toBe(1);
  });

  it("gives pixels back when it was only busy for a while, ever more seldom where that fails", () => {
    const pace = new Pace(true);
    let now_ms = draw(pace, 60, () => 40);
    expect(pace.pixelRatio(1)).toBeLessThan(1);
    now_ms = draw(pace, 1000, () => 16.7, now_ms);
    expect(pace.pixelRatio(1)).toBe(1);
    const tries: number[] = [];
    let before = pace.pixelRatio(1);
    for (let frame = 0; frame < 3000; frame++) {
      now_ms = draw(pace, 1, (ratio) => (ratio > 0.9 ? 30 : 16.7), now_ms);
      if (pace.pixelRatio(1) > before) tries.push(frame);
      before = pace.pixelRatio(1);
    }
    expect(tries.length).toBeGreaterThan(1);
    expect(tries.length).toBeLessThan(6);
    expect(tries.at(-1)! - tries.at(-2)!).toBeGreaterThan(1.5 * (tries[1]! - tries[0]!) - 1);
  });

  it("keeps to a ratio that is asked for", () => {
    const pace = new Pace(true);
    pace.fixed = 1;
    draw(pace, 300, () => 100);
    expect(pace.pixelRatio(1)).toBe(1);
  });
});

// The player's clock, the growing clip and the way from one motion to another.
import { describe, expect, it } from "vitest";
import { Clip } from "../src/chat/clip";
import { START, advance, isOver, type Clock } from "../src/chat/clock";
import { addFade, fadeFrom } from "../src/chat/inertia";
import { FACE, gazeOf, newPose } from "../src/chat/pose";
import { chunk } from "./chat_chunks";

const supply = (frames: number, ended = false) => ({ frames, fps: 25, ended });

describe("clock", () => {
  it("runs in real time while there is enough in hand", () => {
    expect(advance(START, 0.1, supply(100))).toEqual({ frame: 2.5, rate: 1 });
  });

  it("slows down before it runs dry, never passes the last frame and never goes back", () => {
    let clock: Clock = START;
    const steps: number[] = [];
    for (let i = 0; i < 200; i++) {
      const next = advance(clock, 1 / 60, supply(8));
      steps.push(next.frame - clock.frame);
      clock = next;
    }
    expect(clock.frame).toBeLessThanOrEqual(7);
    expect(clock.frame).toBeGreaterThan(6.9);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    expect(steps[0]).toBeCloseTo(25 / 60);
    const changes = steps.slice(1).map((step, i) => Math.abs(step - steps[i]!));
    expect(Math.max(...changes)).toBeLessThan(0.12 * (25 / 60)); // no sudden stop
  });

  it("speeds up gently when data is there again, and does not catch up in a jump", () => {
    const stalled: Clock = { frame: 7, rate: 0 };
    const first = advance(stalled, 1 / 60, supply(80));
    expect(first.rate).toBeCloseTo(1 / 12);
    let clock = first;
    for (let i = 0; i < 60; i++) clock = advance(clock, 1 / 60, supply(80));
    expect(clock.rate).toBe(1);
    expect(clock.frame).toBeLessThan(7 + 25 * 61 / 60);
  });

  it("plays to the end of what is over, at full speed, and then is over", () => {
    let clock: Clock = START;
    let seconds = 0;
    while (!isOver(clock, supply(50, true)) && seconds < 9) {
      clock = advance(clock, 0.02, supply(50, true));
      seconds += 0.02;
    }
    expect(seconds).toBeCloseTo(2, 1);
    expect(isOver({ frame: 50, rate: 1 }, supply(50))).toBe(false);
  });

  it("loses no more than a moment while the page is in the background", () => {
    expect(advance(START, 3600, supply(1000)).frame).toBeCloseTo(0.25 * 25);
    expect(advance({ frame: 3, rate: 1 }, -5, supply(1000)).frame).toBe(3);
  });

  it("stays where it is when a supply is shorter than before", () => {
    expect(advance({ frame: 30, rate: 1 }, 0.1, supply(8)).frame).toBe(30);
  });
});

describe("clip", () => {
  it("gives poses between frames", () => {
    const clip = new Clip();
    clip.add(chunk(0, [0, 0.5]));
    clip.add(chunk(2, [1]));
    const pose = newPose();
    clip.sample(0.5, pose);
    expect(pose.face[7]).toBeCloseTo(0.25);
    clip.sample(1.5, pose);
    expect(pose.body[116]).toBeCloseTo(0.75);
    clip.sample(99, pose);
    expect(pose.body[0]).toBe(1);
    expect(clip.duration_s).toBeCloseTo(0.12);
  });

  it("bridges holes, replaces what overlaps, grows beyond its first size", () => {
    const clip = new Clip();
    clip.add(chunk(0, [0]));
    clip.add(chunk(4, [1]));
    const pose = newPose();
    clip.sample(2, pose);
    expect(pose.face[0]).toBeCloseTo(0.5);
    clip.add(chunk(2, [0.9]));
    clip.sample(2, pose);
    expect(pose.face[0]).toBeCloseTo(0.9);
    clip.add(chunk(5, new Array<number>(900).fill(0.25)));
    clip.sample(904, pose);
    expect([pose.face[51], clip.frames]).toEqual([0.25, 905]);
  });

  it("holds the first frame where the beginning is missing", () => {
    const clip = new Clip();
    clip.add(chunk(3, [0.5]));
    const pose = newPose();
    clip.sample(0, pose);
    expect(pose.face[0]).toBe(0.5);
  });

  it("refuses what the avatar cannot perform", () => {
    const clip = new Clip();
    expect(() => clip.add({ ...chunk(0, [0]), faceWidth: 53 })).toThrow("53 + 117 numbers");
    expect(() => clip.add(chunk(0, [0], Number.NaN))).toThrow("frames a second");
    expect(() => clip.add(chunk(0, [0, Number.NaN]))).toThrow("not finite");
    expect(() => clip.add(chunk(4_000_000_000, [0]))).toThrow("more than 15000");
    expect(() => clip.sample(0, newPose())).toThrow("no frame");
    clip.add(chunk(0, []));
    expect(clip.frames).toBe(0);
  });

  it("reads the gaze from the face where none is sent", () => {
    const gaze = new Float32Array(4);
    const face = new Float32Array(FACE);
    face[14] = 1; // eyeLookOutLeft: to the person's left, positive yaw
    face[13] = 1; // eyeLookInRight: the right eye to the left, too
    face[11] = 1; // eyeLookDownRight
    gazeOf(face, gaze);
    [0.42, 0, 0.42, -0.45].forEach((angle, i) => expect(gaze[i]).toBeCloseTo(angle));
  });
});

describe("fade", () => {
  const row = (value: number) => Float32Array.of(value);

  it("begins where the motion before was, at its speed, and ends where the new one is", () => {
    const fade = fadeFrom(row(1), row(1.02), 0.01, row(0), 10);
    const at = (s: number) => {
      const shown = row(0);
      addFade(shown, fade, s);
      return shown[0]!;
    };
    expect(at(0)).toBeCloseTo(1);
    expect((at(0.001) - at(0)) / 0.001).toBeCloseTo(-2, 1);
    expect(at(0.5)).toBeLessThan(0.05);
    expect(addFade(row(0), fade, 2)).toBe(false);
  });

  it("never swings beyond either motion", () => {
    for (const speed of [-80, -3, 0, 3, 80]) {
      const fade = fadeFrom(row(1), row(1 - 0.02 * speed), 0.02, row(0), 10);
      for (let s = 0; s < 1; s += 0.01) {
        const shown = row(0);
        addFade(shown, fade, s);
        expect(shown[0]).toBeGreaterThanOrEqual(-1e-6);
        expect(shown[0]).toBeLessThanOrEqual(1 + 1e-6);
      }
    }
  });
});

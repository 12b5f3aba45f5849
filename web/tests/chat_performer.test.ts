// The avatar between answers and within them: it never freezes, never jumps, never shows what is not finite.
import { describe, expect, it } from "vitest";
import { Clip } from "../src/chat/clip";
import { blink, breathing, chance, live, wandering } from "../src/chat/life";
import { Performer } from "../src/chat/performer";
import { BODY, EYE_BLINK, FACE, ROW, newPose, restPose } from "../src/chat/pose";
import { chunk } from "./chat_chunks";

const FRAME_S = 1 / 60;

/** The rows of a performer over some seconds; `act` may do things at any frame. */
function filmed(performer: Performer, seconds: number, act: (time_s: number) => void = () => undefined, from_s = 0): Float32Array[] {
  const rows: Float32Array[] = [];
  for (let i = 0; i * FRAME_S < seconds; i++) {
    act(i * FRAME_S);
    performer.advance(from_s + i * FRAME_S);
    rows.push(performer.pose.row.slice());
  }
  return rows;
}

const largestStep = (rows: Float32Array[], columns: (i: number) => boolean = () => true): number =>
  Math.max(...rows.slice(1).map((row, n) => Math.max(...row.map((value, i) => (columns(i) ? Math.abs(value - rows[n]![i]!) : 0)))));

const isLid = (i: number): boolean => (EYE_BLINK as readonly number[]).includes(i);
const isBody = (i: number): boolean => i >= FACE && i < FACE + BODY;

describe("life", () => {
  it("is the same at the same time, and another at another", () => {
    const [a, b, c] = [restPose(), restPose(), restPose()];
    live(a, 12.34, 1);
    live(b, 12.34, 1);
    live(c, 13.34, 1);
    expect(a.row).toEqual(b.row);
    expect(a.row).not.toEqual(c.row);
  });

  it("blinks 10 to 30 times a minute, fully, and never longer than half a second", () => {
    let [count, closed, longest] = [0, 0, 0];
    for (let i = 0; i < 60 * 100; i++) {
      const now = blink(i / 100) > 0.5;
      if (now && closed === 0) count++;
      closed = now ? closed + 1 : 0;
      longest = Math.max(longest, closed);
    }
    expect(count).toBeGreaterThanOrEqual(10);
    expect(count).toBeLessThanOrEqual(30);
    expect(longest).toBeLessThan(50);
  });

  it("breathes evenly and lets the eyes wander within a narrow range", () => {
    const breaths = Array.from({ length: 400 }, (_, i) => breathing(i * 0.0975));
    expect(Math.max(...breaths)).toBeCloseTo(1, 2);
    expect(Math.abs(breaths.reduce((a, b) => a + b) / 400)).toBeLessThan(0.1);
    for (let s = 0; s < 60; s += 0.1) expect(Math.hypot(...wandering(s))).toBeLessThan(0.2);
    const chances = Array.from({ length: 1000 }, (_, i) => chance(i, 3));
    expect(chances.reduce((a, b) => a + b) / 1000).toBeCloseTo(0.5, 1);
  });

  it("does nothing at no share, and sways nobody who is calm", () => {
    const pose = newPose();
    live(pose, 5, 0);
    expect(pose.row.every((value) => value === 0)).toBe(true);
    live(pose, 5, 1, true);
    expect(pose.body.subarray(6, 9).every((value) => value === 0)).toBe(true);
    expect(pose.gaze.every((value) => value === 0)).toBe(true);
  });
});

describe("performer", () => {
  it("lives at rest: something moves in every half second, nothing jumps", () => {
    const rows = filmed(new Performer(), 20);
    expect(largestStep(rows, isBody)).toBeLessThan(0.01);
    expect(largestStep(rows, (i) => !isLid(i))).toBeLessThan(0.09); // eyes are quick
    for (let start = 0; start + 30 < rows.length; start += 30) {
      const moved = Math.max(...rows[start]!.map((value, i) => Math.abs(value - rows[start + 29]![i]!)));
      expect(moved).toBeGreaterThan(1e-3);
    }
  });

  it("goes into an answer and back without a jump, and plays it exactly in between", () => {
    const performer = new Performer();
    const clip = new Clip();
    clip.add(chunk(0, Array.from({ length: 100 }, () => 0.8)));
    clip.end();
    const rows = filmed(performer, 12, (s) => s === 1 && performer.play(clip));
    expect(largestStep(rows, (i) => !isLid(i))).toBeLessThan(0.2);
    expect(rows[Math.round(4.9 / FRAME_S)]![20]).toBeCloseTo(0.8, 3);
    expect(performer.playing).toBeNull();
    const rest = restPose().row;
    rows[rows.length - 1]!.forEach((value, i) => !isLid(i) && expect(Math.abs(value - rest[i]!)).toBeLessThan(0.2));
  });

  it("tells once that a motion has ended", () => {
    const performer = new Performer();
    const clip = new Clip();
    clip.add(chunk(0, [0.5, 0.5, 0.5]));
    clip.end();
    performer.play(clip);
    const told = Array.from({ length: 60 }, (_, i) => performer.advance(i * FRAME_S));
    expect(told.filter(Boolean)).toHaveLength(1);
  });

  it("breathes on while data is late, counts what it cost, and goes on where it was", () => {
    const performer = new Performer();
    const clip = new Clip();
    clip.add(chunk(0, new Array<number>(8).fill(0.3)));
    performer.advance(0);
    performer.play(clip);
    const rows = filmed(performer, 4, undefined, FRAME_S);
    expect(performer.playing!.late_s).toBeGreaterThan(3);
    expect(performer.position_s).toBeLessThanOrEqual(7 / 25);
    const late = rows.slice(120);
    expect(largestStep(late, isBody)).toBeLessThan(0.01);
    expect(late[0]).not.toEqual(late[60]);
    clip.add(chunk(8, new Array<number>(50).fill(0.3)));
    const before = performer.position_s;
    filmed(performer, 0.5, undefined, 4 + 2 * FRAME_S);
    expect(performer.position_s).toBeGreaterThan(before + 0.3);
    expect(performer.position_s).toBeLessThan(before + 0.5);
  });

  it("goes over to another motion in the midst of one, and to rest when stopped", () => {
    const performer = new Performer();
    const [one, two] = [new Clip(), new Clip()];
    one.add(chunk(0, new Array<number>(100).fill(0)));
    two.add(chunk(0, new Array<number>(100).fill(1)));
    const rows = filmed(performer, 4, (s) => {
      if (s === 0) performer.play(one);
      if (s === 1) performer.play(two);
      if (s === 2) performer.rest();
    });
    expect(largestStep(rows, (i) => !isLid(i))).toBeLessThan(0.2);
    expect(performer.playing).toBeNull();
    rows.forEach((row) => expect(row.length === ROW && row.every(Number.isFinite)).toBe(true));
    rows.forEach((row) => expect(row.subarray(0, 52).every((value) => value >= 0 && value <= 1)).toBe(true));
  });
});

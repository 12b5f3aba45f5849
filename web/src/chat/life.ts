// What a living person does without meaning it: breathes, blinks, sways a little, lets the eyes wander.

import { EYE_BLINK, FACE, BODY, JOINT, type Pose } from "./pose";

const BREATH_S = 3.9;
const BREATH_RAD = 0.014;
const BLINK_SLOT_S = 3.6;
const BLINK_CLOSE_S = 0.09;
const BLINK_OPEN_S = 0.17;
const LOOK_SLOT_S = 2.3;
const SACCADE_S = 0.07;
const TAU = 2 * Math.PI;

/** How the head sways: axis, radians, seconds of its two waves, which never meet. */
const SWAY = [
  { axis: 0, size_rad: 0.016, periods_s: [7.3, 11.9] },
  { axis: 1, size_rad: 0.03, periods_s: [9.7, 5.3] },
  { axis: 2, size_rad: 0.014, periods_s: [13.1, 6.1] },
] as const;

/**
 * Adds to `pose` what a living person does at `time_s`, `share` (0 to 1) of it. The same time gives the same pose.
 *
 * `calm`: no swaying and no wandering of the eyes, for people whom motion makes ill.
 */
export function live(pose: Pose, time_s: number, share: number, calm = false): void {
  if (share <= 0) return;
  const closed = share * blink(time_s);
  for (const column of EYE_BLINK) pose.row[column] = Math.max(pose.row[column]!, closed);
  const breath = share * BREATH_RAD * breathing(time_s);
  const body = pose.body;
  body[JOINT.leftCollar + 2]! += breath;
  body[JOINT.rightCollar + 2]! -= breath;
  body[JOINT.leftElbow + 1]! += breath;
  body[JOINT.rightElbow + 1]! -= breath;
  if (calm) return;
  for (const { axis, size_rad, periods_s } of SWAY) {
    const [slow, quick] = periods_s;
    body[JOINT.head + axis]! +=
      share * size_rad * (0.65 * Math.sin((TAU * time_s) / slow) + 0.35 * Math.sin((TAU * time_s) / quick));
  }
  const [yaw, pitch] = wandering(time_s);
  for (const eye of [0, 2]) {
    pose.row[FACE + BODY + eye]! += share * yaw;
    pose.row[FACE + BODY + eye + 1]! += share * pitch;
  }
}

/** -1 to 1; in is quicker than out. */
export function breathing(time_s: number): number {
  const phase = (TAU * time_s) / BREATH_S;
  return Math.sin(phase + 0.35 * Math.sin(phase));
}

/** How far the lids are closed, 0 to 1: once in every few seconds, at times twice. */
export function blink(time_s: number): number {
  const slot = Math.floor(time_s / BLINK_SLOT_S);
  const start_s = slot * BLINK_SLOT_S + 0.3 + chance(slot, 1) * (BLINK_SLOT_S - 1.4);
  const twice = chance(slot, 2) < 0.15;
  return Math.max(lid(time_s - start_s), twice ? lid(time_s - start_s - 0.38) : 0);
}

function lid(since_s: number): number {
  if (since_s <= 0 || since_s >= BLINK_CLOSE_S + BLINK_OPEN_S) return 0;
  const closing = since_s < BLINK_CLOSE_S;
  return smooth(closing ? since_s / BLINK_CLOSE_S : 1 - (since_s - BLINK_CLOSE_S) / BLINK_OPEN_S);
}

/** Where the eyes look, yaw and pitch in radians: mostly ahead, now and then a little aside, quickly. */
export function wandering(time_s: number): [number, number] {
  const slot = Math.floor(time_s / LOOK_SLOT_S);
  const share = smooth(Math.min((time_s - slot * LOOK_SLOT_S) / SACCADE_S, 1));
  const [from, to] = [fixation(slot - 1), fixation(slot)];
  return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
}

function fixation(slot: number): [number, number] {
  const away = chance(slot, 3) < 0.4 ? 0.13 : 0.025;
  return [away * (2 * chance(slot, 4) - 1), 0.6 * away * (2 * chance(slot, 5) - 1)];
}

export function smooth(share: number): number {
  const at = Math.min(Math.max(share, 0), 1);
  return at * at * (3 - 2 * at);
}

/** A number in [0, 1) that belongs to a slot and a purpose: the same every time. */
export function chance(slot: number, purpose: number): number {
  let mixed = Math.imul(slot ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(purpose + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}

// Two performances by one and the same avatar, side by side in one picture, in step with each other and with the sound.

import { ApiError, getBuffer } from "../lib/api";
import { type Avatar, loadAvatar } from "../lib/avatar";
import { el } from "../lib/dom";
import { type Chunk, unpack } from "../lib/motion";
import { NO_GRAPHICS, Stage } from "../lib/stage";
import { type Pair, type Side, SIDES, type Trial } from "./types";

/** Beyond this many radians or units between two frames there is nothing in between. */
const JUMP = 1;
const RESTING = 0.6;
/** A server holds each request for most of a minute before it says that the avatar is not ready. */
const MOST_TRIES = 9;
/** Elsewhere all but the picture works without WebGL; here the picture is what is rated. */
const NO_PICTURE =
  "This browser shows no 3D graphics (WebGL 2 is switched off or missing), so the clips cannot be shown; "
  + "please take another browser.";

export class AvatarPair implements Pair {
  readonly element: HTMLElement;
  onTime: (time_s: number) => void = () => {};
  private chunks: Record<Side, Chunk> | null = null;
  private sound: HTMLAudioElement | null = null;
  private seconds = 0;
  private time_s = 0;
  private playing: readonly Side[] = [];
  private ended: ((whole: boolean) => void) | null = null;

  private constructor(canvas: HTMLCanvasElement, readonly stage: Stage, readonly avatars: Record<Side, Avatar>) {
    this.element = el("div", { class: "pair avatars", id: "pair" }, canvas);
    stage.onFrame = (elapsed_s) => this.step(elapsed_s);
  }

  static async open(address: string): Promise<AvatarPair> {
    const canvas = el(
      "canvas", { class: "stage", id: "stage", role: "img", aria: { label: "Two clips of an avatar, side by side" } },
    );
    const stage = openStage(canvas);
    const left = await patiently(address);
    const right = await loadAvatar(address);
    const pair = new AvatarPair(canvas, stage, { left, right });
    SIDES.forEach((side, i) => faceAhead(stage, pair.avatars[side], i));
    return pair;
  }

  async load(trial: Trial, signal: AbortSignal): Promise<void> {
    this.stop();
    this.chunks = null;
    const [left, right] = await Promise.all(SIDES.map(async (side) => unpack(await getBuffer(trial[side], signal))));
    this.sound = trial.sound ? await loadSound(trial.sound, signal) : null;
    this.chunks = { left: left!, right: right! };
    this.seconds = trial.seconds;
    this.show(0, SIDES);
    this.stage.touch();
  }

  async play(sides: readonly Side[]): Promise<boolean> {
    this.stop();
    if (!this.chunks) return false;
    this.show(0, SIDES);
    for (const side of SIDES) this.avatars[side].dim = sides.includes(side) ? 0 : RESTING;
    this.time_s = 0;
    if (this.sound) {
      this.sound.currentTime = 0;
      await this.sound.play();
    }
    this.playing = sides;
    this.stage.play();
    return new Promise((resolve) => (this.ended = resolve));
  }

  stop(): void {
    this.end(false);
  }

  private step(elapsed_s: number): void {
    if (!this.playing.length) return;
    const heard = this.sound && !this.sound.paused && !this.sound.ended ? this.sound.currentTime : null;
    this.time_s = heard ?? this.time_s + Math.min(elapsed_s, 0.25);
    this.show(Math.min(this.time_s, this.seconds), this.playing);
    this.onTime(this.time_s);
    if (this.time_s >= this.seconds) this.end(true);
  }

  private show(time_s: number, sides: readonly Side[]): void {
    for (const side of sides) if (this.chunks) pose(this.avatars[side], this.chunks[side], time_s);
  }

  private end(whole: boolean): void {
    this.playing = [];
    this.sound?.pause();
    for (const side of SIDES) this.avatars[side].dim = 0;
    this.stage.pause();
    this.ended?.(whole);
    this.ended = null;
  }
}

function openStage(canvas: HTMLCanvasElement): Stage {
  try {
    return new Stage(canvas, { avatars: 2, view: "body", facing: "camera" });
  } catch (error) {
    const blind = error instanceof Error && error.message === NO_GRAPHICS;
    throw blind ? new Error(NO_PICTURE) : error;
  }
}

/** The avatar at `address`; a server that has just begun may still be making it. */
async function patiently(address: string): Promise<Avatar> {
  for (let left = MOST_TRIES; ; left--) {
    try {
      return await loadAvatar(address);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "avatar_not_ready" || left === 0) throw error;
    }
  }
}

/**
 * Seats an avatar so that it looks out of the picture: turned towards each other, left and right would look different.
 */
function faceAhead(stage: Stage, avatar: Avatar, index: number): void {
  stage.put(avatar, index);
  if (avatar.object.parent) avatar.object.parent.rotation.y = 0;
  stage.put(avatar, index); // framed anew
}

function pose(avatar: Avatar, chunk: Chunk, time_s: number): void {
  const at = Math.min(time_s * chunk.fps, chunk.frames - 1);
  avatar.pose(
    between(chunk.face, chunk.faceWidth, at), between(chunk.body, chunk.bodyWidth, at),
    chunk.gaze ? between(chunk.gaze, 4, at) : null,
  );
}

/** The row at `at`, by straight lines between neighbours. */
function between(rows: Float32Array, width: number, at: number): Float32Array {
  const first = Math.floor(at);
  const share = at - first;
  const row = rows.slice(first * width, (first + 1) * width);
  if (share === 0) return row;
  for (let i = 0; i < width; i++) {
    const further = rows[(first + 1) * width + i]! - row[i]!;
    if (Math.abs(further) < JUMP) row[i] = row[i]! + share * further;
  }
  return row;
}

async function loadSound(address: string, signal: AbortSignal): Promise<HTMLAudioElement> {
  const url = URL.createObjectURL(new Blob([await getBuffer(address, signal)], { type: "audio/wav" }));
  const sound = new Audio(url);
  await new Promise<void>((resolve, reject) => {
    sound.addEventListener("canplaythrough", () => resolve(), { once: true });
    sound.addEventListener(
      "error", () => reject(new Error("The sound of this pair cannot be played in this browser.")), { once: true },
    );
  });
  return sound;
}

// The avatar's mind between server and stage: plays motions as they come in, and lives on between them.

import type { Clip } from "./clip";
import { START, advance, isOver, type Clock } from "./clock";
import { addFade, fadeFrom, type Fade } from "./inertia";
import { live } from "./life";
import { FACE, newPose, restPose, type Pose } from "./pose";

/** How stiff the springs are that lead into a motion, and back to rest (per second). */
const INTO = 14;
const BACK = 5;
/** How quickly signs of life come and go. */
const LIFE_S = 0.5;

export interface Playing {
  clip: Clip;
  clock: Clock;
  /** Seconds of real time that late data has cost. */
  late_s: number;
}

export class Performer {
  /** What is shown; the same object all the time. */
  readonly pose: Pose = newPose();
  playing: Playing | null = null;
  private readonly resting = restPose();
  private readonly before = newPose().row;
  private readonly scratch = newPose();
  private fade: Fade | null = null;
  private since_s = 0;
  private now_s: number | null = null;
  private elapsed_s = 0;
  private life = 1;

  constructor(private readonly calm = false) {
    this.pose.row.set(this.resting.row);
    this.before.set(this.resting.row);
  }

  /** Where the motion that plays is, in seconds from its beginning. */
  get position_s(): number {
    return this.playing ? this.playing.clock.frame / this.playing.clip.fps : 0;
  }

  /** Goes over to another motion, which has a frame at least. */
  play(clip: Clip): void {
    if (this.playing?.clip === clip) return;
    clip.sample(0, this.scratch);
    this.lead(this.scratch, INTO);
    this.playing = { clip, clock: START, late_s: 0 };
  }

  /** Goes back to rest, from wherever the motion is. */
  rest(): void {
    if (!this.playing) return;
    this.playing = null;
    this.lead(this.resting, BACK);
  }

  /** The pose at `now_s` (any clock that runs); whether a motion has just ended. */
  advance(now_s: number): boolean {
    const elapsed = this.now_s === null ? 0 : Math.max(now_s - this.now_s, 0);
    this.now_s = now_s;
    this.before.set(this.pose.row);
    this.elapsed_s = elapsed;
    const ended = this.tick(elapsed);
    if (ended) this.rest();
    this.compose(now_s, elapsed);
    return ended;
  }

  private tick(elapsed_s: number): boolean {
    const playing = this.playing;
    if (!playing) return false;
    const before = playing.clock.frame;
    playing.clock = advance(playing.clock, elapsed_s, playing.clip);
    if (playing.clock.rate < 1) {
      playing.late_s += Math.max(elapsed_s - (playing.clock.frame - before) / playing.clip.fps, 0);
    }
    return isOver(playing.clock, playing.clip);
  }

  private compose(now_s: number, elapsed_s: number): void {
    const { pose, playing } = this;
    if (playing) playing.clip.sample(playing.clock.frame, pose);
    else pose.row.set(this.resting.row);
    // Who waits for data breathes and blinks as at rest; who plays a motion has its own breath and blinks.
    const wanted = playing ? 1 - playing.clock.rate : 1;
    this.life += Math.min(Math.max(wanted - this.life, -elapsed_s / LIFE_S), elapsed_s / LIFE_S);
    live(pose, now_s, this.life, this.calm);
    this.since_s += elapsed_s;
    if (this.fade && !addFade(pose.row, this.fade, this.since_s)) this.fade = null;
    for (let i = 0; i < FACE; i++) pose.row[i] = Math.min(Math.max(pose.row[i]!, 0), 1);
  }

  /** Begins a fade from what is shown to `next`, with the signs of life that `next` will be given. */
  private lead(next: Pose, stiffness: number): void {
    const target = Float32Array.from(next.row);
    this.scratch.row.set(target);
    live(this.scratch, this.now_s ?? 0, this.life, this.calm);
    this.fade = fadeFrom(this.pose.row, this.before, this.elapsed_s, this.scratch.row, stiffness);
    this.since_s = 0;
  }
}

// The time of a dialogue. Alone it counts by itself; with the source's sound, it follows that one smoothly.

export const SPEEDS = [0.25, 0.5, 1, 1.5, 2] as const;

/** What leads: a media element whose second `start_s` is the dialogue's second 0. */
export interface Leader {
  element: Pick<HTMLMediaElement, "currentTime" | "paused" | "playbackRate" | "play" | "pause">;
  start_s: number;
}

const FOLLOW_S = 0.12;

export class Clock {
  /** Called when playing starts, stops, the time jumps, or the speed changes. */
  onChange: (what: "play" | "pause" | "seek" | "speed") => void = () => {};
  /** While this holds, time stands: what is to be shown is still on its way. */
  waiting = false;
  private now_s = 0;
  private rate = 1;
  private runs = false;
  private leader: Leader | null = null;

  constructor(readonly duration_s: number) {}

  get time_s(): number {
    return this.now_s;
  }

  get playing(): boolean {
    return this.runs;
  }

  get speed(): number {
    return this.rate;
  }

  set speed(rate: number) {
    this.rate = rate;
    if (this.leader) this.leader.element.playbackRate = rate;
    this.onChange("speed");
  }

  /** Lets a media element lead, or nobody. */
  follow(leader: Leader | null): void {
    this.leader = leader;
    if (!leader) return;
    leader.element.playbackRate = this.rate;
    leader.element.currentTime = leader.start_s + this.now_s;
    if (this.runs) this.start();
  }

  play(): void {
    if (this.runs) return;
    if (this.now_s >= this.duration_s - 1e-3) this.seek(0);
    this.runs = true;
    this.start();
    this.onChange("play");
  }

  pause(): void {
    if (!this.runs) return;
    this.runs = false;
    this.leader?.element.pause();
    this.onChange("pause");
  }

  toggle(): void {
    if (this.runs) this.pause();
    else this.play();
  }

  seek(time_s: number): void {
    this.now_s = Math.max(0, Math.min(this.duration_s, Number.isFinite(time_s) ? time_s : 0));
    if (this.leader) this.leader.element.currentTime = this.leader.start_s + this.now_s;
    this.onChange("seek");
  }

  /** Moves on by what has passed on the wall. */
  tick(elapsed_s: number): void {
    if (!this.runs) return;
    if (this.leader && !this.leader.element.paused) {
      const told_s = this.leader.element.currentTime - this.leader.start_s;
      const guess_s = this.now_s + elapsed_s * this.rate;
      // media clocks step; small differences are drawn in over some frames, large ones at once
      this.now_s = Math.abs(told_s - guess_s) > FOLLOW_S ? told_s : guess_s + 0.1 * (told_s - guess_s);
    } else if (!this.waiting) {
      this.now_s += Math.min(elapsed_s, 0.25) * this.rate;
    }
    if (this.now_s >= this.duration_s) {
      this.now_s = this.duration_s;
      this.pause();
    }
  }

  private start(): void {
    // a browser that refuses to sound leaves the element paused, and the clock counts by itself
    void this.leader?.element.play().catch(() => undefined);
  }
}

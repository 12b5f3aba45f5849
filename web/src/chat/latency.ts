// How long things take, from pressing enter to what is on the screen; everything in milliseconds of one clock.

export interface Figures {
  turn: number;
  /** From enter to the first word, and to the first frame of the model's own motion, on the screen. */
  first_word_ms: number | null;
  first_motion_ms: number | null;
  /** From enter to the last piece of the answer. */
  whole_ms: number | null;
  /** Seconds of motion for each second from enter to the last piece. */
  real_time: number | null;
  /** Seconds of real time that late data has cost while it played. */
  late_s: number;
  seconds: number;
}

export class Stopwatch {
  private firstWord: number | null = null;
  private firstMotion: number | null = null;
  private last: number | null = null;

  constructor(private readonly asked_ms: number) {}

  word(now_ms: number): void {
    this.firstWord ??= now_ms;
  }

  motion(now_ms: number): void {
    this.firstMotion ??= now_ms;
  }

  /** Whether the first motion is still to be shown. */
  get waitsForMotion(): boolean {
    return this.firstMotion === null;
  }

  end(now_ms: number): void {
    this.last ??= now_ms;
  }

  figures(turn: number, seconds: number, late_s: number): Figures {
    const whole_ms = this.since(this.last);
    return {
      turn, seconds, late_s, whole_ms,
      first_word_ms: this.since(this.firstWord),
      first_motion_ms: this.since(this.firstMotion),
      real_time: whole_ms && seconds ? (1000 * seconds) / whole_ms : null,
    };
  }

  /** Milliseconds from enter to a moment. */
  since(at_ms: number | null): number | null {
    return at_ms === null ? null : at_ms - this.asked_ms;
  }
}

/** "84 ms", "1.2 s", "-". */
export function asTime(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

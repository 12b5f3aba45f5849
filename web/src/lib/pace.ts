// Keeps drawing fluent where there is no graphics card: fewer pixels until pictures come fast enough.

const WINDOW = 24;
const STEPS = [1, 0.85, 0.7, 0.6, 0.5];

/** Counts drawn frames, and tells with how many pixels to go on. */
export class Pace {
  frames = 0;
  /** A pixel ratio to keep to, whatever the pace. */
  fixed: number | null = null;
  private readonly intervals: number[] = [];
  private last_ms = 0;
  private step = 0;
  private quiet = 0;

  /** `software`: without a graphics card a pixel of the screen is at most one of the picture. */
  constructor(private readonly software: boolean, private readonly wanted_fps = 50) {}

  /** Frames a second over the last ones, 0 while standing still. */
  get fps(): number {
    if (this.intervals.length < 2) return 0;
    return (1000 * this.intervals.length) / this.intervals.reduce((sum, x) => sum + x, 0);
  }

  /** Pixels of the picture for each of the page's. */
  pixelRatio(device: number): number {
    return this.fixed ?? Math.min(device, this.software ? 1 : 2) * STEPS[this.step];
  }

  /** Tells of a drawn frame; gives whether the pixel ratio has changed. */
  drawn(now_ms: number): boolean {
    this.frames += 1;
    const interval = now_ms - this.last_ms;
    this.last_ms = now_ms;
    if (interval > 400) return this.rest(), false; // a pause, or a tab that was hidden
    this.intervals.push(interval);
    if (this.intervals.length > WINDOW) this.intervals.shift();
    this.quiet += 1;
    if (this.fixed !== null || this.quiet < WINDOW || this.fps >= this.wanted_fps || this.step === STEPS.length - 1) return false;
    this.step += 1;
    this.rest();
    return true;
  }

  /** Forgets the last frames' times, as drawing stops. */
  rest(): void {
    this.intervals.length = 0;
    this.quiet = 0;
  }
}

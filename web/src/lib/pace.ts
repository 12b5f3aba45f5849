// Keeps drawing fluent where there is no graphics card: fewer pixels until pictures come fast enough, and back.

const WINDOW = 24;
const STEPS = [1, 0.85, 0.7, 0.6, 0.5];
/** Frames that must come at full speed before more pixels are tried; twice as many after each try that failed. */
const CALM = 150;
const EASY_MS = 18;
const PAUSE_MS = 400;

/** Counts drawn frames, and tells with how many pixels to go on. */
export class Pace {
  frames = 0;
  /** A pixel ratio to keep to, whatever the pace. */
  fixed: number | null = null;
  private readonly intervals: number[] = [];
  private last_ms = 0;
  private step = 0;
  private quiet = 0;
  private patience = CALM;
  private trying = false;

  /** `software`: without a graphics card a pixel of the screen is at most one of the picture. */
  constructor(
    private readonly software: boolean,
    private readonly wanted_fps = 50,
  ) {}

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
    if (interval > PAUSE_MS) return (this.rest(), false); // a pause, or a tab that was hidden
    this.intervals.push(interval);
    if (this.intervals.length > WINDOW) this.intervals.shift();
    this.quiet += 1;
    if (this.fixed !== null || this.quiet < WINDOW) return false;
    const typical_ms = median(this.intervals); // single late frames, as when something loads, say nothing of pixels
    if (typical_ms > 1000 / this.wanted_fps) return this.go(1);
    return typical_ms < EASY_MS && this.quiet >= this.patience && this.go(-1);
  }

  /** Forgets the last frames' times, as drawing stops. */
  rest(): void {
    this.intervals.length = 0;
    this.quiet = 0;
  }

  /** Fewer pixels (1) or more (-1), where there are any left to change. */
  private go(direction: 1 | -1): boolean {
    const next = this.step + direction;
    if (next < 0 || next >= STEPS.length) return false;
    if (direction === 1 && this.trying) this.patience *= 2;
    this.trying = direction === -1;
    this.step = next;
    this.rest();
    return true;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

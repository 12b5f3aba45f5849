// The clock of a motion that still comes in: real time, but slower and slower rather than a jump when data is late.

export interface Clock {
  /** Where the motion is, in frames. */
  frame: number;
  /** Share of real time that it runs at, 0 to 1. */
  rate: number;
}

export interface Supply {
  frames: number;
  fps: number;
  ended: boolean;
}

/** With less than this in hand the clock slows down in proportion. */
const COMFORT_S = 0.16;
/** From a standstill to full speed. */
const SPEED_UP_S = 0.2;
/** A page in the background draws nothing: what it missed is not made up for. */
const LONGEST_TICK_S = 0.25;

/** An answer starts at full speed: its first chunk is twice what comfort needs. */
export const START: Clock = { frame: 0, rate: 1 };

/** The clock `elapsed_s` later. It never passes what there is, and never goes back. */
export function advance(clock: Clock, elapsed_s: number, supply: Supply): Clock {
  const elapsed = Math.min(Math.max(elapsed_s, 0), LONGEST_TICK_S);
  // Between the last frame and the one to come there is nothing to show yet; of a motion that is over the last frame
  // lasts, too.
  const limit = Math.max(supply.ended ? supply.frames : supply.frames - 1, clock.frame);
  const ahead_s = (limit - clock.frame) / supply.fps;
  const wanted = supply.ended ? 1 : Math.min(ahead_s / COMFORT_S, 1);
  const rate = Math.min(wanted, clock.rate + elapsed / SPEED_UP_S);
  return { frame: Math.min(clock.frame + rate * elapsed * supply.fps, limit), rate };
}

/** Whether the last frame of a motion that is over has been shown. */
export function isOver(clock: Clock, supply: Supply): boolean {
  return supply.ended && clock.frame >= supply.frames;
}

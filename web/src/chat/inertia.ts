// From one motion into another without a jump: what differs at the seam fades like a damped spring, speed and all.

/** The fading of a difference: position and speed at the seam, and how stiff the spring is. */
export interface Fade {
  offset: Float32Array;
  speed: Float32Array;
  /** Per second; after 5 / stiffness seconds 4 % of the difference is left. */
  stiffness: number;
}

/**
 * The fade that leads from what was shown to what comes next.
 *
 * Args: the last two rows shown and the seconds between them; the first row of the new motion; how stiff.
 * The new motion is taken to begin at rest, so the speed is that of what was shown; where it leads away from the new
 * motion it is left out, so that nothing swings beyond what either motion does.
 */
export function fadeFrom(
  shown: Float32Array, before: Float32Array, elapsed_s: number, next: Float32Array, stiffness: number,
): Fade {
  const offset = new Float32Array(shown.length);
  const speed = new Float32Array(shown.length);
  for (let i = 0; i < shown.length; i++) {
    const away = shown[i]! - next[i]!;
    const moving = elapsed_s > 0 ? (shown[i]! - before[i]!) / elapsed_s : 0;
    offset[i] = away;
    speed[i] = moving * away > 0 ? 0 : Math.sign(moving) * Math.min(Math.abs(moving), stiffness * Math.abs(away));
  }
  return { offset, speed, stiffness };
}

/** Adds to `row` what is left of the difference `since_s` after the seam; whether anything worth seeing is. */
export function addFade(row: Float32Array, fade: Fade, since_s: number): boolean {
  const at = Math.max(since_s, 0);
  const decay = Math.exp(-fade.stiffness * at);
  for (let i = 0; i < row.length; i++) {
    const { [i]: offset = 0 } = fade.offset;
    row[i]! += (offset + ((fade.speed[i] ?? 0) + fade.stiffness * offset) * at) * decay;
  }
  return fade.stiffness * at < 12;
}

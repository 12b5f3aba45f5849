// Between two frames each joint turns along the shortest way.

/** Radians below which a straight line between axis-angles is the same as the turn, as the eye sees it. */
const NEAR_RAD = 0.25;
const LONG_RAD = 2.2;

/** Writes into `out` the rows of axis-angles that lie `share` of the way from `a[i..]` to `b[j..]`. */
export function blendBody(
  out: Float32Array,
  a: Float32Array,
  i: number,
  b: Float32Array,
  j: number,
  share: number,
): void {
  for (let k = 0; k + 2 < out.length; k += 3) {
    const [ax, ay, az] = [a[i + k], a[i + k + 1], a[i + k + 2]];
    const [bx, by, bz] = [b[j + k], b[j + k + 1], b[j + k + 2]];
    const apart = Math.hypot(bx - ax, by - ay, bz - az);
    if (apart < NEAR_RAD && Math.hypot(ax, ay, az) < LONG_RAD) {
      out[k] = ax + share * (bx - ax);
      out[k + 1] = ay + share * (by - ay);
      out[k + 2] = az + share * (bz - az);
    } else out.set(turnBetween([ax, ay, az], [bx, by, bz], share), k);
  }
}

type Three = [number, number, number];
type Four = [number, number, number, number];

/** The axis-angle that lies `share` of the way from one rotation to another, on the shortest way. */
export function turnBetween(from: Three, to: Three, share: number): Three {
  const a = quaternion(from);
  const b = quaternion(to);
  const dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
  const sign = dot < 0 ? -1 : 1;
  const angle = Math.acos(Math.min(1, Math.abs(dot)));
  const sine = Math.sin(angle);
  const [p, q] =
    sine < 1e-6
      ? [1 - share, sign * share]
      : [Math.sin((1 - share) * angle) / sine, (sign * Math.sin(share * angle)) / sine];
  const mixed = a.map((value, n) => p * value + q * b[n]) as Four;
  return axisAngle(mixed);
}

function quaternion([x, y, z]: Three): Four {
  const angle = Math.hypot(x, y, z);
  const factor = angle > 1e-9 ? Math.sin(0.5 * angle) / angle : 0.5;
  return [x * factor, y * factor, z * factor, Math.cos(0.5 * angle)];
}

function axisAngle([x, y, z, w]: Four): Three {
  const sine = Math.hypot(x, y, z);
  const sign = w < 0 ? -1 : 1;
  const factor = sine > 1e-9 ? (sign * 2 * Math.atan2(sine, sign * w)) / sine : 2 * sign;
  return [x * factor, y * factor, z * factor];
}

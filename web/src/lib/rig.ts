// Turns a row of smplx117 and the gaze into local rotations of an avatar's bones, by the rules in its file.
// The same rules as nonverbal.avatar.rig; tests/rig.test.ts holds both against the same numbers.

export type Term = [operation: "share" | "twist" | "untwist", joint: string, share: number];

export interface RigRules {
  /** The joints of a row of body, three columns each. */
  joints: string[];
  /** Terms of each bone that moves; they multiply from left to right. */
  bones: Record<string, Term[]>;
  /** The gaze column of each eye's yaw; pitch follows it. */
  eyes: Record<string, number>;
}

/** A unit quaternion x, y, z, w, as three.js orders them. */
export type Quaternion = [number, number, number, number];

interface Step {
  operation: Term[0];
  /** First column of the joint. */
  column: number;
  share: number;
}

/** The rules, looked up once: evaluates bones in a fixed order without making garbage. */
export class Rig {
  readonly bones: readonly string[];
  private readonly steps: Step[][];
  private readonly eyes: [string, number][];
  private readonly term: Quaternion = [0, 0, 0, 1];

  constructor(rules: RigRules) {
    const columns = new Map(rules.joints.map((name, i) => [name, 3 * i]));
    const entries = Object.entries(rules.bones);
    this.eyes = Object.entries(rules.eyes);
    this.bones = [...entries.map(([name]) => name), ...this.eyes.map(([name]) => name)];
    this.steps = entries.map(([bone, terms]) =>
      terms.map(([operation, joint, share]) => {
        const column = columns.get(joint);
        if (column === undefined)
          throw new Error(`the avatar's bone ${bone} follows the joint ${joint}, which the motion does not have`);
        return { operation, column, share };
      }),
    );
  }

  /** Writes the turn of each bone, four numbers after four in the order of `bones`. */
  evaluate(body: ArrayLike<number>, gaze: ArrayLike<number> | null, out: Float64Array): void {
    const { term } = this;
    this.steps.forEach((steps, bone) => {
      const at = 4 * bone;
      setIdentity(out, at);
      for (const step of steps) {
        evaluateTerm(step, body, term);
        multiplyInPlace(out, at, term);
      }
    });
    this.eyes.forEach(([, column], i) => {
      const at = 4 * (this.steps.length + i);
      setIdentity(out, at);
      if (!gaze) return;
      const yaw = 0.5 * (gaze[column] ?? 0);
      const pitch = -0.5 * (gaze[column + 1] ?? 0);
      // Ry(yaw) Rx(-pitch)
      const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
      out[at] = cy * sp;
      out[at + 1] = sy * cp;
      out[at + 2] = -sy * sp;
      out[at + 3] = cy * cp;
    });
  }
}

function setIdentity(out: Float64Array, at: number): void {
  out[at] = out[at + 1] = out[at + 2] = 0;
  out[at + 3] = 1;
}

function evaluateTerm({ operation, column, share }: Step, body: ArrayLike<number>, out: Quaternion): void {
  const x = body[column] ?? 0;
  const y = body[column + 1] ?? 0;
  const z = body[column + 2] ?? 0;
  if (operation === "share") {
    const length = Math.hypot(x, y, z);
    const shortest = length > Math.PI ? wrapped(length) / length : 1;
    fromAxisAngle(x, y, z, share * shortest, out);
    return;
  }
  fromAxisAngle(x, y, z, 1, out);
  const twist = wrapped(2 * Math.atan2(out[0], out[3]));
  if (operation === "twist") {
    const half = 0.5 * share * twist;
    out[0] = Math.sin(half);
    out[1] = out[2] = 0;
    out[3] = Math.cos(half);
    return;
  }
  const half = 0.5 * (share - 1) * twist;
  const [s, c] = [Math.sin(half), Math.cos(half)];
  const [qx, qy, qz, qw] = out;
  out[0] = qx * c + qw * s;
  out[1] = qy * c + qz * s;
  out[2] = qz * c - qy * s;
  out[3] = qw * c - qx * s;
}

/** The angle in [-pi, pi) that turns as far. */
function wrapped(angle: number): number {
  const turn = 2 * Math.PI;
  return angle - turn * Math.floor((angle + Math.PI) / turn);
}

function fromAxisAngle(x: number, y: number, z: number, scale: number, out: Quaternion): void {
  const length = Math.hypot(x, y, z);
  const half = 0.5 * scale * length;
  const sine = length > 1e-9 ? Math.sin(half) / length : 0.5 * scale;
  out[0] = x * sine;
  out[1] = y * sine;
  out[2] = z * sine;
  out[3] = Math.cos(half);
}

/** out[at..] = out[at..] times q. */
function multiplyInPlace(out: Float64Array, at: number, [bx, by, bz, bw]: Quaternion): void {
  const [ax, ay, az, aw] = [out[at], out[at + 1], out[at + 2], out[at + 3]];
  out[at] = aw * bx + ax * bw + ay * bz - az * by;
  out[at + 1] = aw * by - ax * bz + ay * bw + az * bx;
  out[at + 2] = aw * bz + ax * by - ay * bx + az * bw;
  out[at + 3] = aw * bw - ax * bx - ay * by - az * bz;
}

/** Axis times angle in radians of a unit quaternion at `at`. */
export function axisAngle(q: ArrayLike<number>, at = 0): [number, number, number] {
  const sign = q[at + 3] < 0 ? -1 : 1;
  const sine = Math.hypot(q[at], q[at + 1], q[at + 2]);
  const factor = sine > 1e-9 ? (sign * 2 * Math.atan2(sine, sign * q[at + 3])) / sine : 2 * sign;
  return [q[at] * factor, q[at + 1] * factor, q[at + 2] * factor];
}

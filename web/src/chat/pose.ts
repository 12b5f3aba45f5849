// One moment of somebody: 52 face coefficients, 117 body numbers and 4 of gaze, side by side in one row.

export const FACE = 52;
export const BODY = 117;
export const GAZE = 4;
export const ROW = FACE + BODY + GAZE;

export interface Pose {
  /** Everything, [173]; the others are views of it. */
  row: Float32Array;
  face: Float32Array;
  body: Float32Array;
  /** Left yaw, left pitch, right yaw, right pitch in radians relative to the head. */
  gaze: Float32Array;
}

/** Columns of the face that this page moves or reads itself (ARKit's alphabetical order). */
export const EYE_BLINK = [8, 9] as const;
export const MOUTH_SMILE = [43, 44] as const;
const LOOK = { down: [10, 11], inward: [12, 13], out: [14, 15], up: [16, 17] } as const;

/** Angles at which the eyeLook coefficients are 1 (as in the dataset). */
const FULL_YAW_RAD = 0.42;
const FULL_UP_RAD = 0.35;
const FULL_DOWN_RAD = 0.45;

/** First of a joint's three columns of axis-angle. */
export const JOINT = {
  leftCollar: 0, rightCollar: 3, head: 6, leftShoulder: 9, rightShoulder: 12, leftElbow: 15, rightElbow: 18,
  leftWrist: 21, rightWrist: 24,
} as const;

export function newPose(): Pose {
  const row = new Float32Array(ROW);
  return { row, face: row.subarray(0, FACE), body: row.subarray(FACE, FACE + BODY), gaze: row.subarray(FACE + BODY) };
}

/** Writes into `gaze` [4] where the eyeLook coefficients of `face` [52] look. */
export function gazeOf(face: ArrayLike<number>, gaze: Float32Array): void {
  for (const side of [0, 1] as const) {
    const outward = (face[LOOK.out[side]] ?? 0) - (face[LOOK.inward[side]] ?? 0);
    const up = FULL_UP_RAD * (face[LOOK.up[side]] ?? 0) - FULL_DOWN_RAD * (face[LOOK.down[side]] ?? 0);
    gaze[2 * side] = (side === 0 ? 1 : -1) * FULL_YAW_RAD * outward;
    gaze[2 * side + 1] = up;
  }
}

/**
 * Half curled fingers: how far the three joints of a finger bend, as in people who listen in the studio's dialogues.
 */
const CURL_RAD = [0.4, 0.45, 0.3] as const;
const FINGERS = 5;
const THUMB = 4;

/** Somebody who sits, looks ahead and listens: arms down, hands in the lap, a trace of a smile. */
export function restPose(): Pose {
  const pose = newPose();
  for (const column of MOUTH_SMILE) pose.face[column] = 0.09;
  pose.body[JOINT.head] = 0.04;
  const left = { shoulder: [0.3, -0.5, -1.4], elbow: [0.1, -1.42, 0.02], wrist: [0, 0, -0.08] };
  both(pose.body, JOINT.leftShoulder, JOINT.rightShoulder, left.shoulder);
  both(pose.body, JOINT.leftElbow, JOINT.rightElbow, left.elbow);
  both(pose.body, JOINT.leftWrist, JOINT.rightWrist, left.wrist);
  for (let finger = 0; finger < FINGERS; finger++) {
    CURL_RAD.forEach((curl, joint) => {
      const at = 27 + 9 * finger + 3 * joint;
      both(pose.body, at, at + 45, finger === THUMB ? [0.1, 0.12, -0.05] : [0, 0, -curl]);
    });
  }
  return pose;
}

/** A rotation of a left joint and its mirror image on the right. */
function both(body: Float32Array, left: number, right: number, turn: readonly number[]): void {
  const [x = 0, y = 0, z = 0] = turn;
  body.set([x, y, z], left);
  body.set([x, -y, -z], right);
}

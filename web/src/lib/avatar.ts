// An avatar: loads its file, and poses it from a row of face, body and gaze.

import {
  BufferAttribute,
  type BufferGeometry,
  type Camera,
  type Color,
  Frustum,
  LinearFilter,
  type Material,
  Matrix4,
  Mesh,
  NoColorSpace,
  type Object3D,
  type Skeleton,
  SkinnedMesh,
  Sphere,
  type Texture,
  Vector3,
} from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { ApiError, getBuffer } from "./api";
import { Morphs } from "./morphs";
import { axisAngle, Rig, type RigRules } from "./rig";
import { simplified } from "./simplify";
import { Skin } from "./skin";
import { Worked } from "./worked";

/** Apple's coefficients in the order of a row of face. */
export const ARKIT52 = (
  "browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft " +
  "cheekSquintRight eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight " +
  "eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight eyeWideLeft " +
  "eyeWideRight jawForward jawLeft jawOpen jawRight mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft " +
  "mouthFrownRight mouthFunnel mouthLeft mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight " +
  "mouthPucker mouthRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmileLeft " +
  "mouthSmileRight mouthStretchLeft mouthStretchRight mouthUpperUpLeft mouthUpperUpRight noseSneerLeft " +
  "noseSneerRight tongueOut"
).split(" ");

const KEPT = new Set(["position", "normal", "uv", "skinIndex", "skinWeight", "gloss"]);
const ASK_AGAIN_MS = 3000;
const MOST_TRIES = 100;
const HAND_M = 0.22;
const [BODY_SHARE, HAND_SHARE] = [0.4, 0.3];
const WORTH_PER_M = 2000;
const [FRUSTUM, MATRIX, POINT, HAND] = [new Frustum(), new Matrix4(), new Vector3(), new Sphere()];

interface Loaded {
  scene: Object3D;
  asset: { extras?: { nonverbal?: { rig?: RigRules } } };
}

/** A part of the body, which its bones move in the vertex shader. */
interface Part {
  mesh: Mesh<BufferGeometry, Skin>;
  skeleton: Skeleton;
  /** Where in the index the hands begin. */
  hands: number;
}

export class Avatar {
  private readonly bones: (Object3D | undefined)[];
  private readonly turns: Float64Array;
  private readonly morphs: Morphs[];
  private readonly wrists: Object3D[];
  private worked: Worked[] = [];
  /** What `worked` shows: whether anything has changed since, and for which camera. */
  private stale = true;
  private readonly seenFrom = new Vector3(NaN);
  private withHands = true;
  private face: ArrayLike<number> = [];

  constructor(
    readonly object: Object3D,
    private readonly rig: Rig,
    private readonly parts: readonly Part[],
    targets: readonly number[][],
  ) {
    const byName = new Map<string, Object3D>();
    object.traverse((node) => byName.set(nameOf(node), node));
    this.bones = rig.bones.map((name) => byName.get(name));
    this.wrists = ["wrist.L", "wrist.R"].flatMap((name) => byName.get(name) ?? []);
    this.turns = new Float64Array(4 * rig.bones.length);
    this.morphs = parts.map((part, i) => new Morphs(part.mesh.geometry, targets[i]));
    this.pose([], [], null);
  }

  /** Takes on one frame: `face` [52] as in `ARKIT52`, `body` [117] in radians, `gaze` [4] in radians or null. */
  pose(face: ArrayLike<number>, body: ArrayLike<number>, gaze: ArrayLike<number> | null): void {
    this.rig.evaluate(body, gaze, this.turns);
    this.bones.forEach((bone, i) => {
      bone?.quaternion.fromArray(this.turns, 4 * i);
    });
    this.face = face;
    for (const morph of this.morphs) morph.apply(face);
    this.place();
  }

  /** Takes over where the bones are; called by itself whenever a pose is taken on. */
  place(): void {
    this.stale = true;
    this.object.updateWorldMatrix(true, true);
    for (const { mesh, skeleton } of this.parts) {
      skeleton.update();
      const { bones } = mesh.material;
      skeleton.bones.forEach((_, i) => rowsOf(skeleton.boneMatrices as Float32Array, 16 * i, bones, 12 * i));
    }
  }

  /** Axis times angle in radians of each bone's local turn. */
  boneAngles(): Record<string, number[]> {
    return Object.fromEntries(this.rig.bones.map((name, i) => [name, axisAngle(this.turns, 4 * i)]));
  }

  /** How far the avatar fades into the background: 0 there, 1 gone. */
  set dim(share: number) {
    this.stale ||= this.parts.some(({ mesh }) => mesh.material.dim !== share);
    for (const { mesh } of this.parts) mesh.material.dim = share;
  }

  /** The colour it fades into, as on the screen. */
  set backdrop(colour: Color) {
    for (const { mesh } of this.parts) mesh.material.backdrop = colour;
  }

  /**
   * Makes ready to be drawn for `camera`. Leaves out the hands while it does not see them: they are a third of all
   * triangles.
   */
  prepareFor(camera: Camera): void {
    FRUSTUM.setFromProjectionMatrix(MATRIX.multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse));
    const seen = this.wrists.some((wrist) =>
      FRUSTUM.intersectsSphere(HAND.set(POINT.setFromMatrixPosition(wrist.matrixWorld), HAND_M)),
    );
    for (const { mesh, hands } of this.parts) mesh.geometry.setDrawRange(0, seen ? Infinity : hands);
    POINT.setFromMatrixPosition(camera.matrixWorld);
    if (!this.stale && seen === this.withHands && POINT.equals(this.seenFrom)) return;
    this.worked.forEach((worked, i) => {
      const { bones, dim } = this.parts[i].mesh.material;
      worked.update(bones, POINT, 1 - dim, seen);
    });
    [this.stale, this.withHands] = [false, seen];
    this.seenFrom.copy(POINT);
  }

  /**
   * For drawing without a graphics card: half the triangles, vertices worked out here, and a texture without smoothing
   * over distance.
   */
  drawCheaply(): void {
    if (this.worked.length) return;
    this.worked = this.parts.map((part, i) => {
      thinOut(part, this.morphs[i].reach());
      const worked = new Worked(part.mesh.geometry, this.morphs[i], part.hands);
      part.mesh.material.takeWorked();
      this.morphs[i].apply(this.face);
      return worked;
    });
    this.stale = true;
    this.parts.forEach((part) => {
      const map = part.mesh.material.uniforms["map"]?.value as Texture | null;
      if (!map) return;
      map.minFilter = LinearFilter;
      map.generateMipmaps = false;
      map.needsUpdate = true;
    });
  }

  bone(name: string): Object3D | undefined {
    return this.bones[this.rig.bones.indexOf(name)];
  }

  dispose(): void {
    for (const { mesh } of this.parts) {
      mesh.geometry.dispose();
      (mesh.material.uniforms["map"]?.value as Texture | null)?.dispose();
      mesh.material.dispose();
    }
  }
}

/** The avatar in the file at `url`. Throws an Error whose sentence may be shown. */
export async function loadAvatar(url: string): Promise<Avatar> {
  const bytes = await patiently(() => getBuffer(url));
  let loaded: Loaded;
  try {
    loaded = (await new GLTFLoader().parseAsync(bytes, "")) as unknown as Loaded;
  } catch (error) {
    throw new Error(`The avatar at ${url} cannot be read (${error instanceof Error ? error.message : error}).`);
  }
  const rules = loaded.asset.extras?.nonverbal?.rig;
  if (!rules) throw new Error(`The avatar at ${url} says nothing of how its bones follow motion; export it again.`);
  const meshes: SkinnedMesh[] = [];
  loaded.scene.traverse((node) => {
    if (node instanceof SkinnedMesh) meshes.push(node);
  });
  if (!meshes.length) throw new Error(`The avatar at ${url} has no body that bones could move.`);
  const targets = meshes.map(targetOrder);
  return new Avatar(loaded.scene, new Rig(rules), meshes.map(dress), targets);
}

/** What `ask` gives, waiting while the server says that it is still making it. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "avatar_not_ready" || tries === MOST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}

/** Puts a mesh with our material in place of the loader's. */
function dress(given: SkinnedMesh): Part {
  const own = given.material as Material & { map?: Texture | null };
  const { geometry, skeleton } = given;
  if (own.map) prepare(own.map);
  const skin = new Skin(own.map ?? null, new Float32Array(12 * skeleton.bones.length));
  geometry.setAttribute("gloss", glossOf(geometry, skeleton));
  for (const name of Object.keys(geometry.attributes)) if (!KEPT.has(name)) geometry.deleteAttribute(name);
  own.dispose();
  const hands = handsLast(geometry, skeleton);
  const mesh = new Mesh(geometry, skin);
  mesh.frustumCulled = false; // its bounds are those at rest
  given.parent?.add(mesh);
  given.removeFromParent();
  return { mesh, skeleton, hands };
}

/** The upper three rows of a matrix that is stored column by column. */
function rowsOf(from: Float32Array, i: number, to: Float32Array, at: number): void {
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 4; column++) to[at + 4 * row + column] = from[i + 4 * column + row];
}

function nameOf(node: Object3D): string {
  return (node.userData["name"] as string | undefined) ?? node.name;
}

/** The shader itself turns colours into light, which is much cheaper than what a colour space makes of the sampler. */
function prepare(map: Texture): void {
  map.colorSpace = NoColorSpace;
  map.needsUpdate = true;
}

/** Puts the hands' triangles behind all others; gives where in the index they begin. */
function handsLast(geometry: BufferGeometry, skeleton: Skeleton): number {
  const isHand = skeleton.bones.map((bone) => /^(wrist|metacarpal|finger)/.test(nameOf(bone)));
  const bones = geometry.getAttribute("skinIndex");
  const weights = geometry.getAttribute("skinWeight");
  const held = (vertex: number): boolean => {
    let share = 0;
    for (let k = 0; k < 4; k++) if (isHand[bones.getComponent(vertex, k)]) share += weights.getComponent(vertex, k);
    return share > 0.5;
  };
  const index = geometry.index?.array ?? Uint32Array.from({ length: bones.count }, (_, i) => i);
  const [body, hands]: [number[], number[]] = [[], []];
  for (let i = 0; i < index.length; i += 3) (held(index[i]) ? hands : body).push(index[i], index[i + 1], index[i + 2]);
  geometry.setIndex([...body, ...hands]);
  return body.length;
}

/** Draws a part with fewer triangles; what facial actions move keeps most of its own. */
function thinOut(part: Part, motion: Float32Array): void {
  const { geometry } = part.mesh;
  const index = (geometry.index as BufferAttribute).array;
  const mesh = {
    position: geometry.getAttribute("position").array,
    worth: motion.map((shift_m) => 1 + shift_m * WORTH_PER_M),
  };
  const thin = (from: number, to: number, share: number): Uint32Array =>
    simplified(index.slice(from, to), mesh, (share * (to - from)) / 3);
  const body = thin(0, part.hands, BODY_SHARE);
  const hands = thin(part.hands, index.length, HAND_SHARE);
  part.hands = body.length;
  geometry.setIndex([...body, ...hands]);
}

/** One for the vertices of the eyeballs, which shine, zero for all others. */
function glossOf(geometry: BufferGeometry, skeleton: Skeleton): BufferAttribute {
  const bones = geometry.getAttribute("skinIndex");
  const weights = geometry.getAttribute("skinWeight");
  const isEye = skeleton.bones.map((bone) => /^eye\.[LR]$/.test(nameOf(bone)));
  const gloss = new Uint8Array(bones.count);
  for (let v = 0; v < bones.count; v++) {
    for (let k = 0; k < 4; k++) if (isEye[bones.getComponent(v, k)] && weights.getComponent(v, k) > 0.5) gloss[v] = 255;
  }
  return new BufferAttribute(gloss, 1, true);
}

function targetOrder(mesh: SkinnedMesh): number[] {
  const targets = mesh.morphTargetDictionary ?? {};
  return ARKIT52.map((name) => targets[name] ?? -1);
}

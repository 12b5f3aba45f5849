// An avatar: loads its file, and poses it from a row of face, body and gaze.

import {
  BufferAttribute, type BufferGeometry, LinearMipmapNearestFilter, type Material, type Mesh, NoColorSpace, type Object3D,
  SkinnedMesh, type Texture,
} from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { getBuffer } from "./api";
import { Morphs } from "./morphs";
import { axisAngle, Rig, type RigRules } from "./rig";
import { Skin } from "./skin";

/** Apple's coefficients in the order of a row of face. */
export const ARKIT52 = (
  "browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft cheekSquintRight " +
  "eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight eyeLookOutLeft eyeLookOutRight " +
  "eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight jawForward jawLeft jawOpen jawRight " +
  "mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft mouthFrownRight mouthFunnel mouthLeft mouthLowerDownLeft " +
  "mouthLowerDownRight mouthPressLeft mouthPressRight mouthPucker mouthRight mouthRollLower mouthRollUpper mouthShrugLower " +
  "mouthShrugUpper mouthSmileLeft mouthSmileRight mouthStretchLeft mouthStretchRight mouthUpperUpLeft mouthUpperUpRight " +
  "noseSneerLeft noseSneerRight tongueOut"
).split(" ");

interface Loaded {
  scene: Object3D;
  asset: { extras?: { nonverbal?: { rig?: RigRules } } };
}

export class Avatar {
  private readonly bones: (Object3D | undefined)[];
  private readonly turns: Float64Array;
  private readonly morphs: Morphs[];

  constructor(readonly object: Object3D, private readonly rig: Rig, readonly skins: readonly Skin[], meshes: readonly SkinnedMesh[]) {
    const byName = new Map<string, Object3D>();
    object.traverse((node) => byName.set((node.userData["name"] as string | undefined) ?? node.name, node));
    this.bones = rig.bones.map((name) => byName.get(name));
    this.turns = new Float64Array(4 * rig.bones.length);
    this.morphs = meshes.map((mesh) => new Morphs(mesh.geometry, targetOrder(mesh)));
    this.pose([], [], null);
  }

  /** Takes on one frame: `face` [52] in the order of `ARKIT52`, `body` [117] in radians, `gaze` [4] in radians or null. */
  pose(face: ArrayLike<number>, body: ArrayLike<number>, gaze: ArrayLike<number> | null): void {
    this.rig.evaluate(body, gaze, this.turns);
    this.bones.forEach((bone, i) => {
      bone?.quaternion.fromArray(this.turns, 4 * i);
    });
    for (const morph of this.morphs) morph.apply(face);
  }

  /** Axis times angle in radians of each bone's local turn. */
  boneAngles(): Record<string, number[]> {
    return Object.fromEntries(this.rig.bones.map((name, i) => [name, axisAngle(this.turns, 4 * i)]));
  }

  /** How far the avatar fades into the background: 0 there, 1 gone. */
  set dim(share: number) {
    for (const skin of this.skins) skin.dim = share;
  }

  bone(name: string): Object3D | undefined {
    return this.bones[this.rig.bones.indexOf(name)];
  }

  dispose(): void {
    this.object.traverse((node) => {
      if (!(node instanceof SkinnedMesh)) return;
      node.geometry.dispose();
      node.skeleton.dispose();
    });
    for (const skin of this.skins) {
      (skin.uniforms["map"]?.value as Texture | null)?.dispose();
      skin.dispose();
    }
  }
}

/** The avatar in the file at `url`. Throws an Error whose sentence may be shown. */
export async function loadAvatar(url: string): Promise<Avatar> {
  const bytes = await getBuffer(url);
  let loaded: Loaded;
  try {
    loaded = (await new GLTFLoader().parseAsync(bytes, "")) as unknown as Loaded;
  } catch (error) {
    throw new Error(`The avatar at ${url} cannot be read (${error instanceof Error ? error.message : error}).`);
  }
  const rules = loaded.asset.extras?.nonverbal?.rig;
  if (!rules) throw new Error(`The avatar at ${url} says nothing of how its bones follow motion; export it again.`);
  const skins: Skin[] = [];
  const meshes: SkinnedMesh[] = [];
  loaded.scene.traverse((node) => {
    if (!(node instanceof SkinnedMesh)) return;
    skins.push(dress(node));
    meshes.push(node);
  });
  if (!meshes.length) throw new Error(`The avatar at ${url} has no body that bones could move.`);
  return new Avatar(loaded.scene, new Rig(rules), skins, meshes);
}

/** Gives the mesh our material in place of its own. */
function dress(mesh: SkinnedMesh): Skin {
  const own = mesh.material as Material & { map?: Texture | null };
  if (own.map) prepare(own.map);
  const skin = new Skin(own.map ?? null);
  skin.side = own.side;
  own.dispose();
  (mesh as Mesh).material = skin;
  mesh.frustumCulled = false; // its bounds are those at rest
  mesh.geometry.setAttribute("gloss", glossOf(mesh.geometry, mesh));
  for (const name of ["tangent", "color", "uv1"]) mesh.geometry.deleteAttribute(name);
  return skin;
}

/** The shader itself turns colours into light, which is much cheaper than what a colour space makes of the sampler. */
function prepare(map: Texture): void {
  map.colorSpace = NoColorSpace;
  map.minFilter = LinearMipmapNearestFilter;
  map.needsUpdate = true;
}

/** One for the vertices of the eyeballs, which shine, zero for all others. */
function glossOf(geometry: BufferGeometry, mesh: SkinnedMesh): BufferAttribute {
  const bones = geometry.getAttribute("skinIndex");
  const weights = geometry.getAttribute("skinWeight");
  const eyes = new Set(mesh.skeleton.bones.flatMap((bone, i) => (/^eye\.?[LR]$/.test(bone.name) ? [i] : [])));
  const gloss = new Uint8Array(bones.count);
  for (let v = 0; v < bones.count; v++) {
    for (let k = 0; k < 4; k++) if (eyes.has(bones.getComponent(v, k)) && weights.getComponent(v, k) > 0.5) gloss[v] = 255;
  }
  return new BufferAttribute(gloss, 1, true);
}

function targetOrder(mesh: SkinnedMesh): number[] {
  const targets = mesh.morphTargetDictionary ?? {};
  return ARKIT52.map((name) => targets[name] ?? -1);
}

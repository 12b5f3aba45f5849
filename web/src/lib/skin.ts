// How avatars look: one cheap material of our own. Soft key light, sky and floor, warm light where shadow begins, a
// bright rim, and glints on the eyes, worked out for each vertex: by the shader, or on software graphics by `Worked`.

import { Color, ShaderMaterial, type Texture, Vector3 } from "three";

type Three = readonly [number, number, number];

/** Colours of the light, and where the key light stands. */
export const KEY: Three = [1.02, 0.94, 0.84];
export const SKY: Three = [0.4, 0.42, 0.46];
export const FLOOR: Three = [0.21, 0.175, 0.15];
export const WARM: Three = [0.1, 0.025, 0.01];
export const KEY_FROM = new Vector3(0.42, 0.55, 0.72).normalize().toArray() as Three;

const vec3 = (values: Three): string => `vec3(${values.map((value) => value.toFixed(6)).join(", ")})`;

const VERTEX = /* glsl */ `
attribute vec4 skinIndex;
attribute vec4 skinWeight;
attribute float gloss;
uniform vec4 bones[3 * BONES];
varying vec2 vUv;
varying vec3 vLight;
varying float vShine;

const vec3 KEY = ${vec3(KEY)};
const vec3 SKY = ${vec3(SKY)};
const vec3 FLOOR = ${vec3(FLOOR)};
const vec3 WARM = ${vec3(WARM)};
const vec3 keyFrom = ${vec3(KEY_FROM)};

void main() {
  vec4 x = vec4(0.0), y = vec4(0.0), z = vec4(0.0);
  for (int k = 0; k < 4; k++) {
    int b = 3 * int(skinIndex[k]);
    float w = skinWeight[k];
    x += w * bones[b];
    y += w * bones[b + 1];
    z += w * bones[b + 2];
  }
  vec4 rest = vec4(position, 1.0);
  vec3 place = vec3(dot(x, rest), dot(y, rest), dot(z, rest));
  vec3 n = normalize(vec3(dot(x.xyz, normal), dot(y.xyz, normal), dot(z.xyz, normal)));
  vec3 e = normalize(cameraPosition - place);
  float facing = dot(n, keyFrom);
  float lit = max(0.0, (facing + 0.35) / 1.35);
  float edge = max(0.0, 1.0 - abs(facing + 0.05) * 3.0);
  float up = 0.5 + 0.5 * n.y;
  float grazing = 1.0 - max(0.0, dot(n, e));
  float rim = grazing * grazing * grazing * (0.3 + 0.7 * up);
  float shine = max(0.0, dot(n, normalize(keyFrom + e)));
  float s8 = shine * shine; s8 *= s8; s8 *= s8;
  float s64 = s8 * s8; s64 *= s64; s64 *= s64;
  // squares stand for linear light here, so that a pixel needs no more than its texture times this
  vLight = sqrt(KEY * (lit * lit) + mix(FLOOR, SKY, up) + WARM * edge + rim * 0.45);
  vShine = s8 * lit * 0.035 + rim * 0.045 + gloss * s64 * 0.75;
  vUv = uv;
  gl_Position = projectionMatrix * (viewMatrix * vec4(place, 1.0));
}`;

const FRAGMENT = /* glsl */ `
uniform sampler2D map;
uniform float dim;
uniform vec3 backdrop;
varying vec2 vUv;
varying vec3 vLight;
varying float vShine;
void main() {
  vec3 shown = texture2D(map, vUv).rgb * vLight + vShine;
  gl_FragColor = vec4(mix(shown, backdrop, dim), 1.0);
}`;

/** For vertices that the processor has worked out already: projected, and nothing more. */
const WORKED_VERTEX = /* glsl */ `
attribute vec4 shade;
varying vec2 vUv;
varying vec4 vShade;
void main() {
  vUv = uv;
  vShade = shade;
  gl_Position = projectionMatrix * (viewMatrix * vec4(position, 1.0));
}`;

const WORKED_FRAGMENT = /* glsl */ `
uniform sampler2D map;
uniform vec3 veil;
varying vec2 vUv;
varying vec4 vShade;
void main() {
  gl_FragColor = vec4(texture2D(map, vUv).rgb * vShade.rgb + vShade.a + veil, 1.0);
}`;

/** The material of one avatar, whose bones' matrices it takes as three rows each. */
export class Skin extends ShaderMaterial {
  constructor(
    map: Texture | null,
    readonly bones: Float32Array,
  ) {
    super({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      defines: { BONES: bones.length / 12 },
      uniforms: {
        map: { value: map },
        bones: { value: bones },
        dim: { value: 0 },
        backdrop: { value: new Color(0.8, 0.75, 0.7) },
        veil: { value: new Color(0, 0, 0) },
      },
    });
  }

  /** How far the avatar fades into the background: 0 there, 1 gone. */
  get dim(): number {
    return this.uniforms["dim"]!.value as number;
  }

  set dim(share: number) {
    this.uniforms["dim"]!.value = share;
    this.veil();
  }

  /** The colour avatars fade into, as on the screen. */
  set backdrop(colour: Color) {
    (this.uniforms["backdrop"]!.value as Color).copy(colour);
    this.veil();
  }

  /** Takes vertices as `Worked` makes them from now on. */
  takeWorked(): void {
    this.vertexShader = WORKED_VERTEX;
    this.fragmentShader = WORKED_FRAGMENT;
    this.needsUpdate = true;
  }

  private veil(): void {
    (this.uniforms["veil"]!.value as Color).copy(this.uniforms["backdrop"]!.value as Color).multiplyScalar(this.dim);
  }
}

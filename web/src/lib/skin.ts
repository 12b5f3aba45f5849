// How avatars look: one cheap material of our own. Soft key light, sky and floor, warm light through thin skin at the
// edge of the shadow, a bright rim, and glints on the eyes; skinned by a texture of bones.

import { Color, ShaderMaterial, type Texture, UniformsLib, UniformsUtils, Vector3 } from "three";

const VERTEX = /* glsl */ `
#include <common>
#include <skinning_pars_vertex>
attribute float gloss;
varying vec3 vNormal;
varying vec3 vToEye;
varying vec2 vUv;
varying float vGloss;
void main() {
  vUv = uv;
  vGloss = gloss;
  #include <skinbase_vertex>
  #include <beginnormal_vertex>
  #include <skinnormal_vertex>
  #include <begin_vertex>
  #include <skinning_vertex>
  vec4 seen = modelViewMatrix * vec4(transformed, 1.0);
  vNormal = normalize(normalMatrix * objectNormal);
  vToEye = -seen.xyz;
  gl_Position = projectionMatrix * seen;
}`;

const FRAGMENT = /* glsl */ `
uniform sampler2D map;
uniform vec3 keyFrom;
uniform vec3 keyLight;
uniform vec3 sky;
uniform vec3 floor_;
uniform vec3 rim;
uniform float dim;
uniform vec3 fog;
varying vec3 vNormal;
varying vec3 vToEye;
varying vec2 vUv;
varying float vGloss;
void main() {
  vec3 n = normalize(vNormal);
  vec3 e = normalize(vToEye);
  vec3 base = texture2D(map, vUv).rgb;
  base *= base; // near enough to linear light, at no cost
  float facing = dot(n, keyFrom);
  float lit = max(0.0, (facing + 0.35) / 1.35);
  float edge = max(0.0, 1.0 - abs(facing + 0.05) * 3.0);
  float up = 0.5 + 0.5 * n.y;
  vec3 light = keyLight * lit * lit + mix(floor_, sky, up) + vec3(0.10, 0.025, 0.012) * edge;
  float grazing = 1.0 - max(0.0, dot(n, e));
  vec3 shown = base * light + rim * (grazing * grazing * grazing) * (0.35 + 0.65 * up) * (0.25 + base.r);
  vec3 h = normalize(keyFrom + e);
  float shine = max(0.0, dot(n, h));
  float s4 = shine * shine; s4 *= s4;
  float s32 = s4 * s4; s32 *= s32; s32 *= s32;
  shown += s4 * s4 * 0.035 * keyLight * lit + vGloss * s32 * 0.9 * keyLight;
  shown = mix(shown, fog, dim);
  gl_FragColor = vec4(sqrt(shown), 1.0);
}`;

/** The material of one avatar; `dim` in [0, 1] fades it into the background. */
export class Skin extends ShaderMaterial {
  constructor(map: Texture | null) {
    super({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: UniformsUtils.merge([
        UniformsLib.common,
        {
          keyFrom: { value: new Vector3(0.42, 0.55, 0.72).normalize() },
          keyLight: { value: new Color(1.02, 0.93, 0.82) },
          sky: { value: new Color(0.36, 0.38, 0.43) },
          floor_: { value: new Color(0.2, 0.165, 0.14) },
          rim: { value: new Color(0.42, 0.38, 0.34) },
          dim: { value: 0 },
          fog: { value: new Color(0.5, 0.45, 0.4) },
        },
      ]),
    });
    this.uniforms["map"]!.value = map;
  }

  set dim(share: number) {
    this.uniforms["dim"]!.value = share;
  }

  /** The colour avatars fade into, in linear light. */
  set backdrop(colour: Color) {
    (this.uniforms["fog"]!.value as Color).copy(colour);
  }
}

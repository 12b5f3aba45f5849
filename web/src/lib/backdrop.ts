// What is behind the avatars: brighter in the middle, over the whole picture.

import { BufferAttribute, BufferGeometry, Color, Mesh, ShaderMaterial } from "three";

const BACKDROP_VERTEX = "varying vec2 at; void main() { at = position.xy; gl_Position = vec4(position.xy, 1.0, 1.0); }";
const BACKDROP_FRAGMENT = `uniform vec3 middle; uniform vec3 border; varying vec2 at;
void main() {
  vec2 d = (at - vec2(0.0, 0.15)) * vec2(0.62, 0.8);
  gl_FragColor = vec4(mix(middle, border, min(1.0, dot(d, d))), 1.0);
}`;

/** Two colours, which may be set, from the middle to the border. */
export function backdropMaterial(): ShaderMaterial {
  return new ShaderMaterial({
    vertexShader: BACKDROP_VERTEX,
    fragmentShader: BACKDROP_FRAGMENT,
    depthWrite: false,
    uniforms: { middle: { value: new Color() }, border: { value: new Color() } },
  });
}

/** A picture-filling triangle behind everything. */
export function wall(material: ShaderMaterial): Mesh {
  const corners = new BufferGeometry();
  corners.setAttribute("position", new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3));
  const mesh = new Mesh(corners, material);
  mesh.frustumCulled = false;
  mesh.renderOrder = 1; // where an avatar is, it need not be drawn
  return mesh;
}

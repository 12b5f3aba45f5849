// The browser's graphics: whether there is a card, and a renderer that suits it.

import { WebGLRenderer } from "three";

/** Sentence shown where a browser has no WebGL. */
export const NO_GRAPHICS =
  "This browser shows no 3D graphics (WebGL 2 is switched off or missing), so the avatars cannot be drawn. " +
  "Everything else works.";

/** A renderer whose canvas hides the page behind it. Throws an Error whose sentence may be shown. */
export function openRenderer(canvas: HTMLCanvasElement, antialias: boolean): WebGLRenderer {
  try {
    // a context of our own, since three.js asks for one that the page shines through, which costs the browser a blend
    const context = canvas.getContext("webgl2", {
      antialias,
      alpha: false,
      stencil: false,
      powerPreference: "high-performance",
    });
    if (!context) throw new Error(NO_GRAPHICS);
    const renderer = new WebGLRenderer({ canvas, context, antialias });
    renderer.autoClear = false;
    renderer.debug.checkShaderErrors = import.meta.env.DEV; // waiting for the compiler costs the first picture
    return renderer;
  } catch {
    throw new Error(NO_GRAPHICS);
  }
}

/** Whether pictures are drawn by the processor; told from a context of its own, since antialiasing is fixed with it. */
export function isSoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) throw new Error(NO_GRAPHICS);
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|softpipe|basic render/i.test(name);
}

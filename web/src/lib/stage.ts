// Where avatars stand: one picture with a seat for each, drawn only when something moves.

import { Color, Group, PerspectiveCamera, Scene, type ShaderMaterial, Vector3, type WebGLRenderer } from "three";
import type { Avatar } from "./avatar";
import { backdropMaterial, wall } from "./backdrop";
import { isSoftware, openRenderer } from "./graphics";
import { Pace } from "./pace";

export { NO_GRAPHICS } from "./graphics";

export type View = "face" | "bust" | "body";

export interface StageOptions {
  /** Seats, side by side, or one above the other where the picture is taller than wide. */
  avatars?: 1 | 2;
  view?: View;
  /** Whom two avatars face: each other a little, or whoever looks at the page. */
  facing?: "partner" | "camera";
}

export interface Stats {
  /** Frames drawn a second, over the last half second of movement. */
  fps: number;
  /** Frames drawn so far. */
  frames: number;
  pixelRatio: number;
  /** Whether there is no graphics card. */
  software: boolean;
}

/** Metres shown: height, least width, and how far the middle lies below the eyes. */
const VIEWS: Record<View, [height: number, width: number, below: number]> = {
  face: [0.36, 0.3, 0.02],
  bust: [0.62, 0.54, 0.13],
  body: [0.9, 0.86, 0.26],
};
const FIELD_DEG = 20;
const TOWARDS_PARTNER_RAD = 0.2;
const STILL_MS = 180;
const STILL_RATIO = 2;
const HEAD_TO_EYES_M = 0.09;

interface Seat {
  scene: Scene;
  holder: Group;
  camera: PerspectiveCamera;
  avatar: Avatar | null;
  eyes: Vector3;
}

export class Stage {
  /** Called before each frame while playing, with the seconds since the last one. */
  onFrame: ((elapsed_s: number) => void) | null = null;
  readonly renderer: WebGLRenderer;
  private readonly seats: Seat[];
  private readonly pace: Pace;
  private readonly software: boolean;
  private readonly backdrop: ShaderMaterial;
  private shown: View;
  private playing = false;
  private request = 0;
  private last_ms = 0;
  private onScreen = true;
  private still = 0;
  private sharp = false;
  private turn = { yaw: 0, pitch: 0 };
  /** Of the canvas on the page; asking it for each frame would have the page laid out each time. */
  private size = { width: 1, height: 1 };

  constructor(
    readonly canvas: HTMLCanvasElement,
    options: StageOptions = {},
  ) {
    this.software = isSoftware();
    this.renderer = openRenderer(canvas, !this.software);
    if (this.software) document.documentElement.dataset["graphics"] = "software"; // styles may spare it work
    this.pace = new Pace(this.software);
    this.shown = options.view ?? "bust";
    this.backdrop = backdropMaterial();
    const count = options.avatars ?? 1;
    const turn_rad = count === 2 && options.facing !== "camera" ? TOWARDS_PARTNER_RAD : 0;
    this.seats = Array.from({ length: count }, (_, i) => this.newSeat(i === 0 ? turn_rad : -turn_rad));
    this.refreshColours();
    this.watch();
    this.resize();
  }

  get stats(): Stats {
    const { fps, frames } = this.pace;
    return { fps: this.playing ? fps : 0, frames, pixelRatio: this.renderer.getPixelRatio(), software: this.software };
  }

  get avatars(): (Avatar | null)[] {
    return this.seats.map((seat) => seat.avatar);
  }

  get view(): View {
    return this.shown;
  }

  set view(view: View) {
    this.shown = view;
    this.turn = { yaw: 0, pitch: 0 };
    this.frameSeats();
  }

  /** Seats an avatar, from the left, in place of who sat there. */
  put(avatar: Avatar, index = 0): void {
    const seat = this.seats[index];
    if (!seat) throw new Error(`the stage has ${this.seats.length} seats, none of number ${index}`);
    if (seat.avatar) seat.holder.remove(seat.avatar.object);
    seat.avatar = avatar;
    if (this.software) avatar.drawCheaply();
    seat.holder.add(avatar.object);
    avatar.place();
    const head = avatar.bone("head") ?? avatar.object.getObjectByName("head");
    if (head)
      seat.eyes.setFromMatrixPosition(head.matrixWorld).applyAxisAngle(new Vector3(0, 1, 0), -seat.holder.rotation.y);
    seat.eyes.y += HEAD_TO_EYES_M;
    this.refreshColours();
    this.frameSeats();
  }

  /** Draws frame after frame, calling `onFrame`, until `pause`. */
  play(): void {
    this.playing = true;
    this.last_ms = performance.now();
    this.touch();
  }

  pause(): void {
    this.playing = false;
    this.pace.rest();
    this.touch();
  }

  /** Draws once, soon: something has changed. */
  touch(): void {
    if (!this.request) this.request = requestAnimationFrame((now) => this.step(now));
  }

  /** Draws now. */
  render(): void {
    // all at once, which comes with the clearing that the browser does by itself; for each seat it would come on top
    this.renderer.setScissorTest(false);
    this.renderer.clear(true, true, false);
    this.renderer.setScissorTest(true);
    this.seats.forEach((seat, i) => {
      const [x, y, width, height] = this.box(i);
      this.renderer.setViewport(x, y, width, height);
      this.renderer.setScissor(x, y, width, height);
      seat.camera.updateMatrixWorld();
      seat.avatar?.prepareFor(seat.camera);
      this.renderer.render(seat.scene, seat.camera);
    });
  }

  /** Draws so many pixels for each of the page's from now on; null: as many as come fast enough. */
  fixPixelRatio(ratio: number | null): void {
    this.pace.fixed = ratio;
    this.resize();
    this.touch();
  }

  /** Turns the view around the avatars by so many radians. */
  orbit(yaw: number, pitch: number): void {
    this.turn = { yaw: clamp(this.turn.yaw + yaw, 1.2), pitch: clamp(this.turn.pitch + pitch, 0.6) };
    this.frameSeats();
  }

  /** Takes the colours of the page anew, after its theme changed. */
  refreshColours(): void {
    const style = getComputedStyle(this.canvas);
    const colour = (name: string, otherwise: string): Color =>
      new Color().setStyle(style.getPropertyValue(name).trim() || otherwise);
    const [middle, border] = [colour("--stage-middle", "#e9ddcf"), colour("--stage-border", "#b9a48f")];
    // the shader writes to the screen without a colour space between
    (this.backdrop.uniforms["middle"]!.value as Color).copy(middle).convertLinearToSRGB();
    (this.backdrop.uniforms["border"]!.value as Color).copy(border).convertLinearToSRGB();
    for (const { avatar } of this.seats) if (avatar) avatar.backdrop = this.backdrop.uniforms["middle"]!.value as Color;
    this.touch();
  }

  private step(now_ms: number): void {
    this.request = 0;
    clearTimeout(this.still);
    const elapsed_s = Math.max(0, now_ms - this.last_ms) / 1000;
    this.last_ms = now_ms;
    if (this.sharp) this.setSize(this.pace.pixelRatio(devicePixelRatio));
    this.sharp = false;
    if (this.playing) this.onFrame?.(elapsed_s);
    if (this.onScreen) {
      this.render();
      if (this.pace.drawn(now_ms)) this.resize();
    }
    if (this.playing) this.touch();
    else if (this.software && this.onScreen) this.still = window.setTimeout(() => this.drawStill(), STILL_MS);
  }

  /** Draws what stands still with four times the pixels, which smooths its edges; the next movement takes that back. */
  private drawStill(): void {
    if (this.playing || this.request) return;
    this.setSize(STILL_RATIO);
    this.render();
    this.sharp = true;
  }

  private newSeat(turn_rad: number): Seat {
    const seat = {
      scene: new Scene(),
      holder: new Group(),
      camera: new PerspectiveCamera(FIELD_DEG, 1, 0.1, 10),
      avatar: null,
      eyes: new Vector3(0, 0.2, 0),
    };
    seat.holder.rotation.y = turn_rad;
    seat.scene.add(seat.holder, wall(this.backdrop));
    return seat;
  }

  /** Where a seat lies in the picture: x, y from below, width and height in pixels of the page. */
  private box(index: number): [number, number, number, number] {
    const { width, height } = this.size;
    if (this.seats.length === 1) return [0, 0, width, height];
    if (height > width) return [0, index === 0 ? Math.ceil(height / 2) : 0, width, Math.ceil(height / 2)];
    return [index * Math.floor(width / 2), 0, Math.ceil(width / 2), height];
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.size = { width, height };
    this.setSize(this.pace.pixelRatio(devicePixelRatio));
    this.frameSeats();
    if (this.onScreen) this.render(); // a new size empties the canvas, which would be seen as black until the next frame
  }

  private setSize(ratio: number): void {
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(this.size.width, this.size.height, false);
  }

  private frameSeats(): void {
    const [height_m, width_m, below_m] = VIEWS[this.shown];
    this.seats.forEach((seat, i) => {
      const [, , width, height] = this.box(i);
      const aspect = width / Math.max(1, height);
      const shown_m = Math.max(height_m, width_m / aspect);
      const far_m = shown_m / 2 / Math.tan((FIELD_DEG * Math.PI) / 360);
      const target = new Vector3(seat.eyes.x, seat.eyes.y - below_m, seat.eyes.z);
      const { yaw, pitch } = this.turn;
      const away = new Vector3(Math.sin(yaw) * Math.cos(pitch), Math.sin(pitch), Math.cos(yaw) * Math.cos(pitch));
      seat.camera.aspect = aspect;
      seat.camera.position.copy(target).addScaledVector(away, far_m);
      seat.camera.lookAt(target);
      seat.camera.updateProjectionMatrix();
    });
    this.touch();
  }

  private watch(): void {
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    new IntersectionObserver(([entry]) => {
      this.onScreen = entry?.isIntersecting ?? true;
      this.touch();
    }).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.refreshColours());
    document.addEventListener("themechange", () => this.refreshColours());
    // three.js restores what it had
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => this.touch());
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) this.orbit(-event.movementX * 0.006, event.movementY * 0.004);
    });
    this.canvas.addEventListener("dblclick", () => (this.view = this.shown));
  }
}

function clamp(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

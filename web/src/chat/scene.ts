// The avatar on the page: draws what the performer shows, often while it talks, seldom while it rests.

import { prefersStillness } from "../lib/dom";
import { ApiError, sentence } from "../lib/api";
import { type Avatar, loadAvatar } from "../lib/avatar";
import { Stage, type View } from "../lib/stage";
import type { Clip } from "./clip";
import { Performer } from "./performer";

/** Pictures a second: breathing needs no more than this, … */
const REST_FPS = 24;
const REST_FPS_SOFTWARE = 14;
/** … and where the processor itself draws, it is left to the model while that answers. */
const THINKING_FPS = 8;
const ANSWERING_FPS = 25;
/** The server makes the avatar once, which takes a while: how often to ask again, and for how long. */
const ASK_AGAIN_MS = 4000;
const MOST_ASKED = 60;
/** A picture of the screen may come this much before its time: it is nearer than the next one. */
const EARLY_MS = 4;
/** How much the newest picture says of how many there are a second. */
const FPS_SHARE = 0.08;
/** How long after a motion it is still drawn as often as within: the way back to rest. */
const SETTLE_S = 1.2;

export interface SceneEvents {
  /** The motion that plays has moved on, and been drawn. */
  played(clip: Clip, position_s: number): void;
  /** A motion has been played to its end. */
  ended(clip: Clip): void;
}

export class Scene {
  stage: Stage | null = null;
  avatar: Avatar | null = null;
  readonly performer = new Performer(prefersStillness());
  /** The model is at work, perhaps on this very machine. */
  modelWorks = false;
  /** Pictures drawn so far. */
  drawn = 0;
  /** Why there is no picture, if so. */
  trouble: string | null = null;
  private clip: Clip | null = null;
  /** Pictures a second, over the last few. */
  fps = 0;
  private last_ms = 0;
  private free = false;
  private busyUntil_ms = 0;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly events: SceneEvents) {}

  /** Opens the stage and seats the avatar; whether there is a picture. */
  async open(url: string, waiting: (why: string) => void): Promise<boolean> {
    this.loop();
    try {
      this.stage = new Stage(this.canvas, { avatars: 1, view: "body" });
      this.avatar = await patiently(url, waiting);
      this.stage.put(this.avatar);
    } catch (error) {
      this.trouble = sentence(error) ?? "The avatar cannot be shown.";
      this.avatar = null;
    }
    return this.avatar !== null;
  }

  get view(): View {
    return this.stage?.view ?? "body";
  }

  set view(view: View) {
    if (this.stage) this.stage.view = view;
  }

  play(clip: Clip): void {
    this.wake();
    this.clip = clip;
    this.performer.play(clip);
  }

  rest(): void {
    this.wake();
    this.clip = null;
    this.performer.rest();
  }

  /** Brings the performer up to now, so that what begins now loses nothing of its beginning. */
  private wake(): void {
    const now_ms = performance.now();
    this.busyUntil_ms = now_ms + 1000 * SETTLE_S;
    this.performer.advance(now_ms / 1000);
  }

  /** One pass for each picture of the screen; at rest most of them do nothing. */
  private loop(): void {
    requestAnimationFrame((now_ms) => {
      this.tick(now_ms);
      this.loop();
    });
  }

  private tick(now_ms: number): void {
    const wanted_fps = this.wantedFps(now_ms);
    if (1000 / wanted_fps - (now_ms - this.last_ms) > EARLY_MS) return;
    this.count(now_ms - this.last_ms);
    this.last_ms = now_ms;
    const clip = this.performer.playing?.clip ?? null;
    const ended = this.performer.advance(now_ms / 1000);
    const { face, body, gaze } = this.performer.pose;
    this.avatar?.pose(face, body, gaze);
    this.draw(wanted_fps);
    if (this.performer.playing) this.busyUntil_ms = now_ms + 1000 * SETTLE_S;
    if (clip && !ended) this.events.played(clip, this.performer.position_s);
    if (clip && ended) this.end(clip);
  }

  /** As many pictures a second as the screen has while something moves, fewer where nobody would see the difference. */
  private wantedFps(now_ms: number): number {
    const software = this.stage?.stats.software ?? false;
    const moving = this.performer.playing !== null || now_ms < this.busyUntil_ms;
    if (this.modelWorks && software) return this.performer.playing ? ANSWERING_FPS : THINKING_FPS;
    if (moving) return Number.POSITIVE_INFINITY;
    return software ? REST_FPS_SOFTWARE : REST_FPS;
  }

  /** The stage draws by itself while everything moves, and otherwise only these single pictures. */
  private draw(wanted_fps: number): void {
    if (!this.stage) return;
    const freely = wanted_fps === Number.POSITIVE_INFINITY;
    if (freely === this.free) {
      if (!freely) this.stage.render();
      return;
    }
    this.free = freely;
    if (freely) this.stage.play();
    else this.stage.pause();
  }

  private count(interval_ms: number): void {
    if (!this.avatar) return;
    this.drawn += 1;
    const share = interval_ms < 500 ? FPS_SHARE : 1; // after a pause the count begins anew
    if (interval_ms > 0) this.fps += share * (1000 / interval_ms - this.fps);
  }

  private end(clip: Clip): void {
    if (this.clip === clip) this.clip = null;
    this.events.played(clip, clip.duration_s);
    this.events.ended(clip);
  }
}

/** The avatar, as soon as the server has made it. */
async function patiently(url: string, waiting: (why: string) => void): Promise<Avatar> {
  for (let asked = 1; ; asked++) {
    try {
      return await loadAvatar(url);
    } catch (error) {
      if (!(error instanceof ApiError) || ![0, 429, 503].includes(error.status) || asked >= MOST_ASKED) throw error;
      waiting(error.message);
      await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
    }
  }
}

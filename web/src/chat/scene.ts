// The avatar on the page: draws what the performer shows, often while it talks, seldom while it rests.

import { prefersStillness } from "../lib/dom";
import { ApiError, sentence } from "../lib/api";
import { type Avatar, loadAvatar } from "../lib/avatar";
import { Stage, type View } from "../lib/stage";
import type { Clip } from "./clip";
import { Performer } from "./performer";

/** Breathing needs no more; a page that waits leaves the processor to the model. */
const REST_FPS = 24;
const REST_FPS_SOFTWARE = 14;
/** The server makes the avatar once, which takes a while: how often to ask again, and for how long. */
const ASK_AGAIN_MS = 4000;
const MOST_ASKED = 60;
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
  /** Why there is no picture, if so. */
  trouble: string | null = null;
  private clip: Clip | null = null;
  private last_ms = 0;
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
    this.clip = clip;
    this.performer.play(clip);
    this.wake();
  }

  rest(): void {
    this.clip = null;
    this.performer.rest();
    this.wake();
  }

  private wake(): void {
    this.busyUntil_ms = performance.now() + 1000 * SETTLE_S;
    if (this.stage && !document.hidden) this.stage.play();
  }

  /** One pass for each picture of the screen; at rest most of them do nothing. */
  private loop(): void {
    requestAnimationFrame((now_ms) => {
      this.tick(now_ms);
      this.loop();
    });
  }

  private tick(now_ms: number): void {
    const resting = !this.performer.playing && now_ms > this.busyUntil_ms;
    const wanted_ms = 1000 / (this.stage?.stats.software ? REST_FPS_SOFTWARE : REST_FPS);
    if (resting && now_ms - this.last_ms < wanted_ms) return;
    this.last_ms = now_ms;
    const clip = this.performer.playing?.clip ?? null;
    const ended = this.performer.advance(now_ms / 1000);
    const { face, body, gaze } = this.performer.pose;
    this.avatar?.pose(face, body, gaze);
    if (resting) this.restOnce();
    if (this.performer.playing) this.busyUntil_ms = now_ms + 1000 * SETTLE_S;
    if (clip && !ended) this.events.played(clip, this.performer.position_s);
    if (clip && ended) this.end(clip);
  }

  /** While at rest the stage stands still but for these single pictures. */
  private restOnce(): void {
    if (!this.stage) return;
    this.stage.pause();
    this.stage.render();
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

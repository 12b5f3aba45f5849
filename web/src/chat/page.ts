// Brings the pieces of the chat page together.

import { announce, byId } from "../lib/dom";
import { sentence } from "../lib/api";
import { partLinks } from "../home/parts";
import { Camera } from "./camera";
import type { Clip } from "./clip";
import { Composer } from "./composer";
import { Conversation } from "./conversation";
import { Indicators } from "./indicators";
import { Link, type LinkState } from "./link";
import { UNKNOWN, loadModel, type ModelInfo } from "./model";
import { SamplingPanel } from "./sampling";
import { Scene } from "./scene";
import { StepsTable } from "./steps";
import { Subtitle } from "./subtitle";
import { Transcript } from "./transcript";
import type { Turn } from "./turn";
import { Voice } from "./voice";
import { folding, viewButtons } from "./switches";
import { saidAt } from "./words";

const AVATAR = "/avatar/a.glb";

export class ChatPage {
  private model: ModelInfo = UNKNOWN;
  private playing: Turn | null = null;
  private openSteps: (open: boolean) => void = () => undefined;
  private readonly indicators = new Indicators();
  private readonly link = new Link("/api/chat", {
    state: (state) => this.linked(state),
    text: (data) => this.talk.hear(data),
    motion: (data) => this.talk.move(data),
  });
  private readonly talk = new Conversation((message) => this.link.send(message), {
    asked: (turn) => this.asked(turn),
    heard: () => this.indicators.doing("thinking"),
    motion: (turn, clip) => this.motion(turn, clip),
    step: (turn) => this.step(turn),
    ended: (turn) => this.ended(turn),
    failed: (turn, message) => this.failed(turn, message),
    seen: (face) => this.camera.see(face),
    cleared: () => this.cleared(),
  });
  private readonly scene = new Scene(byId<HTMLCanvasElement>("stage"), {
    played: (clip, position_s) => this.played(clip, position_s),
    ended: () => this.stopPlaying(),
  });
  private readonly transcript = new Transcript(byId("log"), () => this.model.name, {
    again: (turn) => this.again(turn),
    steps: (turn) => this.showSteps(turn),
  });
  private readonly subtitle = new Subtitle(byId("subtitle"));
  private readonly steps = new StepsTable(byId("steps"));
  private readonly sampling = new SamplingPanel(byId("sampling"));
  private readonly voice = new Voice(byId("voice"));
  private readonly camera = new Camera(
    byId("camera"), this.link, (on) => byId("show-camera").setAttribute("aria-pressed", String(on)),
  );
  private readonly composer = new Composer({ say: (text) => this.say(text), stop: () => this.stop() });

  open(): void {
    const voice = folding(byId("show-voice"), byId("voice"), (open) => open && sampling(false));
    const sampling = folding(byId("show-sampling"), byId("sampling"), (open) => open && voice(false));
    this.openSteps = folding(byId("show-steps"), byId("steps"), (open) => (this.steps.isOpen = open));
    viewButtons((view) => (this.scene.view = view));
    byId("say").addEventListener("input", () => this.link.retry());
    byId("new").addEventListener("click", () => this.renew());
    byId("show-camera").addEventListener("click", () => void this.toggleCamera());
    byId("log").addEventListener("keydown", (event) => event.key === "Home" && (byId("log").scrollTop = 0));
    window.addEventListener("pagehide", () => {
      this.voice.hush();
      this.camera.stop();
    });
    const ready = Promise.all([this.seat(), this.meet()]).then(() => undefined);
    this.link.open();
    void partLinks(byId("parts"), "chat");
    this.expose(ready);
  }

  private async seat(): Promise<void> {
    const shown = await this.scene.open(AVATAR, (why) => this.indicators.picture(why, false));
    this.indicators.picture(shown ? null : (this.scene.trouble ?? "The avatar cannot be shown."));
    this.indicators.figures(null);
  }

  private async meet(): Promise<void> {
    try {
      this.model = await loadModel();
    } catch (error) {
      this.indicators.notice(sentence(error) ?? "");
    }
    byId("model-name").textContent = this.model.name;
    byId("show-camera").hidden = !this.model.can_watch;
    this.transcript.notes = this.model.notes;
    this.sampling.begin(this.model.sampling);
    this.composer.begin(this.model.longest, this.model.starters);
  }

  private say(text: string): boolean {
    this.voice.hush();
    if (this.playing) this.stopPlaying();
    if (this.talk.say(text, this.sampling.value)) return true;
    this.indicators.notice(
      "The server cannot be reached just now. The sentence stays in the field; "
      + "say it again when the connection is back.",
    );
    this.link.retry();
    this.composer.restore(text);
    return false;
  }

  private stop(): void {
    this.voice.hush();
    this.stopPlaying();
    this.talk.stop();
  }

  private renew(): void {
    this.voice.hush();
    this.stopPlaying();
    if (!this.talk.reset()) {
      this.indicators.notice(
        "The server cannot be reached just now; a new conversation begins with the next connection.",
      );
    }
  }

  private asked(turn: Turn): void {
    this.indicators.notice(null);
    this.indicators.doing("thinking");
    this.scene.modelWorks = true;
    this.composer.busy = true;
    this.transcript.ask(turn);
    this.steps.show(turn);
  }

  /** Motion is there to be played: the answer goes before what the avatar did while it listened. */
  private motion(turn: Turn, clip: Clip): void {
    if (turn !== this.talk.current) return;
    if (clip === turn.clip) this.playing = turn;
    this.scene.play(clip);
    this.indicators.doing(clip === turn.clip ? "speaking" : "listening");
  }

  private step(turn: Turn): void {
    this.transcript.add(turn);
    this.steps.add(turn);
    if (turn.words.length) requestAnimationFrame(() => turn.watch.word(performance.now()));
  }

  private ended(turn: Turn): void {
    this.scene.modelWorks = this.talk.current?.isComing ?? false;
    this.transcript.end(turn, this.figuresOf(turn));
    if (turn === this.talk.current) this.indicators.figures(this.figuresOf(turn));
    // word by word a screen reader would read it in pieces; a stop is confirmed later, and told once
    if (turn.over !== (turn.end !== null)) this.tell(turn, turn.over ? "Stopped." : "");
    if (!turn.clip.frames) this.transcript.say(turn, turn.words.length, false);
    if (!this.playing && turn === this.talk.current) this.stopPlaying();
  }

  private failed(turn: Turn | null, message: string): void {
    if (!turn) {
      this.indicators.notice(message);
      return;
    }
    this.scene.modelWorks = this.talk.current?.isComing ?? false;
    this.transcript.fail(turn, message);
    this.tell(turn, message);
    if (!turn.steps.length) this.composer.restore(turn.text);
    if (!this.playing) this.stopPlaying();
  }

  /** An answer and what became of it, for screen readers; the browser's own voice says the words where it is on. */
  private tell(turn: Turn, end: string): void {
    const name = this.model.name;
    const words = turn.told && !this.voice.isOn ? `${name}: ${turn.told}` : "";
    const none = turn.told || end ? "" : `${name} says nothing.`;
    announce([words, end, none].filter(Boolean).join(" "));
  }

  private cleared(): void {
    this.indicators.notice(null);
    this.transcript.clear();
    this.steps.show(null);
    this.indicators.figures(null);
    announce("A new conversation has begun");
    byId("say").focus();
  }

  private played(clip: Clip, position_s: number): void {
    const turn = this.playing;
    if (!turn || turn.clip !== clip) return;
    if (this.scene.avatar && turn.watch.waitsForMotion && position_s > 0) {
      requestAnimationFrame(() => {
        turn.watch.motion(performance.now());
        this.indicators.figures(this.figuresOf(turn));
      });
    }
    this.indicators.drawn(this.scene.fps);
    const said = saidAt(turn.words, position_s);
    turn.said = Math.max(turn.said, said);
    this.transcript.say(turn, said, true);
    this.subtitle.show(turn.words, position_s);
    this.steps.light(turn, position_s);
    this.voice.speak(turn, turn.words, position_s, turn.isComing);
  }

  /** The avatar goes back to rest, whether its answer is through or not. */
  private stopPlaying(): void {
    if (this.playing) this.transcript.say(this.playing, this.playing.said, false);
    this.playing = null;
    this.scene.rest();
    this.subtitle.clear();
    this.indicators.doing("rest");
    this.composer.busy = this.talk.current?.isComing ?? false;
  }

  private again(turn: Turn): void {
    this.stop();
    this.playing = turn;
    this.steps.show(turn);
    this.composer.busy = true;
    this.indicators.doing("speaking");
    this.scene.play(turn.clip);
  }

  private showSteps(turn: Turn): void {
    this.steps.show(turn);
    this.openSteps(true);
    byId("steps").scrollIntoView({ block: "nearest" });
  }

  private linked(state: LinkState): void {
    this.indicators.link(state);
    if (state.is === "lost" || state.is === "asleep") this.talk.lost();
  }

  private async toggleCamera(): Promise<void> {
    if (this.camera.isOn) return this.camera.stop();
    try {
      await this.camera.start();
    } catch (error) {
      this.indicators.notice(sentence(error) ?? "");
    }
  }

  private figuresOf(turn: Turn): ReturnType<Turn["watch"]["figures"]> {
    const playing = this.scene.performer.playing;
    const late_s = playing?.clip === turn.clip ? playing.late_s : 0;
    return turn.watch.figures(turn.number ?? 0, turn.clip.duration_s, late_s);
  }

  /** What tests and curious people look at. */
  private expose(ready: Promise<void>): void {
    const page = this;
    Object.assign(window, {
      nonverbal: {
        ready,
        get stage() { return page.scene.stage; },
        get avatars() { return page.scene.avatar ? [page.scene.avatar] : []; },
        stats: () => ({
          ...(page.scene.stage?.stats ?? { fps: 0, frames: 0 }),
          connected: page.link.isOpen, chat: page.talk.chat, playing: page.playing?.number ?? null,
          position_s: page.scene.performer.position_s, pictures: page.camera.sent,
          drawn: page.scene.drawn, fps: page.scene.fps,
          answers: page.talk.turns.map((turn) => page.figuresOf(turn)),
        }),
      },
    });
  }
}

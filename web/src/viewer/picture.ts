// The avatars' picture with what must be said over it: names, who speaks, what was not seen, and what went wrong.

import { sentence } from "../lib/api";
import { el, fill } from "../lib/dom";
import { Cast } from "./cast";
import { ownClass } from "./people";
import type { Track } from "./track";
import type { Dataset, Dialogue } from "./types";

export interface Picture {
  element: HTMLElement;
  /** None where the browser has no WebGL. */
  cast: Cast | null;
  /** What keeps the avatars from moving, if anything. */
  fault: string;
  /** Lets others take the seats; their motion stands in the tracks that the picture was made with. */
  seat: (seats: readonly string[]) => void;
  onFrame: (frame: (elapsed_s: number) => void) => void;
  play: () => void;
  pause: () => void;
  show: (time_s: number, elapsed_s: number, playing: boolean) => void;
}

export function pictureOf(
  dialogue: Dialogue,
  dataset: Dataset,
  seats: readonly string[],
  tracks: readonly Track[],
): Picture {
  const note = el("p", { class: "picture-note", role: "status", data: { testid: "picture-note" } });
  const labels = seats.map((_, i) => {
    const unseen = el("span", { class: "unseen-parts" });
    const who = el("span", { class: "who" });
    const element = el("div", { data: { testid: `seat-${i}` } }, who, unseen);
    return { element, unseen, who };
  });
  const name = (seated: readonly string[]): void => {
    labels.forEach(({ element, who }, i) => {
      element.className = `seat-label ${ownClass(dialogue.participants.indexOf(seated[i]))}${i ? " right" : ""}`;
      fill(who, seated[i]);
    });
    cast?.canvas.setAttribute("aria-label", `Avatars of ${seated.join(" and ")}, side by side`);
  };
  const loop = new Loop();
  const said = { note: "" };
  let cast: Cast | null = null;
  const frame = el("div", { class: "picture" });
  const perform = (shown: readonly Track[]): void =>
    cast?.perform(shown, dataset.columns.face.length, dataset.columns.body.length, dataset.face_space === "arkit52");
  const say = (text: string): void => {
    if (text !== said.note) fill(note, (said.note = text));
  };
  try {
    cast = Cast.get();
    perform(tracks);
    frame.append(cast.canvas);
  } catch (error) {
    frame.classList.add("no-graphics");
    frame.append(el("p", { class: "notice", role: "alert", data: { testid: "no-graphics" } }, sentence(error) ?? ""));
  }
  name(seats);
  frame.append(...labels.map((label) => label.element), note);
  const picture: Picture = {
    element: el("div", {}, frame, faceNotice(dataset)),
    cast,
    fault: "",
    seat: (seated) => {
      name(seated);
      perform(tracks);
    },
    onFrame: (action) => {
      if (cast) cast.onFrame = action;
      else loop.action = action;
    },
    play: () => (cast ? cast.stage.play() : loop.start()),
    pause: () => (cast ? cast.stage.pause() : loop.stop()),
    show: (time_s, elapsed_s, playing) => {
      cast?.show(time_s, elapsed_s);
      const missing = tracks.find((track) => track.fault)?.fault ?? "";
      const waits = playing && tracks.some((track) => !track.has(time_s));
      say(
        picture.fault ||
          missing ||
          (waits ? "Motion is on its way …" : loading ? "The avatars are on their way …" : ""),
      );
    },
  };
  let loading = cast !== null;
  if (cast) {
    cast.onTold = (index, unseen, speaking) => {
      labels[index]?.element.classList.toggle("speaks", speaking);
      if (labels[index]) fill(labels[index].unseen, ...unseen.map((text) => el("span", { class: "chip" }, text)));
    };
    cast.ready.then(
      () => {
        loading = false;
        say("");
      },
      (error: unknown) => {
        Cast.forget();
        picture.fault = sentence(error) ?? "";
        say(picture.fault);
      },
    );
  }
  return picture;
}

function faceNotice(dataset: Dataset): HTMLElement | null {
  if (dataset.face_space === "arkit52") return null;
  const text =
    `The faces of this dataset are ${dataset.face_space} parameters, which need licensed FLAME meshes to be shown. ` +
    `The avatars' bodies, heads and hands move; their faces rest.`;
  return el("p", { class: "notice", data: { testid: "face-notice" } }, text);
}

/** Frames without a stage: words and timelines move on where nothing can be drawn. */
class Loop {
  action: (elapsed_s: number) => void = () => {};
  private request = 0;
  private last_ms = 0;

  start(): void {
    this.last_ms = performance.now();
    const step = (now_ms: number): void => {
      this.request = requestAnimationFrame(step);
      this.action(Math.max(0, now_ms - this.last_ms) / 1000);
      this.last_ms = now_ms;
    };
    cancelAnimationFrame(this.request);
    this.request = requestAnimationFrame(step);
  }

  stop(): void {
    cancelAnimationFrame(this.request);
  }
}

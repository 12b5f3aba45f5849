// The dialogue's source, if the server has it: its sound and picture, whose clock leads the avatars.

import { el } from "../lib/dom";
import type { Clock } from "./clock";
import type { Dialogue } from "./types";

export interface Source {
  element: HTMLElement;
  mute: (muted: boolean) => void;
}

export function sourceOf(dialogue: Dialogue, clock: Clock, signal: AbortSignal): Source | null {
  if (!dialogue.media) return null;
  const note = el("p", { class: "muted" }, "Its sound leads the avatars.");
  const video = el("video", {
    class: "source-video",
    src: dialogue.media,
    preload: "metadata",
    playsinline: true,
    aria: { label: "The source of this dialogue" },
    data: { testid: "source" },
  });
  const element = el(
    "section",
    { class: "source card", aria: { labelledby: "source-title" } },
    el("h2", { id: "source-title" }, "Source"),
    video,
    note,
  );
  video.addEventListener("loadedmetadata", () => {
    video.hidden = video.videoWidth === 0; // sound alone
    clock.follow({ element: video, start_s: dialogue.start_s });
  });
  video.addEventListener("error", () => {
    clock.follow(null);
    video.hidden = true;
    note.textContent =
      "The source cannot be played here: this browser lacks its format, or the file has gone. " +
      "The avatars move without it.";
  });
  signal.addEventListener("abort", () => {
    clock.follow(null);
    video.pause();
    video.removeAttribute("src");
    video.load();
  });
  return { element, mute: (muted) => (video.muted = muted) };
}

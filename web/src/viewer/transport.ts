// Play, pause, steps, speed, and what of the avatars is shown.

import { el, fill } from "../lib/dom";
import type { View } from "../lib/stage";
import { type Clock, SPEEDS } from "./clock";
import { clockText } from "./route";

export interface TransportActions {
  smooth: (on: boolean) => void;
  view: ((view: View) => void) | null;
  mute: ((muted: boolean) => void) | null;
}

export interface Transport {
  element: HTMLElement;
  show: (time_s: number) => void;
  /** Shows whether time runs, and how fast. */
  refresh: () => void;
}

const VIEWS: [View, string][] = [
  ["face", "Face"],
  ["bust", "Bust"],
  ["body", "Body"],
];

export function transportOf(clock: Clock, fps: number, actions: TransportActions): Transport {
  const play = el("button", {
    type: "button",
    class: "icon-button play",
    id: "play",
    aria: { keyshortcuts: "Space" },
    on: { click: () => clock.toggle() },
  });
  const time = el("span", { class: "time", data: { testid: "time" } });
  const speed = el(
    "select",
    { class: "field", id: "speed" },
    ...SPEEDS.map((rate) => el("option", { value: rate, selected: rate === 1 }, `${rate}×`)),
  );
  speed.addEventListener("change", () => (clock.speed = Number(speed.value)));
  const step = (text: string, label: string, frames: number, id: string): HTMLElement =>
    el(
      "button",
      {
        type: "button",
        class: "icon-button",
        id,
        title: label,
        aria: { label },
        on: { click: () => stepBy(clock, frames / fps) },
      },
      text,
    );
  const smooth = toggle("Smoothed", "smooth", false, actions.smooth);
  smooth.title = "Savitzky-Golay over five frames, in place of the values as stored";
  const views = actions.view ? viewButtons(actions.view) : null;
  const sound = actions.mute ? toggle("Sound", "sound", true, (on) => actions.mute?.(!on)) : null;
  const element = el(
    "div",
    { class: "transport", role: "group", aria: { label: "Playback" } },
    step("‹", "One frame back", -1, "step-back"),
    play,
    step("›", "One frame on", 1, "step-on"),
    time,
    el("label", { class: "labelled inline", for: "speed" }, el("span", { class: "unseen" }, "Speed"), speed),
    smooth,
    sound,
    views,
  );
  let shown = "";
  const show = (time_s: number): void => {
    const text = `${clockText(time_s)}.${Math.floor((time_s % 1) * 10)} / ${clockText(clock.duration_s)}`;
    if (text !== shown) time.textContent = shown = text;
  };
  const refresh = (): void => {
    fill(play, el("span", { class: clock.playing ? "sign-pause" : "sign-play", aria: { hidden: true } }));
    play.setAttribute("aria-label", clock.playing ? "Pause" : "Play");
    speed.value = String(clock.speed);
    show(clock.time_s);
  };
  refresh();
  return { element, show, refresh };
}

/** The keys of the view; gives whether the key was one. */
export function handleKey(event: KeyboardEvent, clock: Clock, fps: number): boolean {
  const target = event.target as Element;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea")) return false;
  const seconds = event.shiftKey ? 10 : 2;
  switch (event.key) {
    case " ":
      if (target.closest("button, a, summary")) return false;
      clock.toggle();
      return true;
    case "k":
      clock.toggle();
      return true;
    case "ArrowLeft":
      clock.seek(clock.time_s - seconds);
      return true;
    case "ArrowRight":
      clock.seek(clock.time_s + seconds);
      return true;
    case ",":
      stepBy(clock, -1 / fps);
      return true;
    case ".":
      stepBy(clock, 1 / fps);
      return true;
    case "Home":
      clock.seek(0);
      return true;
    case "End":
      clock.seek(clock.duration_s);
      return true;
    case "<":
      clock.speed = neighbour(clock.speed, -1);
      return true;
    case ">":
      clock.speed = neighbour(clock.speed, 1);
      return true;
    default:
      return false;
  }
}

/** What the keys do, for the page. */
export const KEYS: [string, string][] = [
  ["Space", "play or pause"],
  ["← →", "two seconds; with Shift ten"],
  [", .", "one frame"],
  ["< >", "slower, faster"],
  ["Home End", "start, end"],
  ["/", "search, in the list"],
];

function stepBy(clock: Clock, seconds: number): void {
  clock.pause();
  clock.seek(clock.time_s + seconds);
}

function neighbour(speed: number, step: number): number {
  const at = SPEEDS.indexOf(speed as (typeof SPEEDS)[number]);
  return SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + step))];
}

function toggle(text: string, id: string, on: boolean, action: (on: boolean) => void): HTMLButtonElement {
  const button = el("button", { type: "button", class: "button small", id, aria: { pressed: on } }, text);
  button.addEventListener("click", () => {
    const next = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(next));
    action(next);
  });
  return button;
}

function viewButtons(action: (view: View) => void): HTMLElement {
  const buttons = VIEWS.map(([view, text]) =>
    el("button", { type: "button", class: "button small", data: { view }, aria: { pressed: view === "bust" } }, text),
  );
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      action(button.dataset["view"] as View);
    });
  }
  return el("div", { class: "views", role: "group", aria: { label: "How much of the avatars is shown" } }, ...buttons);
}

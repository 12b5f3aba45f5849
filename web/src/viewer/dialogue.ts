// One dialogue: two avatars, its words, its timeline and its curves, all at the same moment.

import { getBuffer, getJson, sentence, withQuery } from "../lib/api";
import { announce, byId, el, fill, later, safeLink } from "../lib/dom";
import { unpack } from "../lib/motion";
import type { Cast } from "./cast";
import { Clock } from "./clock";
import { curvesOf } from "./curves";
import { listenersOf } from "./listeners";
import { type Picture, pictureOf } from "./picture";
import { seated } from "./people";
import { clockText, format, type Route } from "./route";
import { sourceOf } from "./source";
import { timelineOf } from "./timeline";
import { Track } from "./track";
import { transcriptOf } from "./transcript";
import { handleKey, KEYS, transportOf } from "./transport";
import type { Dialogue, Timeline } from "./types";
import { type Context, length, number, routeLink, type Shown, titleOf } from "./view";

const REMEMBER_MS = 400;
const REMEMBER_WHILE_PLAYING_S = 2;

export async function showDialogue(
  root: HTMLElement,
  route: Route & { page: "dialogue" },
  context: Context,
): Promise<Shown> {
  const { dataset, signal } = context;
  const address = `/api/dialogues/${encodeURIComponent(route.id)}`;
  let dialogue = await getJson<Dialogue>(address, signal);
  const clock = new Clock(dialogue.duration_s);
  clock.seek(route.t);
  let smooth = false;
  const trackOf = (name: string): Track => {
    const of = `${address}/motion/${encodeURIComponent(name)}`;
    const track = new Track(
      async (first, frames, control) =>
        unpack(await getBuffer(withQuery(of, { first: first || null, frames, smooth }), control)),
      dialogue.n_frames,
      dialogue.fps,
    );
    track.onArrival = () => !signal.aborted && refresh();
    return track;
  };
  let seats = dialogue.participants.slice(0, 2);
  const tracks = seats.map(trackOf);
  const picture = pictureOf(dialogue, dataset, seats, tracks);
  const chooser = seatsOf(dialogue, seats, (index, name) => {
    const [next, known] = [seated(seats, index, name), new Map(seats.map((other, i) => [other, tracks[i]]))];
    for (const [other, track] of known) if (!next.includes(other)) track.clear();
    next.forEach((other, i) => (tracks[i] = known.get(other) ?? trackOf(other)));
    picture.seat((seats = next));
    refresh();
    return seats;
  });
  const source = sourceOf(dialogue, clock, signal);
  const seek = (time_s: number): void => clock.seek(time_s);
  const transcript = transcriptOf(dialogue, seek, () => void reveal());
  const timeline = timelineOf(dialogue, seek);
  const curves = curvesOf(dialogue, dataset, seek, signal);
  const transport = transportOf(clock, dialogue.fps, {
    smooth: (on) => {
      smooth = on;
      for (const track of tracks) track.clear();
      curves.smooth(on);
      refresh();
    },
    view: picture.cast ? (view) => picture.cast && (picture.cast.view = view) : null,
    mute: source ? source.mute : null,
  });
  fill(
    root,
    head(dialogue, clock),
    el(
      "div",
      { class: "dialogue" },
      el(
        "div",
        { class: "main-column" },
        el("section", { class: "card theatre", aria: { label: "Avatars" } }, picture.element, chooser, transport.element),
        timeline.element,
        listenersOf(dialogue, seek),
        curves.element,
      ),
      el("div", { class: "side-column" }, source?.element, transcript.element, facts(dialogue), keys()),
    ),
  );

  const remember = later(REMEMBER_MS, () => {
    if (!signal.aborted) history.replaceState(null, "", format({ page: "dialogue", id: dialogue.id, t: clock.time_s }));
  });
  let remembered_s = clock.time_s;
  /** Brings everything to the clock's moment. */
  function refresh(elapsed_s = 0): void {
    const { time_s } = clock;
    for (const track of tracks) track.want(time_s);
    clock.waiting = tracks.some((track) => !track.has(time_s) && !track.fault);
    picture.show(time_s, elapsed_s, clock.playing);
    timeline.show(time_s);
    transport.show(time_s);
    transcript.show(time_s, clock.playing);
    curves.show(time_s);
    if (Math.abs(time_s - remembered_s) < REMEMBER_WHILE_PLAYING_S) return;
    remembered_s = time_s;
    remember();
  }
  const frame = (elapsed_s: number): void => {
    clock.tick(elapsed_s);
    refresh(elapsed_s);
  };
  picture.onFrame(frame);
  clock.onChange = (what) => {
    if (what === "play") picture.play();
    if (what === "pause") picture.pause();
    if (what !== "speed") remember();
    transport.refresh();
    refresh();
  };
  picture.cast?.ready.then(
    () => refresh(),
    () => undefined,
  );
  document.addEventListener(
    "keydown",
    (event) => {
      if (!event.defaultPrevented && handleKey(event, clock, dialogue.fps)) event.preventDefault();
    },
    { signal },
  );
  signal.addEventListener("abort", () => {
    clock.pause();
    picture.pause();
    for (const track of tracks) track.clear();
  });
  getJson<Timeline>(withQuery(`${address}/timeline`, { bins: 600 }), signal).then(timeline.take, (error) => {
    const text = sentence(error);
    if (text) announce(text);
  });
  refresh();
  expose(picture.cast, picture, tracks, clock);

  async function reveal(): Promise<void> {
    try {
      dialogue = await getJson<Dialogue>(withQuery(address, { harmful: true }), signal);
      transcript.take(dialogue);
      refresh();
    } catch (error) {
      const text = sentence(error);
      if (text) announce(text);
    }
  }
  return {
    title: titleOf(dialogue),
    update: (next) => {
      if (next.page !== "dialogue" || next.id !== dialogue.id) return false;
      clock.seek(next.t);
      return true;
    },
  };
}

/** Who of more than two is shown on which side; none for two. */
function seatsOf(
  dialogue: Dialogue,
  seats: readonly string[],
  sit: (index: number, name: string) => readonly string[],
): HTMLElement | null {
  if (dialogue.participants.length <= seats.length) return null;
  const fields = seats.map((shown, i) => {
    const options = dialogue.participants.map((name) => el("option", { value: name, selected: name === shown }, name));
    return el("select", { class: "field", id: `sits-${i}` }, ...options);
  });
  fields.forEach((field, i) =>
    field.addEventListener("change", () =>
      sit(i, field.value).forEach((name, k) => {
        fields[k].value = name;
      }),
    ),
  );
  return el(
    "div",
    { class: "transport", role: "group", aria: { label: "Who is shown" } },
    ...["Left", "Right"].map((side, i) =>
      el("label", { class: "labelled inline", for: `sits-${i}` }, el("span", {}, side), fields[i]),
    ),
  );
}

function head(dialogue: Dialogue, clock: Clock): HTMLElement {
  const neighbour = (id: string | null, text: string, rel: string): HTMLElement | null =>
    id ? routeLink({ page: "dialogue", id, t: 0 }, { class: "button small", rel }, text) : null;
  const copied = el("span", { class: "muted", role: "status" });
  const copy = el(
    "button",
    {
      type: "button",
      class: "button small",
      id: "copy-link",
      on: { click: () => void copyLink(dialogue.id, clock, copied) },
    },
    "Copy link to this moment",
  );
  const words = dialogue.turns.reduce((sum, turn) => sum + turn.words.length, 0);
  const told = [
    dialogue.channel,
    dialogue.language,
    dialogue.split,
    length(dialogue.duration_s),
    `${number(dialogue.turns.length)} turns`,
    `${number(words)} words`,
  ].filter(Boolean);
  return el(
    "header",
    { class: "dialogue-head" },
    el("div", {}, el("h1", { tabindex: -1 }, titleOf(dialogue)), el("p", { class: "muted facts" }, told.join(" · "))),
    el(
      "nav",
      { class: "dialogue-links", aria: { label: "This dialogue and its neighbours" } },
      copied,
      copy,
      neighbour(dialogue.previous, "Previous", "prev"),
      neighbour(dialogue.next, "Next", "next"),
    ),
  );
}

async function copyLink(id: string, clock: Clock, status: HTMLElement): Promise<void> {
  const address = new URL(format({ page: "dialogue", id, t: clock.time_s }), location.href).href;
  try {
    await navigator.clipboard.writeText(address);
    fill(status, `Copied, at ${clockText(clock.time_s)}`);
  } catch {
    const field = el("input", {
      class: "field",
      readonly: true,
      value: address,
      aria: { label: "Link to this moment" },
    });
    fill(status, field); // no clipboard here: the address stands ready to be copied by hand
    field.select();
  }
}

function facts(dialogue: Dialogue): HTMLElement {
  const link = dialogue.url ? safeLink(dialogue.url) : null;
  const rows: [string, string | HTMLElement][] = [
    ["Id", dialogue.id],
    ["In its source from", clockText(dialogue.start_s)],
    ["Frames", `${number(dialogue.n_frames)} at ${dialogue.fps} a second`],
    ["Licence", dialogue.licence || "not told"],
    [
      "Source",
      link
        ? el("a", { href: link, rel: "noreferrer noopener", target: "_blank" }, new URL(link).host)
        : dialogue.url || "not told",
    ],
  ];
  const list = rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return el(
    "details",
    { class: "card folded" },
    el("summary", {}, "About this dialogue"),
    el("dl", { class: "facts-list" }, ...list),
  );
}

function keys(): HTMLElement {
  const rows = KEYS.flatMap(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]);
  return el("details", { class: "card folded" }, el("summary", {}, "Keys"), el("dl", { class: "facts-list" }, ...rows));
}

function expose(cast: Cast | null, picture: Picture, tracks: Track[], clock: Clock): void {
  window.nonverbal = {
    ready: cast ? cast.ready : Promise.resolve(),
    stage: cast?.stage ?? null,
    avatars: cast?.avatars ?? [],
    stats: () => ({
      ...(cast?.stage.stats ?? {}),
      time_s: clock.time_s,
      playing: clock.playing,
      chunks: tracks.map((track) => track.size),
      fault: picture.fault,
    }),
  };
  byId("main").dataset["dialogue"] = "shown";
}

// Turns, speaking, validity and confidence over the whole dialogue; dragging on it moves through time.

import { el, fill } from "../lib/dom";
import { MARK_PX, marksOf } from "./marks";
import { letterOf, ownClass } from "./people";
import { clockText, spokenTime } from "./route";
import type { Dialogue, Lane, Rows, Timeline, Turn } from "./types";
import { percent } from "./view";

const GUTTER_PX = 58;
const TURN_PX = 20;
const STRIP_PX = 7;
const GAP_PX = 3;
const BLOCK_PX = TURN_PX + 3 * (STRIP_PX + GAP_PX) + 16;
const TOP_PX = 6;
const MARKS_TOP_PX = BLOCK_PX - 8;
const RULER_PX = 18;
const STRIPS = ["face", "body", "hands"] as const;

export interface TimelineView {
  element: HTMLElement;
  show: (time_s: number) => void;
  take: (timeline: Timeline) => void;
}

export function timelineOf(dialogue: Dialogue, seek: (time_s: number) => void): TimelineView {
  const names = dialogue.participants;
  const canvas = el("canvas", { class: "timeline-canvas", aria: { hidden: true } });
  const head = el("div", { class: "playhead", aria: { hidden: true } });
  const slider = el(
    "div",
    {
      class: "timeline-slider",
      id: "timeline",
      role: "slider",
      tabindex: 0,
      data: { testid: "timeline" },
      aria: {
        label: "Position in the dialogue",
        valuemin: 0,
        valuemax: Math.round(dialogue.duration_s),
        describedby: "timeline-words",
      },
    },
    canvas,
    head,
  );
  const words = el("div", { class: "timeline-words muted", id: "timeline-words" });
  const marks = dialogue.events.length ? marksOf(dialogue, seek) : null;
  const lanesElement = el("div", { class: "timeline-lanes" }, slider, marks?.element);
  const element = el("section", { class: "timeline card", aria: { label: "Timeline" } }, lanesElement, words);
  let lanes = Object.create(null) as Record<string, Lane>; // somebody may be called "constructor"
  let [told, headAt] = [-1, -1];

  const place = (time_s: number): number =>
    GUTTER_PX + (time_s / Math.max(dialogue.duration_s, 1e-9)) * (slider.clientWidth - GUTTER_PX);
  const draw = (): void => paint(canvas, slider.clientWidth, names, dialogue, lanes);
  const show = (time_s: number): void => {
    const x = Math.round(place(time_s)); // whole pixels: the page is composed anew only when something is to be seen
    if (x !== headAt) head.style.transform = `translateX(${(headAt = x)}px)`;
    marks?.show(time_s);
    const second = Math.round(time_s);
    if (second === told) return;
    told = second;
    slider.setAttribute("aria-valuenow", String(second));
    slider.setAttribute("aria-valuetext", `${spokenTime(time_s)} of ${spokenTime(dialogue.duration_s)}`);
  };
  const take = (timeline: Timeline): void => {
    lanes = timeline.participants;
    fill(
      words,
      ...names.map((name, i) =>
        el(
          "p",
          { class: ownClass(i) },
          el("strong", { class: "who" }, name),
          summary(name, lanes[name], dialogue.turns),
        ),
      ),
    );
    draw();
  };
  drag(slider, (x) => seek(((x - GUTTER_PX) / Math.max(1, slider.clientWidth - GUTTER_PX)) * dialogue.duration_s));
  new ResizeObserver(() => {
    draw();
    const tops = names.map((_, i) => i * blockOf(dialogue) + MARKS_TOP_PX);
    if (slider.clientWidth > GUTTER_PX + MARK_PX) marks?.layOut(GUTTER_PX, slider.clientWidth, tops);
    show(Math.max(0, told));
  }).observe(slider);
  document.addEventListener("themechange", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  slider.style.height = `${names.length * blockOf(dialogue) + RULER_PX}px`;
  return { element, show, take };
}

/** Height of a participant's lane, with a row of marks where there are events. */
function blockOf(dialogue: Dialogue): number {
  return BLOCK_PX + (dialogue.events.length ? MARK_PX : 0);
}

function drag(slider: HTMLElement, to: (x: number) => void): void {
  const at = (event: PointerEvent): void => to(event.clientX - slider.getBoundingClientRect().left);
  slider.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    slider.setPointerCapture(event.pointerId);
    at(event);
  });
  slider.addEventListener("pointermove", (event) => {
    if (slider.hasPointerCapture(event.pointerId)) at(event);
  });
}

/** The picture in words. */
function summary(name: string, lane: Lane | undefined, turns: Turn[]): string {
  if (!lane) return " …";
  const own = turns.filter((turn) => turn.participant === name).length;
  const seen = STRIPS.map(
    (strip) =>
      `${strip} seen ${percent(mean(lane.validity[strip]))}, ` +
      `confidence ${meanWhere(lane.confidence[strip], lane.validity[strip]).toFixed(2)}`,
  );
  return ` ${own} turn${own === 1 ? "" : "s"}, speaks ${percent(mean(lane.speaking))} of the time; ${seen.join("; ")}`;
}

function mean(values: number[]): number {
  return values.length ? values.reduce((sum, x) => sum + x, 0) / values.length : 0;
}

/** Mean confidence over valid frames; bins hold means over all of their frames, with zero where not valid. */
function meanWhere(values: number[], validity: number[]): number {
  const valid = validity.reduce((sum, x) => sum + x, 0);
  return valid > 0 ? values.reduce((sum, x) => sum + x, 0) / valid : 0;
}

function paint(
  canvas: HTMLCanvasElement,
  width: number,
  names: string[],
  dialogue: Dialogue,
  lanes: Record<string, Lane>,
): void {
  const ratio = devicePixelRatio || 1;
  const height = names.length * blockOf(dialogue) + RULER_PX;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  if (!pen || width <= GUTTER_PX) return;
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name).trim() || "#888";
  pen.scale(ratio, ratio);
  pen.font = `11px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  const across = (time_s: number): number =>
    GUTTER_PX + (time_s / Math.max(dialogue.duration_s, 1e-9)) * (width - GUTTER_PX);
  names.forEach((name, i) => {
    const top = i * blockOf(dialogue) + TOP_PX;
    const [strong, soft] = [colour(`--${letterOf(i)}`), colour(`--${letterOf(i)}-soft`)];
    pen.fillStyle = strong;
    pen.font = `600 13px ${style.fontFamily}`;
    pen.fillText(name.slice(0, 7), 8, top + TURN_PX / 2);
    pen.font = `11px ${style.fontFamily}`;
    for (const turn of dialogue.turns) {
      if (turn.participant !== name) continue;
      pen.fillStyle = turn.harmful ? colour("--warn-soft") : soft;
      box(pen, across(turn.start_s), top, Math.max(1.5, across(turn.end_s) - across(turn.start_s)), TURN_PX);
      if (turn.harmful) {
        pen.strokeStyle = colour("--warn");
        pen.strokeRect(
          across(turn.start_s) + 0.5,
          top + 0.5,
          Math.max(1, across(turn.end_s) - across(turn.start_s) - 1),
          TURN_PX - 1,
        );
      }
    }
    if (dialogue.events.length) {
      pen.fillStyle = colour("--muted");
      pen.fillText("events", 8, i * blockOf(dialogue) + MARKS_TOP_PX + MARK_PX / 2);
    }
    const lane = lanes[name];
    if (!lane) return;
    speech(pen, lane.speaking, strong, top, width);
    STRIPS.forEach((strip, k) => {
      const y = top + TURN_PX + GAP_PX + k * (STRIP_PX + GAP_PX) + 3;
      pen.fillStyle = colour("--muted");
      pen.fillText(strip, 8, y + STRIP_PX / 2 + 0.5);
      quality(pen, lane, strip, y, width, strong, colour("--sunken"));
    });
  });
  ruler(pen, dialogue.duration_s, across, height, colour("--muted"), colour("--line"));
}

/** How much of each stretch somebody speaks, as bars from the middle. */
function speech(pen: CanvasRenderingContext2D, shares: number[], strong: string, top: number, width: number): void {
  const step = (width - GUTTER_PX) / Math.max(1, shares.length);
  pen.fillStyle = strong;
  shares.forEach((share, i) => {
    if (share <= 0.02) return;
    const tall = Math.max(2, share * (TURN_PX - 6));
    pen.fillRect(GUTTER_PX + i * step, top + (TURN_PX - tall) / 2, step + 0.6, tall);
  });
}

/** A strip as strong as the confidence where a part was seen; empty where it was not. */
function quality(
  pen: CanvasRenderingContext2D,
  lane: Lane,
  strip: keyof Rows,
  y: number,
  width: number,
  strong: string,
  empty: string,
): void {
  const [validity, confidence] = [lane.validity[strip], lane.confidence[strip]];
  const step = (width - GUTTER_PX) / Math.max(1, validity.length);
  pen.fillStyle = empty;
  box(pen, GUTTER_PX, y, width - GUTTER_PX, STRIP_PX);
  pen.fillStyle = strong;
  validity.forEach((seen, i) => {
    if (seen <= 0) return;
    pen.globalAlpha = 0.12 + 0.78 * Math.min(1, confidence[i] ?? 0);
    const tall = STRIP_PX * Math.max(0.25, seen);
    pen.fillRect(GUTTER_PX + i * step, y + STRIP_PX - tall, step + 0.4, tall);
  });
  pen.globalAlpha = 1;
}

function ruler(
  pen: CanvasRenderingContext2D,
  duration_s: number,
  across: (s: number) => number,
  height: number,
  ink: string,
  line: string,
): void {
  const room = Math.max(1, (across(duration_s) - across(0)) / 70);
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((s) => duration_s / s <= room) ?? 7200;
  pen.textAlign = "center";
  for (let s = step; s < duration_s - step / 3; s += step) {
    pen.fillStyle = line;
    pen.fillRect(across(s), 4, 1, height - RULER_PX);
    pen.fillStyle = ink;
    pen.fillText(clockText(s), across(s), height - RULER_PX / 2);
  }
  pen.textAlign = "left";
}

function box(pen: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  pen.beginPath();
  pen.roundRect(x, y, width, height, Math.min(4, width / 2));
  pen.fill();
}

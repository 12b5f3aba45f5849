// Who moves alike: every participant as a point, those of like manner near each other; a point leads to its dialogue.

import { getJson } from "../lib/api";
import { el, fill } from "../lib/dom";
import { letterOf, ownClass } from "./people";
import type { MapAnswer, MapPoint } from "./types";
import { type Context, faultNotice, number, type Shown, titleOf } from "./view";

const ASK_AGAIN_MS = 2000;
const NEAR_PX = 18;
const MARGIN_PX = 26;
const RADIUS_PX = 5;
const MOST_NAMED = 6;

export function showMap(root: HTMLElement, context: Context): Shown {
  const place = el(
    "div",
    { class: "map-place" },
    el(
      "p",
      { class: "muted loading", role: "status" },
      "The map is being made; this happens once and takes a little …",
    ),
  );
  fill(
    root,
    el(
      "div",
      { class: "title-row" },
      el("h1", { tabindex: -1 }, "Map"),
      el(
        "p",
        { class: "muted facts" },
        "t-SNE of how each participant moves: mean and spread of face and upper body, speed, share of talk. " +
          "Near each other means alike; axes mean nothing.",
      ),
    ),
    place,
  );
  const ask = async (): Promise<void> => {
    try {
      const answer = await getJson<MapAnswer>("/api/map", context.signal);
      if (answer.status === "working") window.setTimeout(() => !context.signal.aborted && void ask(), ASK_AGAIN_MS);
      else if (answer.status === "ready") fill(place, ...chart(answer.points ?? [], context));
      else fill(place, el("p", { class: "notice" }, answer.message ?? "There is no map of this dataset."));
    } catch (error) {
      const notice = faultNotice(error, () => void ask());
      if (notice) fill(place, notice);
    }
  };
  void ask();
  return { title: "Map" };
}

function chart(points: MapPoint[], context: Context): HTMLElement[] {
  if (!points.length) return [el("p", { class: "muted empty" }, "Nobody is in this dataset.")];
  const canvas = el("canvas", {
    class: "map",
    id: "map",
    tabindex: 0,
    role: "application",
    data: { testid: "map" },
    aria: {
      label: `${number(points.length)} participants. Arrow keys move from point to point, Enter opens the dialogue.`,
      describedby: "map-told",
    },
  });
  const told = el(
    "p",
    { class: "map-told", id: "map-told", role: "status" },
    "Point at somebody, or use the arrow keys.",
  );
  const [xs, ys] = [points.map((p) => p.x), points.map((p) => p.y)];
  const span = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  const [[x0, x1], [y0, y1]] = [span(xs), span(ys)];
  let at = -1;
  let drawnAt: [number, number][] = [];
  const layout = (): void => {
    const [w, h] = [canvas.clientWidth - 2 * MARGIN_PX, canvas.clientHeight - 2 * MARGIN_PX];
    drawnAt = points.map((p) => [
      MARGIN_PX + ((p.x - x0) / (x1 - x0 || 1)) * w,
      MARGIN_PX + (1 - (p.y - y0) / (y1 - y0 || 1)) * h,
    ]);
  };
  const name = (p: MapPoint): string => [`${p.participant} in ${titleOf(p)}`, p.channel].filter(Boolean).join(", ");
  const pick = (next: number): void => {
    if (next === at) return;
    at = next;
    canvas.classList.toggle("on-point", at >= 0);
    told.textContent = at >= 0 ? name(points[at]) : "Point at somebody, or use the arrow keys.";
    paint(canvas, points, drawnAt, at);
  };
  const open = (): void => {
    if (at >= 0) context.go({ page: "dialogue", id: points[at].id, t: 0 });
  };
  const nearest = (x: number, y: number): number => {
    let [best, least] = [-1, NEAR_PX ** 2];
    drawnAt.forEach(([px, py], i) => {
      const apart = (px - x) ** 2 + (py - y) ** 2;
      if (apart < least) [best, least] = [i, apart];
    });
    return best;
  };
  canvas.addEventListener("pointermove", (event) => pick(nearest(event.offsetX, event.offsetY)));
  canvas.addEventListener("click", (event) => {
    pick(nearest(event.offsetX, event.offsetY));
    open();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = (
      { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as Record<
        string,
        [number, number]
      >
    )[event.key];
    if (step) pick(at < 0 ? 0 : neighbour(drawnAt, at, step));
    else if (event.key === "Enter") open();
    else return;
    event.preventDefault();
  });
  const redraw = (): void => {
    layout();
    paint(canvas, points, drawnAt, at);
  };
  new ResizeObserver(redraw).observe(canvas);
  document.addEventListener("themechange", redraw, { signal: context.signal });
  return [el("div", { class: "card map-card" }, canvas), told, legend(points)];
}

/** The next point in a direction: near, and not far to the side. */
export function neighbour(places: [number, number][], from: number, [dx, dy]: [number, number]): number {
  const [x, y] = places[from];
  let [best, least] = [from, Infinity];
  places.forEach(([px, py], i) => {
    const along = (px - x) * dx + (py - y) * dy;
    const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    const cost = along + 2.5 * aside;
    if (i !== from && along > 0.5 && cost < least) [best, least] = [i, cost];
  });
  return best;
}

/** Participants of one name share a colour; of more than a few names the rest are grey. */
function colourName(points: MapPoint[]): (p: MapPoint) => string {
  const names = [...new Set(points.map((p) => p.participant))].sort();
  return (p) => (names.indexOf(p.participant) < MOST_NAMED ? `--${letterOf(names.indexOf(p.participant))}` : "--muted");
}

function legend(points: MapPoint[]): HTMLElement {
  const names = [...new Set(points.map((p) => p.participant))].sort();
  const shown = names
    .slice(0, MOST_NAMED)
    .map((name, i) => el("li", { class: ownClass(i) }, el("span", { class: "who" }, name)));
  if (names.length > MOST_NAMED) shown.push(el("li", { class: "muted" }, `${names.length - MOST_NAMED} others`));
  return el("ul", { class: "legend", aria: { label: "Colours" } }, ...shown);
}

function paint(canvas: HTMLCanvasElement, points: MapPoint[], places: [number, number][], at: number): void {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name).trim() || "#888";
  const of = colourName(points);
  pen.scale(ratio, ratio);
  if (at >= 0) joinPartners(pen, points, places, at, colour("--muted"));
  pen.globalAlpha = 0.75;
  places.forEach(([x, y], i) => dot(pen, x, y, RADIUS_PX, colour(of(points[i]))));
  pen.globalAlpha = 1;
  if (at < 0) return;
  const [x, y] = places[at];
  dot(pen, x, y, RADIUS_PX + 3, colour(of(points[at])));
  pen.strokeStyle = colour("--ink");
  pen.lineWidth = 2;
  pen.stroke();
}

/** A line from somebody to who they talk with. */
function joinPartners(
  pen: CanvasRenderingContext2D,
  points: MapPoint[],
  places: [number, number][],
  at: number,
  colour: string,
): void {
  pen.strokeStyle = colour;
  points.forEach((other, i) => {
    if (i === at || other.id !== points[at].id) return;
    pen.beginPath();
    pen.moveTo(...places[at]);
    pen.lineTo(...places[i]);
    pen.stroke();
  });
}

function dot(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

// Chosen coefficients over the whole dialogue, one small picture each, all participants in their colours.

import { getJson, sentence, withQuery } from "../lib/api";
import { el } from "../lib/dom";
import { letterOf } from "./people";
import { clockText } from "./route";
import type { Curve, Dataset, Dialogue, Line } from "./types";

type Plot = import("uplot");
type PlotMaker = typeof import("uplot");

const MOST = 6;
const POINTS = 1000;
const HEIGHT_PX = 110;

export interface Curves {
  element: HTMLElement;
  show: (time_s: number) => void;
  /** Raw or smoothed values. */
  smooth: (on: boolean) => void;
}

interface Drawn {
  figure: HTMLElement;
  plot: Plot;
  cursor: HTMLElement;
}

export function curvesOf(
  dialogue: Dialogue,
  dataset: Dataset,
  seek: (time_s: number) => void,
  signal: AbortSignal,
): Curves {
  const names = dialogue.participants;
  const all = [...dataset.columns.face, ...dataset.columns.body];
  let chosen = defaults(all);
  let smoothed = false;
  let now_s = 0;
  let maker: PlotMaker | null = null;
  const drawn = new Map<string, Drawn>();
  const pictures = el("div", { class: "pictures" });
  const status = el("p", { class: "muted", role: "status" });
  const field = el("input", {
    class: "field",
    id: "column",
    list: "columns",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "jawOpen, head_y …",
  });
  const form = el(
    "form",
    { class: "choose", on: { submit: (event) => (event.preventDefault(), choose(field.value.trim())) } },
    el("label", { class: "labelled inline", for: "column" }, el("span", {}, "Coefficient"), field),
    el("datalist", { id: "columns" }, ...all.map((name) => el("option", { value: name }))),
    el("button", { type: "submit", class: "button small" }, "Add"),
  );
  const element = el(
    "section",
    { class: "curves card", aria: { labelledby: "curves-title" } },
    el("div", { class: "curves-head" }, el("h2", { id: "curves-title" }, "Curves"), form),
    status,
    pictures,
  );
  field.addEventListener("change", () => all.includes(field.value.trim()) && choose(field.value.trim()));

  function choose(name: string): void {
    if (!name) return;
    if (!all.includes(name)) status.textContent = `There is no coefficient "${name}" here; pick one of the list.`;
    else if (chosen.includes(name)) status.textContent = `${name} is shown already.`;
    else if (chosen.length >= MOST) status.textContent = `${MOST} pictures are the most at once; take one away first.`;
    else {
      chosen = [...chosen, name];
      field.value = "";
      void load([name]);
    }
  }
  function drop(name: string): void {
    chosen = chosen.filter((other) => other !== name);
    drawn.get(name)?.plot.destroy();
    drawn.get(name)?.figure.remove();
    drawn.delete(name);
    field.focus();
  }
  async function load(columns: string[]): Promise<void> {
    if (!columns.length) return;
    status.textContent = "";
    pictures.setAttribute("aria-busy", "true");
    try {
      maker ??= ((await import("uplot")) as unknown as { default: PlotMaker }).default;
      const of = (name: string): string =>
        `/api/dialogues/${encodeURIComponent(dialogue.id)}/curve/${encodeURIComponent(name)}`;
      const query = { columns: columns.join(","), points: POINTS, smooth: smoothed };
      const found = await Promise.all(names.map((name) => getJson<Curve>(withQuery(of(name), query), signal)));
      for (const column of columns) if (chosen.includes(column)) draw(column, found);
    } catch (error) {
      status.textContent = sentence(error) ?? "";
    } finally {
      pictures.setAttribute("aria-busy", "false");
    }
  }
  function draw(column: string, found: Curve[]): void {
    if (!maker) return;
    const lines = found.map((curve) => curve.columns[column] ?? { min: [], max: [] });
    const old = drawn.get(column);
    const remove = el(
      "button",
      {
        type: "button",
        class: "icon-button tiny",
        title: `Take ${column} away`,
        aria: { label: `Take ${column} away` },
        on: { click: () => drop(column) },
      },
      "×",
    );
    const cursor = el("i", { class: "plot-now", aria: { hidden: true } });
    const place = el("div", { class: "plot", role: "img", aria: { label: described(column, names, lines) } });
    const figure = el("figure", { data: { column } }, el("figcaption", {}, column, remove), place);
    if (old) {
      old.plot.destroy();
      old.figure.replaceWith(figure);
    } else pictures.append(figure);
    const plot = new maker(options(pictures.clientWidth, element, names.length), series(found, lines), place);
    plot.over.append(cursor);
    plot.over.addEventListener("click", (event) => seek(plot.posToVal(event.offsetX, "x")));
    drawn.set(column, { figure, plot, cursor });
    show(now_s);
  }
  const show = (time_s: number): void => {
    now_s = time_s;
    for (const { plot, cursor } of drawn.values()) {
      const place = `translateX(${Math.round(plot.valToPos(time_s, "x"))}px)`;
      if (cursor.style.transform !== place) cursor.style.transform = place;
    }
  };
  const redraw = (): void => void load([...chosen]);
  const recolour = (): void => drawn.forEach(({ plot }) => plot.redraw(false));
  new ResizeObserver(() =>
    drawn.forEach(({ plot }) => plot.setSize({ width: Math.max(120, pictures.clientWidth), height: HEIGHT_PX })),
  ).observe(pictures);
  document.addEventListener("themechange", recolour, { signal });
  signal.addEventListener("abort", () => drawn.forEach(({ plot }) => plot.destroy()));
  whenSeen(element, redraw);
  return {
    element,
    show,
    smooth: (on) => {
      smoothed = on;
      if (drawn.size) redraw();
    },
  };
}

function defaults(all: string[]): string[] {
  return ["jawOpen", "mouthSmileLeft", "jaw_x", "expression0", "head_x"]
    .filter((name) => all.includes(name))
    .slice(0, 3);
}

function series(found: Curve[], lines: Line[]): Plot["data"] {
  const { start_s, end_s, points } = found[0];
  const step = (end_s - start_s) / Math.max(1, points);
  const x = Array.from({ length: points }, (_, i) => start_s + (i + 0.5) * step);
  return [x, ...lines.flatMap((line) => [line.min, line.max])] as unknown as Plot["data"];
}

/** Two lines a participant, the least and the most of each stretch, and the band between them. */
function options(width: number, themed: HTMLElement, people: number): import("uplot").Options {
  const colour = (name: string): string => getComputedStyle(themed).getPropertyValue(name).trim() || "#888";
  const line = (name: string) => ({ stroke: () => colour(name), width: 1.2, points: { show: false } });
  const axis = {
    stroke: () => colour("--muted"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const lines = Array.from({ length: people }, (_, i) => `--${letterOf(i)}`);
  return {
    width: Math.max(120, width),
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { sync: { key: "curves" }, drag: { x: true, y: false }, points: { show: false } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, size: 22, values: (_, values) => values.map(clockText) },
      { ...axis, size: 46, space: 26 },
    ],
    series: [{}, ...lines.flatMap((name) => [line(name), line(name)])],
    bands: lines.map((name, i) => ({
      series: [2 * i + 2, 2 * i + 1] as [number, number],
      fill: () => `${colour(name)}55`,
    })),
  };
}

function described(column: string, names: string[], lines: Line[]): string {
  const told = names.map((name, i) => {
    const least = lines[i].min.filter((v): v is number => v !== null);
    const most = lines[i].max.filter((v): v is number => v !== null);
    if (!least.length) return `${name} never seen`;
    return `${name} from ${Math.min(...least).toFixed(2)} to ${Math.max(...most).toFixed(2)}`;
  });
  return `${column}: ${told.join(", ")}`;
}

/** Calls `action` when the element first comes near the screen. */
function whenSeen(element: HTMLElement, action: () => void): void {
  const watch = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      action();
    },
    { rootMargin: "150px" },
  );
  watch.observe(element);
}

// What all views have in common: how they are shown, and what they may use.

import { type Child, el } from "../lib/dom";
import { sentence } from "../lib/api";
import { clockText, format, type Route } from "./route";
import type { Counts, Dataset } from "./types";

export interface Context {
  dataset: Dataset;
  /** Shows another view; `replace` keeps the step out of the browser's history. */
  go: (route: Route, replace?: boolean) => void;
  /** Aborts as the view goes. */
  signal: AbortSignal;
}

export interface Shown {
  title: string;
  /** Takes over a route of the same view; false if a new view must be made. */
  update?: (route: Route) => boolean;
}

/** A link to a view that does not load the page anew. */
export function routeLink(route: Route, props: Parameters<typeof el>[1], ...children: Child[]): HTMLAnchorElement {
  return el("a", { href: format(route), data: { route: "1" }, ...props }, ...children);
}

/** Says what went wrong and offers to try again; nothing for requests that were called off. */
export function faultNotice(error: unknown, again?: () => void): HTMLElement | null {
  const text = sentence(error);
  if (!text) return null;
  const button = again ? el("button", { type: "button", class: "button", on: { click: again } }, "Try again") : null;
  return el("div", { class: "notice bad fault", role: "alert", data: { testid: "fault" } }, el("p", {}, text), button);
}

/** Bars of shares, each with its number: a picture of counts that can be read aloud. */
export function bars(label: string, counts: Counts, most = 12): HTMLElement {
  const entries = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  const total = entries.reduce((sum, [, n]) => sum + n, 0);
  const top = entries[0]?.[1] ?? 1;
  const rest = entries.slice(most).reduce((sum, [, n]) => sum + n, 0);
  const shown = rest
    ? [...entries.slice(0, most), [`${entries.length - most} others`, rest] as [string, number]]
    : entries;
  const rows = shown.map(([name, n]) => {
    const bar = el("span", { class: "bar", aria: { hidden: true } });
    bar.style.setProperty("--share", String(Math.min(1, n / Math.max(1, top))));
    return el(
      "li",
      {},
      el("span", { class: "bar-name" }, name || "not told"),
      bar,
      el("span", { class: "bar-number" }, `${number(n)} (${percent(n / Math.max(1, total))})`),
    );
  });
  return el("ul", { class: "bars", aria: { label } }, ...rows);
}

/** What a dialogue is called, also where its source has no title. */
export function titleOf({ title, id }: { title?: string; id: string }): string {
  return title || `Dialogue ${id.slice(0, 8)}`;
}

export function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value % 1 && Math.abs(value) < 100 ? 2 : 0 });
}

export function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 1 ? "<1" : Math.round(value)} %`;
}

export function length(seconds: number): string {
  if (seconds >= 36000) return `${number(Math.round(seconds / 360) / 10)} h`;
  return clockText(seconds);
}

/** Buttons to turn pages of a list, with what is shown now. */
export function pager(
  offset: number,
  shown: number,
  total: number,
  size: number,
  link: (offset: number) => Route,
): HTMLElement {
  const turn = (text: string, to: number, on: boolean, rel: string): HTMLElement =>
    on
      ? routeLink(link(to), { class: "button", rel, data: { testid: rel } }, text)
      : el("span", { class: "button off", aria: { disabled: true }, role: "link" }, text);
  const said = total ? `${number(offset + 1)}–${number(offset + shown)} of ${number(total)}` : "0";
  return el(
    "nav",
    { class: "pager", aria: { label: "Pages of the list" } },
    turn("Previous", Math.max(0, offset - size), offset > 0, "prev"),
    el("span", { class: "muted" }, said),
    turn("Next", offset + size, offset + shown < total, "next"),
  );
}

// What was kept and what was not: the funnel of the pipeline's filters, and every source and clip with its verdict.

import { getJson, withQuery } from "../lib/api";
import { el, fill } from "../lib/dom";
import { clockText, type Route } from "./route";
import type { ClipPage, ClipRow, Counts, Stage } from "./types";
import { type Context, faultNotice, number, pager, percent, routeLink, type Shown } from "./view";

const SIZE = 50;

export function showClips(root: HTMLElement, route: Route & { page: "clips" }, context: Context): Shown {
  const table = el("div", { class: "clips", id: "clips", aria: { live: "off" } });
  const chips = el("nav", { class: "chips", aria: { label: "Show clips of one verdict" } });
  let shown = route;
  const load = async (): Promise<void> => {
    try {
      const page = await getJson<ClipPage>(
        withQuery("/api/clips", { verdict: shown.verdict, offset: shown.offset || null, limit: SIZE }),
        context.signal,
      );
      fill(chips, ...verdictChips(page, shown.verdict));
      const link = (offset: number): Route => ({ ...shown, offset });
      fill(table, pager(shown.offset, page.clips.length, page.total, SIZE, link), clipTable(page.clips));
    } catch (error) {
      const notice = faultNotice(error, () => void load());
      if (notice) fill(table, notice);
    }
  };
  fill(
    root,
    el(
      "div",
      { class: "title-row" },
      el("h1", { tabindex: -1 }, "Filters and rejects"),
      el(
        "p",
        { class: "muted facts" },
        "Every source and clip ends as kept, rejected or quarantined, with its reason.",
      ),
    ),
    funnel(context.dataset.funnel ?? []),
    el(
      "section",
      { class: "card padded", aria: { labelledby: "verdicts" } },
      el("h2", { id: "verdicts" }, "Verdicts"),
      chips,
      table,
    ),
  );
  void load();
  return {
    title: "Filters and rejects",
    update: (next) => {
      if (next.page !== "clips") return false;
      shown = next;
      void load();
      return true;
    },
  };
}

function funnel(stages: Stage[]): HTMLElement {
  const rows = stages.map((stage) => {
    const bar = el("span", { class: "funnel-bar", aria: { hidden: true } }, el("i", {}));
    bar.style.setProperty(
      "--in",
      String(stage.in / Math.max(1, stages.find((other) => other.unit === stage.unit)?.in ?? stage.in)),
    );
    bar.style.setProperty("--kept", String(stage.out / Math.max(1, stage.in)));
    const reasons = Object.entries(stage.reasons).sort((a, b) => b[1] - a[1]);
    const told = reasons.map(([reason, n]) =>
      el("li", {}, routeLink({ page: "clips", verdict: reason, offset: 0 }, {}, reason), ` ${number(n)}`),
    );
    return el(
      "li",
      { class: "funnel-stage" },
      el(
        "span",
        { class: "funnel-name" },
        stage.stage || "stage",
        el("small", { class: "muted" }, `${stage.unit ?? "clip"}s`),
      ),
      bar,
      el(
        "span",
        { class: "funnel-number" },
        `${number(stage.out)} of ${number(stage.in)} (${percent(stage.out / Math.max(1, stage.in))})`,
      ),
      el("ul", { class: "reasons" }, ...told),
    );
  });
  const list = rows.length
    ? el("ol", { class: "funnel" }, ...rows)
    : el("p", { class: "muted" }, "No stage kept anything back.");
  return el(
    "section",
    { class: "card padded", aria: { labelledby: "funnel" }, data: { testid: "funnel" } },
    el("h2", { id: "funnel" }, "Funnel"),
    list,
  );
}

function verdictChips(page: ClipPage, chosen: string): HTMLElement[] {
  const chip = (name: string, text: string, count: number | null): HTMLElement =>
    routeLink(
      { page: "clips", verdict: name, offset: 0 },
      { class: "button small", aria: { current: name === chosen ? "true" : null } },
      text,
      count === null ? null : el("span", { class: "muted" }, number(count)),
    );
  const of = (counts: Counts | undefined): HTMLElement[] =>
    Object.entries(counts ?? {}).map(([name, n]) => chip(name, name, n));
  return [chip("", "All", null), ...of(page.verdicts), ...of(page.reasons)];
}

function clipTable(clips: ClipRow[]): HTMLElement {
  if (!clips.length) return el("p", { class: "muted empty" }, "There is nothing of that verdict.");
  const rows = clips.map((clip) => {
    const span =
      clip.kind === "source"
        ? "whole file"
        : `${clockText(clip.start_s ?? 0)} – ${clip.end_s === null ? "end" : clockText(clip.end_s)}`;
    const name =
      clip.verdict === "kept" && clip.kind === "clip"
        ? routeLink({ page: "dialogue", id: clip.id, t: 0 }, {}, clip.source || clip.id)
        : el("span", {}, clip.source || clip.id);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      el("td", {}, span),
      el("td", {}, el("span", { class: `chip verdict-${clip.verdict}` }, clip.verdict)),
      el("td", {}, clip.stage ?? ""),
      el("td", { class: "why" }, clip.message || clip.reason || ""),
    );
  });
  const titles = ["Source", "Part", "Verdict", "Stage", "Why"].map((text) => el("th", { scope: "col" }, text));
  return el(
    "div",
    { class: "scroll-x", tabindex: 0, role: "region", aria: { label: "Clips and their verdicts" } },
    el("table", { data: { testid: "clips" } }, el("thead", {}, el("tr", {}, ...titles)), el("tbody", {}, ...rows)),
  );
}

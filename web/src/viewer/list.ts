// The dialogues: search, filters, orders; one page of them at a time, so that ten thousand are as quick as ten.

import { getJson, withQuery } from "../lib/api";
import { announce, el, fill, later } from "../lib/dom";
import { filterForm } from "./filters";
import { letterOf } from "./people";
import type { Filters, Route } from "./route";
import type { Card, CardPage } from "./types";
import { type Context, faultNotice, length, number, pager, percent, routeLink, type Shown, titleOf } from "./view";

export const PAGE_SIZE = 50;

export function showList(root: HTMLElement, route: Route & { page: "dialogues" }, context: Context): Shown {
  const results = el("div", { class: "results", id: "results", aria: { busy: true } });
  let filters = route.filters;
  let asked: AbortController | null = null;
  const form = filterForm(context.dataset, filters, {
    now: (next) => context.go({ page: "dialogues", filters: { ...next, offset: "" } }, true),
    later: later(200, (next: Filters) => context.go({ page: "dialogues", filters: { ...next, offset: "" } }, true)),
  });
  fill(root, el("section", { class: "list-head" }, heading(context), form.element), results);
  results.addEventListener("keydown", walk);

  const load = async (quiet: boolean): Promise<void> => {
    asked?.abort();
    const control = (asked = new AbortController());
    results.setAttribute("aria-busy", "true");
    try {
      const offset = Number(filters.offset) || 0;
      const page = await getJson<CardPage>(
        withQuery("/api/dialogues", { ...filters, offset, limit: PAGE_SIZE }),
        control.signal,
      );
      const next = (to: number): Route => ({
        page: "dialogues",
        filters: { ...filters, offset: to ? String(to) : "" },
      });
      fill(results, ...resultRows(page, offset, next, filters));
      if (!quiet) announce(page.total === 1 ? "1 dialogue" : `${number(page.total)} dialogues`);
    } catch (error) {
      const notice = faultNotice(error, () => void load(quiet));
      if (notice) fill(results, notice);
    } finally {
      if (asked === control) results.setAttribute("aria-busy", "false");
    }
  };
  context.signal.addEventListener("abort", () => asked?.abort());
  void load(true);
  return {
    title: "Dialogues",
    update: (next) => {
      if (next.page !== "dialogues") return false;
      const turned = next.filters.offset !== filters.offset;
      filters = next.filters;
      form.take(filters);
      if (turned) results.scrollIntoView({ block: "nearest" });
      void load(false);
      return true;
    },
  };
}

function heading({ dataset }: Context): HTMLElement {
  const hours = dataset.statistics["hours"];
  const facts = [
    `${number(dataset.n_dialogues)} dialogue${dataset.n_dialogues === 1 ? "" : "s"}`,
    typeof hours === "number" ? `${number(hours)} hours` : "",
    `${dataset.face_space} + ${dataset.body_space}`,
    dataset.has_media ? "with the source's sound and picture" : "",
  ].filter(Boolean);
  return el(
    "div",
    { class: "title-row" },
    el("h1", { tabindex: -1 }, dataset.name),
    el("p", { class: "muted facts" }, facts.join(" · ")),
  );
}

function resultRows(page: CardPage, offset: number, link: (offset: number) => Route, filters: Filters): HTMLElement[] {
  if (!page.dialogues.length) {
    const text = page.total
      ? "There is nothing on this page."
      : "No dialogue fits. Take a filter away, or look for fewer words.";
    return [el("p", { class: "empty muted", data: { testid: "empty" } }, text)];
  }
  const rows = page.dialogues.map((card) => el("li", {}, row(card, filters)));
  const turn = (): HTMLElement => pager(offset, page.dialogues.length, page.total, PAGE_SIZE, link);
  return [
    turn(),
    el("ol", { class: "dialogues", start: offset + 1, data: { testid: "dialogues" } }, ...rows),
    ...(page.total > PAGE_SIZE ? [turn()] : []),
  ];
}

function row(card: Card, filters: Filters): HTMLElement {
  const facts = [card.channel, card.language, card.split].filter(Boolean).join(" · ");
  const numbers = `${number(card.n_turns)} turns, ${number(card.n_words)} words`;
  return routeLink(
    { page: "dialogue", id: card.id, t: 0 },
    { class: "card row" },
    el("span", { class: "row-length" }, length(card.duration_s)),
    el(
      "span",
      { class: "row-main" },
      el("span", { class: "row-title" }, titleOf(card)),
      el("span", { class: "row-snippet" }, ...marked(card.snippet, filters.q)),
    ),
    el(
      "span",
      { class: "row-facts" },
      el("span", {}, facts),
      el("span", { class: "muted" }, numbers),
      card.n_harmful
        ? el("span", { class: "chip warn" }, `${card.n_harmful} harmful turn${card.n_harmful === 1 ? "" : "s"}`)
        : null,
    ),
    shares(card),
  );
}

/** Who talks how much, as a bar with a colour for each. */
function shares(card: Card): HTMLElement {
  const told = card.participants.map((name) => `${name} talks ${percent(card.talk_share[name] ?? 0)}`).join(", ");
  const parts = card.participants.map((name, i) => {
    const part = el("i", { class: `share-${letterOf(i)}` });
    part.style.flexGrow = String(card.talk_share[name] ?? 0);
    return part;
  });
  return el("span", { class: "row-shares", role: "img", aria: { label: told }, title: told }, ...parts);
}

/** The text with what was looked for marked in it. */
export function marked(text: string, query: string): (string | HTMLElement)[] {
  const terms = [...query.matchAll(/"([^"]+)"|(\S+)/g)].map((m) => (m[1] ?? m[2] ?? "").toLowerCase()).filter(Boolean);
  const lower = text.toLowerCase();
  const found: (string | HTMLElement)[] = [];
  let at = 0;
  while (at < text.length && lower.length === text.length) {
    let [start, end] = [text.length, text.length];
    for (const term of terms) {
      const i = lower.indexOf(term, at);
      if (i >= 0 && i < start) [start, end] = [i, i + term.length];
    }
    if (start === text.length) break;
    found.push(text.slice(at, start), el("mark", {}, text.slice(start, end)));
    at = end;
  }
  found.push(text.slice(at));
  return found;
}

/** Arrow keys lead from row to row. */
function walk(event: KeyboardEvent): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const rows = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("a.row")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (at < 0 || !next) return;
  next.focus();
  event.preventDefault();
}

// The viewer's page: shows the view that the address names, and follows the browser's way back and forth.

import { getJson } from "../lib/api";
import { byId, el, fill } from "../lib/dom";
import { applyTheme, themeButton } from "../lib/theme";
import { format, parse, type Route } from "./route";
import type { Dataset } from "./types";
import { type Context, faultNotice, type Shown } from "./view";

applyTheme();

/** What tests may look at; the dialogue view replaces it by one with a stage. */
export interface Probe {
  ready: Promise<unknown>;
  stage: unknown;
  avatars: unknown[];
  stats: () => unknown;
}

declare global {
  interface Window {
    nonverbal: Probe;
  }
}

const main = byId("main");
let dataset: Dataset | null = null;
let shown: Shown | null = null;
let leaving = new AbortController();
let current: Route["page"] | null = null;

const views: Record<Route["page"], (route: never, context: Context, root: HTMLElement) => Promise<Shown>> = {
  dialogues: async (route, context, root) => (await import("./list")).showList(root, route, context),
  dialogue: async (route, context, root) => (await import("./dialogue")).showDialogue(root, route, context),
  clips: async (route, context, root) => (await import("./clips")).showClips(root, route, context),
  statistics: async (_, context, root) => (await import("./statistics")).showStatistics(root, context),
  map: async (_, context, root) => (await import("./map")).showMap(root, context),
};

async function show(route: Route, first = false): Promise<void> {
  markNavigation(route);
  if (shown?.update && current === route.page && shown.update(route)) return;
  leaving.abort();
  const leave = (leaving = new AbortController());
  shown = null;
  current = route.page;
  const root = el("div", { class: `view view-${route.page}` });
  main.setAttribute("aria-busy", "true");
  try {
    dataset ??= await getJson<Dataset>("/api/dataset");
    const made = await views[route.page](route as never, { dataset, go, signal: leave.signal }, root);
    if (leave.signal.aborted) return;
    shown = made;
    fill(main, root);
    document.title = `${shown.title} · ${dataset.name} · nonverbal`;
    if (!first) {
      root.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  } catch (error) {
    if (leave.signal.aborted) return;
    const notice = faultNotice(error, () => void show(route));
    if (notice) fill(main, el("h1", { class: "fault-title", tabindex: -1 }, "This cannot be shown"), notice);
  } finally {
    if (!leave.signal.aborted) main.setAttribute("aria-busy", "false");
  }
}

function go(route: Route, replace = false): void {
  const address = format(route);
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  void show(route);
}

function markNavigation(route: Route): void {
  const page = route.page === "dialogue" ? "dialogues" : route.page;
  for (const link of document.querySelectorAll<HTMLElement>("#views a")) {
    if (link.dataset["page"] === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest?.<HTMLAnchorElement>("a[data-route]");
  if (
    !link ||
    event.defaultPrevented ||
    event.button ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  )
    return;
  event.preventDefault();
  go(parse(new URL(link.href).search));
});
document.addEventListener("keydown", (event) => {
  const typing = (event.target as Element).closest?.("input, select, textarea, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
  const search = document.getElementById("search");
  search?.focus();
  if (search) event.preventDefault();
});
addEventListener("popstate", () => void show(parse(location.search)));

byId("theme-place").append(themeButton());
window.nonverbal = { ready: Promise.resolve(), stage: null, avatars: [], stats: () => null };
void show(parse(location.search), true);

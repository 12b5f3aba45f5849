// The search field and the filters above the list of dialogues.

import { el } from "../lib/dom";
import { type Filters, NO_FILTERS } from "./route";
import type { Counts, Dataset } from "./types";

interface Answers {
  /** Takes filters at once, as after a choice. */
  now: (filters: Filters) => void;
  /** Takes filters when typing has paused. */
  later: (filters: Filters) => void;
}

export interface FilterForm {
  element: HTMLElement;
  /** Shows these filters without answering. */
  take: (filters: Filters) => void;
}

type Control = HTMLInputElement | HTMLSelectElement;

const ORDERS: [string, string, string][] = [
  ["", "", "Title, A to Z"],
  ["title", "1", "Title, Z to A"],
  ["duration", "1", "Longest first"],
  ["duration", "", "Shortest first"],
  ["words", "1", "Most words first"],
  ["words", "", "Fewest words first"],
  ["turns", "1", "Most turns first"],
  ["turns", "", "Fewest turns first"],
];

export function filterForm(dataset: Dataset, start: Filters, answers: Answers): FilterForm {
  let shown: Filters = { ...start };
  const controls = new Map<keyof Filters, Control>();
  const search = el("input", {
    class: "field search",
    type: "search",
    id: "search",
    name: "q",
    maxlength: 200,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: 'Words, titles, channels; "phrases" in quotes',
    aria: { label: "Search the dialogues", keyshortcuts: "/" },
  });
  controls.set("q", search);
  search.addEventListener("input", () => answers.later(read()));
  const labelled = (name: keyof Filters, text: string, control: Control): HTMLElement => {
    control.id = `filter-${name}`;
    controls.set(name, control);
    control.addEventListener(
      control.getAttribute("type") === "number" || control.getAttribute("list") ? "input" : "change",
      () => answers.later(read()),
    );
    return el("label", { class: "labelled", for: control.id }, el("span", {}, text), control);
  };
  const order = el(
    "select",
    { class: "field", id: "filter-order" },
    ...ORDERS.map(([sort, down, text]) => el("option", { value: `${sort}.${down}` }, text)),
  );
  order.addEventListener("change", () => {
    const [sort = "", descending = ""] = order.value.split(".");
    answers.now({ ...read(), sort, descending });
  });
  const channels = el(
    "datalist",
    { id: "channels" },
    ...names(dataset.channels)
      .slice(0, 500)
      .map((name) => el("option", { value: name })),
  );
  const people = el(
    "datalist",
    { id: "participants" },
    ...(dataset.participants ?? []).slice(0, 500).map((name) => el("option", { value: name })),
  );
  const harmful = el("input", { type: "checkbox", id: "filter-harmful" });
  harmful.addEventListener("change", () => answers.now(read()));
  const clear = el(
    "button",
    { type: "button", class: "button", on: { click: () => answers.now({ ...NO_FILTERS }) } },
    "Clear all",
  );
  const more = el(
    "details",
    { class: "filters", open: anyFilter(start) },
    el("summary", {}, "Filters"),
    el(
      "div",
      { class: "filter-grid" },
      labelled(
        "channel",
        "Channel",
        el("input", { class: "field", list: "channels", maxlength: 200, autocomplete: "off" }),
      ),
      channels,
      labelled("split", "Split", select(dataset.splits)),
      labelled("language", "Language", select(dataset.languages)),
      labelled(
        "participant",
        "Participant",
        el("input", { class: "field", maxlength: 200, autocomplete: "off", list: "participants" }),
      ),
      people,
      range(
        "Seconds",
        labelled("min_s", "Least seconds", numberField()),
        labelled("max_s", "Most seconds", numberField()),
      ),
      range(
        "Words",
        labelled("min_words", "Least words", numberField()),
        labelled("max_words", "Most words", numberField()),
      ),
      el(
        "label",
        { class: "check", for: "filter-harmful" },
        harmful,
        " Search harmful turns too, and show them in the list",
      ),
      clear,
    ),
  );
  const element = el(
    "form",
    { class: "search-form", role: "search", on: { submit: (event) => (event.preventDefault(), answers.now(read())) } },
    el(
      "div",
      { class: "search-row" },
      search,
      el("label", { class: "labelled inline", for: "filter-order" }, el("span", {}, "Order"), order),
    ),
    more,
  );

  function read(): Filters {
    const next = { ...shown };
    for (const [name, control] of controls) next[name] = control.value.trim();
    next.harmful = harmful.checked ? "1" : "";
    return next;
  }
  const take = (filters: Filters): void => {
    shown = { ...filters };
    for (const [name, control] of controls)
      if (control !== document.activeElement || control.value.trim() !== filters[name]) control.value = filters[name];
    harmful.checked = filters.harmful === "1";
    order.value = `${filters.sort === "title" && !filters.descending ? "" : filters.sort}.${filters.descending}`;
  };
  take(start);
  return { element, take };
}

function anyFilter(filters: Filters): boolean {
  return (
    ["channel", "participant", "split", "language", "min_s", "max_s", "min_words", "max_words", "harmful"] as const
  ).some((name) => filters[name] !== "");
}

function range(text: string, least: HTMLElement, most: HTMLElement): HTMLElement {
  return el("div", { class: "range", role: "group", aria: { label: text } }, least, most);
}

function numberField(): HTMLInputElement {
  return el("input", { class: "field", type: "number", min: 0, step: 1, inputmode: "numeric" });
}

function select(counts: Counts): HTMLSelectElement {
  return el(
    "select",
    { class: "field" },
    el("option", { value: "" }, "Any"),
    ...names(counts).map((name) => el("option", { value: name }, `${name || "not told"} (${counts[name]})`)),
  );
}

function names(counts: Counts | undefined): string[] {
  return Object.keys(counts ?? {});
}

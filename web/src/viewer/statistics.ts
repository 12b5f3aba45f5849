// What the dataset is in numbers, and which models made it.

import { el, fill } from "../lib/dom";
import type { Counts } from "./types";
import { bars, type Context, number, percent, type Shown } from "./view";

const HEADLINES: [string, string][] = [
  ["hours", "hours"],
  ["dialogues", "dialogues"],
  ["turns", "turns"],
  ["sentences", "sentences"],
  ["words", "words"],
  ["unique_words", "different words"],
  ["frames", "frames"],
  ["participants", "participants"],
  ["sources", "sources"],
  ["channels", "channels"],
  ["mean_turn_s", "seconds a turn"],
  ["frames_per_turn", "frames a turn"],
  ["harmful_turns", "harmful turns"],
];

export function showStatistics(root: HTMLElement, { dataset }: Context): Shown {
  const { statistics } = dataset;
  const cards = HEADLINES.flatMap(([key, text]) => {
    const value = statistics[key];
    return typeof value === "number"
      ? [el("div", { class: "figure" }, el("dd", {}, number(value)), el("dt", {}, text))]
      : [];
  });
  const share = statistics["talk_share"];
  if (typeof share === "number")
    cards.push(
      el("div", { class: "figure" }, el("dd", {}, percent(share)), el("dt", {}, "of the time somebody talks")),
    );
  fill(
    root,
    el(
      "div",
      { class: "title-row" },
      el("h1", { tabindex: -1 }, "Statistics"),
      el(
        "p",
        { class: "muted facts" },
        `${dataset.name} · ${dataset.face_space} + ${dataset.body_space} · ${dataset.fps} frames a second`,
      ),
    ),
    el("dl", { class: "figures card", data: { testid: "figures" } }, ...cards),
    el(
      "div",
      { class: "panels" },
      panel("Splits", bars("Dialogues of each split", dataset.splits)),
      panel("Languages", bars("Dialogues of each language", dataset.languages)),
      panel("Seen, share of frames", validity(statistics["validity"])),
      panel("Channels", bars("Dialogues of each channel", dataset.channels ?? {})),
      panel("Verdicts", bars("Sources and clips of each verdict", dataset.verdicts ?? {})),
    ),
    models(dataset.models),
    el("p", { class: "muted hash" }, "Content hash ", el("code", {}, dataset.content_hash)),
  );
  return { title: "Statistics" };
}

function panel(title: string, content: HTMLElement): HTMLElement {
  return el("section", { class: "card padded", aria: { label: title } }, el("h2", {}, title), content);
}

function validity(given: unknown): HTMLElement {
  const shares = typeof given === "object" && given !== null ? (given as Counts) : {};
  const rows = Object.entries(shares).map(([name, share]) => {
    const bar = el("span", { class: "bar", aria: { hidden: true } });
    bar.style.setProperty("--share", String(Math.min(1, Math.max(0, share))));
    return el(
      "li",
      {},
      el("span", { class: "bar-name" }, name.replace("_", " ")),
      bar,
      el("span", { class: "bar-number" }, percent(share)),
    );
  });
  return el("ul", { class: "bars" }, ...rows);
}

function models(list: unknown[]): HTMLElement {
  const rows = list.map((item) => {
    const model = (typeof item === "object" && item !== null ? item : {}) as Record<string, unknown>;
    const cell = (name: string): HTMLElement => el("td", {}, String(model[name] ?? ""));
    return el("tr", {}, cell("stage"), cell("model"), cell("origin"), cell("licence"));
  });
  const titles = ["Stage", "Model", "Origin", "Licence"].map((text) => el("th", { scope: "col" }, text));
  const table = el(
    "div",
    { class: "scroll-x", tabindex: 0, role: "region", aria: { label: "Models" } },
    el("table", {}, el("thead", {}, el("tr", {}, ...titles)), el("tbody", {}, ...rows)),
  );
  return el(
    "section",
    { class: "card padded", aria: { label: "Models that made it" } },
    el("h2", {}, "Models that made it"),
    rows.length ? table : el("p", { class: "muted" }, "None is told of."),
  );
}

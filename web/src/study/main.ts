// The study page: consent, pairs, thanks.

import { getJson, sentence } from "../lib/api";
import { byId, el, fill } from "../lib/dom";
import type { Stage } from "../lib/stage";
import { applyTheme, themeButton } from "../lib/theme";
import { FilmPair } from "./films";
import { rememberCode, startScreen, thanksScreen } from "./start";
import { Trials } from "./trial";
import type { About, Pair, Standing } from "./types";

applyTheme();

const hooks = {
  ready: Promise.resolve(), stage: null as Stage | null, avatars: [] as unknown[],
  stats: () => hooks.stage?.stats ?? null,
};

async function open(): Promise<void> {
  byId("theme-place").replaceWith(themeButton());
  try {
    const about = await getJson<About>("/api/study");
    begin(about);
  } catch (error) {
    fill(main(), el("p", { class: "notice bad", id: "fault", role: "alert" }, sentence(error)));
  }
  main().removeAttribute("aria-busy");
}

function begin(about: About): void {
  byId("progress").hidden = byId("code-shown").hidden = true;
  fill(main(), startScreen(about, (standing) => void rate(about, standing)));
}

async function rate(about: About, standing: Standing): Promise<void> {
  rememberCode(standing.rater);
  progress(standing);
  fill(
    main(),
    el(
      "p", { class: "muted loading" },
      "The first pair is on its way. Where the avatar has yet to be made, this takes a minute or two …",
    ),
  );
  try {
    const trials = new Trials(about, await pairOf(about), standing.rater, progress);
    fill(main(), trials.element);
    await trials.run();
  } catch (error) {
    const again = el(
      "button", { type: "button", class: "button", id: "retry", on: { click: () => void rate(about, standing) } },
      "Try again",
    );
    fill(main(), el("div", { class: "notice bad", id: "fault", role: "alert" }, el("p", {}, sentence(error)), again));
    return;
  }
  rememberCode("");
  fill(main(), thanksScreen(standing, () => begin(about)));
  main().querySelector("h2")?.focus();
}

async function pairOf(about: About): Promise<Pair> {
  if (about.media === "video") return new FilmPair();
  const { AvatarPair } = await import("./avatars"); // three.js comes along, which films do without
  const pair = await AvatarPair.open(about.avatar);
  hooks.stage = pair.stage;
  hooks.avatars = [pair.avatars.left, pair.avatars.right];
  return pair;
}

function progress(standing: Standing): void {
  byId("code-text").textContent = standing.rater;
  byId("code-shown").hidden = byId("progress").hidden = false;
  const bar = byId<HTMLProgressElement>("progress-bar");
  bar.max = standing.trials;
  bar.value = standing.answered;
  byId("progress-text").textContent = `${standing.answered} of ${standing.trials}`;
}

function main(): HTMLElement {
  return byId("main");
}

hooks.ready = open();
(window as { nonverbal?: unknown }).nonverbal = hooks;

// What was said, turn by turn, the word being spoken marked; a click leads to the moment.

import { el, fill, prefersStillness } from "../lib/dom";
import { ownClass } from "./people";
import { clockText } from "./route";
import type { Dialogue, Turn } from "./types";

const UNSURE = 0.5;
const RESTS_MS = 4000;

export interface Transcript {
  element: HTMLElement;
  /** Marks what is said at `time_s`. */
  show: (time_s: number, playing: boolean) => void;
  /** Shows the turns of the same dialogue anew. */
  take: (dialogue: Dialogue) => void;
}

interface Row {
  turn: Turn;
  element: HTMLElement;
  words: HTMLElement[];
}

export function transcriptOf(dialogue: Dialogue, seek: (time_s: number) => void, reveal: () => void): Transcript {
  let rows: Row[] = [];
  let current: Row | null = null;
  let touched_ms = -RESTS_MS;
  const spoken = new Set<HTMLElement>();
  const list = el("ol", {
    class: "turns",
    tabindex: 0,
    aria: { label: "Turns; arrow keys move between them, Enter goes to one" },
    data: { testid: "transcript" },
  });
  const notice = el("div", {});
  const element = el(
    "section",
    { class: "transcript card", aria: { labelledby: "transcript-title" } },
    el("h2", { id: "transcript-title" }, "Transcript"),
    notice,
    list,
  );

  list.addEventListener("click", (event) => {
    const target = (event.target as Element).closest<HTMLElement>("[data-s]");
    if (target) seek(Number(target.dataset["s"]));
  });
  list.addEventListener("keydown", (event) => walk(event, rows));
  for (const name of ["wheel", "touchmove", "keydown", "pointerdown"])
    list.addEventListener(name, () => (touched_ms = performance.now()), { passive: true });

  const take = (next: Dialogue): void => {
    rows = next.turns.map((turn) => makeRow(turn, next.participants.indexOf(turn.participant)));
    fill(list, ...rows.map((row) => row.element));
    current = null;
    spoken.clear();
    const hidden = next.turns.filter((turn) => turn.hidden).length;
    fill(
      notice,
      hidden ? hiddenNotice(hidden, reveal) : null,
      rows.length ? null : el("p", { class: "muted" }, "Nobody says anything."),
    );
  };
  const show = (time_s: number, playing: boolean): void => {
    const row = rowAt(rows, time_s);
    if (row !== current) {
      current?.element.removeAttribute("aria-current");
      row?.element.setAttribute("aria-current", "true");
      current = row;
      if (row && (playing || touched_ms < 0) && performance.now() - touched_ms > RESTS_MS) follow(list, row.element);
    }
    markWords(rows, time_s, spoken);
  };
  take(dialogue);
  return { element, show, take };
}

function makeRow(turn: Turn, speaker: number): Row {
  const words = turn.words.map(([text, start_s, , prob, interpolated]) => {
    const how = `${prob < UNSURE ? " unsure" : ""}${interpolated ? " guessed" : ""}`;
    return el(
      "span",
      { class: `word${how}`, data: { s: start_s }, title: how ? wordNote(prob, interpolated) : null },
      text,
    );
  });
  const text = el("p", { class: "turn-text" });
  if (turn.hidden) text.append(el("em", { class: "muted" }, "Hidden: marked as harmful"));
  else if (words.length) words.forEach((word, i) => text.append(i ? " " : "", word));
  else text.append(turn.text);
  const start = el(
    "button",
    {
      type: "button",
      class: "turn-time",
      tabindex: -1,
      data: { s: turn.start_s },
      aria: { label: `${turn.participant} ${clockText(turn.start_s)}, go there` },
    },
    el("span", { class: "who" }, turn.participant),
    " ",
    clockText(turn.start_s),
  );
  const warn = turn.harmful
    ? el("span", { class: "chip warn" }, turn.harm === null ? "harmful" : `harmful ${turn.harm.toFixed(2)}`)
    : null;
  const element = el("li", { class: `turn ${ownClass(speaker)}` }, start, el("div", {}, warn, harmScores(turn), text));
  return { turn, element, words };
}

/** What the text was taken for, the surest first; told, like the text, only once it is asked for. */
function harmScores(turn: Turn): HTMLElement | null {
  if (!turn.harmful || turn.hidden || !turn.harm_scores.length) return null;
  const told = [...turn.harm_scores].sort((a, b) => b[1] - a[1]).map(([label, score]) => `${label} ${score.toFixed(2)}`);
  return el("span", { class: "harm-scores" }, told.join(" · "));
}

function wordNote(prob: number, interpolated: boolean): string {
  const notes = [
    prob < UNSURE ? `the recogniser was ${Math.round(100 * prob)} % sure` : "",
    interpolated ? "its time is interpolated" : "",
  ];
  return notes.filter(Boolean).join("; ");
}

function hiddenNotice(count: number, reveal: () => void): HTMLElement {
  const text = `${count} turn${count === 1 ? " is" : "s are"} hidden, marked as harmful.`;
  return el(
    "p",
    { class: "notice hidden-turns" },
    text,
    " ",
    el("button", { type: "button", class: "button", data: { testid: "reveal" }, on: { click: reveal } }, "Show them"),
  );
}

/** The turn that is under way, else the last one that began; overlapping ones: the one that began last. */
function rowAt(rows: Row[], time_s: number): Row | null {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].turn.start_s <= time_s + 1e-6) low = middle + 1;
    else high = middle;
  }
  return rows[low - 1] ?? null;
}

/** Marks the words spoken at `time_s`, of all participants where they overlap. */
function markWords(rows: Row[], time_s: number, spoken: Set<HTMLElement>): void {
  const last = rowAt(rows, time_s);
  const until = last ? rows.indexOf(last) : -1;
  const now = new Set<HTMLElement>();
  for (let i = Math.max(0, until - 3); i <= until; i++) {
    rows[i].turn.words.forEach(([, start_s, end_s], k) => {
      if (start_s <= time_s && time_s < end_s) now.add(rows[i].words[k]);
    });
  }
  for (const word of spoken) if (!now.has(word)) (word.classList.remove("now"), spoken.delete(word));
  for (const word of now) if (!spoken.has(word)) (word.classList.add("now"), spoken.add(word));
}

/** Scrolls the list, and nothing but the list, so that the turn is seen. */
function follow(list: HTMLElement, row: HTMLElement): void {
  const [top, height] = [row.offsetTop - list.offsetTop, row.offsetHeight];
  if (top >= list.scrollTop && top + height <= list.scrollTop + list.clientHeight * 0.8) return;
  list.scrollTo({ top: top - list.clientHeight * 0.3, behavior: prefersStillness() ? "auto" : "smooth" });
}

/** One stop of the tab key for all turns: arrows move between them. */
function walk(event: KeyboardEvent, rows: Row[]): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = rows.map((row) => row.element.querySelector("button") as HTMLButtonElement);
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const fromMark = rows.findIndex((row) => row.element.getAttribute("aria-current") === "true");
  const next = buttons[at < 0 ? Math.max(0, fromMark) : at + step];
  next?.focus();
  event.preventDefault();
  event.stopPropagation();
}

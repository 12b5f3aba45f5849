// The events of listeners as a legend with counts and, opened, as a list; a click or Enter leads to the moment.

import { el } from "../lib/dom";
import { countsOf, kindOf, momentText, sizeText } from "./happenings";
import { signOf } from "./marks";
import { ownClass } from "./people";
import type { Dialogue, Happening } from "./types";
import { number } from "./view";

/** Nothing for a dialogue without events, such as one of an older dataset. */
export function listenersOf(dialogue: Dialogue, seek: (time_s: number) => void): HTMLElement | null {
  const { events, participants } = dialogue;
  if (!events.length) return null;
  const list = el("ol", {
    class: "events-list",
    tabindex: 0,
    aria: { label: "Events in order; arrow keys move between them, Enter goes to one" },
    data: { testid: "events" },
  });
  list.addEventListener("keydown", (event) => walk(event, list));
  const folded = el("details", { class: "events-folded" }, el("summary", {}, `List of ${number(events.length)}`), list);
  folded.addEventListener(
    "toggle",
    () => list.append(...events.map((event) => rowOf(event, participants.indexOf(event.participant), seek))),
    { once: true }, // thousands of rows are made only for who wants to see them
  );
  return el(
    "section",
    { class: "events card", aria: { labelledby: "events-title" } },
    el("h2", { id: "events-title" }, "Events of listeners"),
    legend(events),
    folded,
  );
}

function legend(events: readonly Happening[]): HTMLElement {
  const counts = countsOf(events).map(([kind, count]) =>
    el("li", {}, signOf(kind, kind.letter), `${number(count)} ${count === 1 ? kind.one : kind.many}`),
  );
  return el(
    "ul",
    { class: "events-legend", aria: { label: "Kinds of events and how many" }, data: { testid: "event-counts" } },
    ...counts,
  );
}

function rowOf(event: Happening, lane: number, seek: (time_s: number) => void): HTMLElement {
  const kind = kindOf(event);
  const button = el(
    "button",
    { type: "button", class: "event-row", tabindex: -1, on: { click: () => seek(event.start_s) } },
    signOf(kind, kind.letter),
    el("span", { class: "event-time" }, momentText(event.start_s)),
    el("span", {}, ` ${kind.one} by ${event.participant} while ${event.during} talks`),
    el("span", { class: "muted" }, ` ${sizeText(event)}, confidence ${event.confidence.toFixed(2)}`),
  );
  return el("li", { class: ownClass(lane) }, button);
}

/** One stop of the tab key for all events. */
function walk(event: KeyboardEvent, list: HTMLElement): void {
  const rows = [...list.querySelectorAll("button")];
  const at = rows.indexOf(document.activeElement as HTMLButtonElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined) return;
  rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
  event.preventDefault();
  event.stopPropagation();
}

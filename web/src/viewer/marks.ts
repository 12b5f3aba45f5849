// Marks of listeners' events over the timeline's lanes: a stop of the tab key for all, words at the pointer and focus.

import { el, fill } from "../lib/dom";
import { type Group, groupLetter, groupsOf, groupText, type Kind, kindOf } from "./happenings";
import { ownClass } from "./people";
import type { Dialogue } from "./types";

/** Edge of a mark: what a finger can hit. */
export const MARK_PX = 24;

export interface Marks {
  element: HTMLElement;
  /** Places marks anew: from where the lanes begin to where they end, and each lane's height from the top. */
  layOut: (from_px: number, to_px: number, tops_px: readonly number[]) => void;
  /** Lights up what happens at `time_s`. */
  show: (time_s: number) => void;
}

interface Mark {
  group: Group;
  button: HTMLButtonElement;
}

/** The picture of a kind: its letter in its shape; `text` stands in place of the letter. */
export function signOf(kind: Kind | null, text: string): HTMLElement {
  return el("span", { class: `event-sign event-${kind?.name ?? "several"}`, aria: { hidden: true } }, text);
}

export function marksOf(dialogue: Dialogue, seek: (time_s: number) => void): Marks {
  let marks: Mark[] = [];
  let width = 0;
  const tip = el("div", { class: "event-tip", hidden: true, aria: { hidden: true }, data: { testid: "event-tip" } });
  const bar = el("div", {
    class: "event-bar",
    role: "toolbar",
    aria: { label: "Events on the timeline; arrow keys move between them, Enter goes to one" },
    data: { testid: "event-marks" },
  });
  const element = el("div", { class: "event-marks" }, bar, tip);

  const markAt = (target: EventTarget | null): Mark | undefined => {
    const button = (target as Element | null)?.closest?.("button");
    return marks.find((mark) => mark.button === button);
  };
  const tell = (mark: Mark): void => {
    tip.textContent = groupText(mark.group);
    tip.hidden = false;
    tip.style.top = `${mark.button.offsetTop + MARK_PX}px`;
    tip.style.left = `${Math.max(0, Math.min(mark.group.x - tip.offsetWidth / 2, width - tip.offsetWidth))}px`;
  };
  const hush = (): void => {
    tip.hidden = true;
  };
  bar.addEventListener("click", (event) => {
    const mark = markAt(event.target);
    if (mark) seek(mark.group.events[0].start_s);
  });
  element.addEventListener("pointerover", (event) => {
    const mark = markAt(event.target);
    if (mark) tell(mark);
  });
  element.addEventListener("pointerleave", hush);
  bar.addEventListener("focusin", (event) => {
    const mark = markAt(event.target);
    if (!mark) return;
    for (const { button } of marks) button.tabIndex = button === mark.button ? 0 : -1;
    tell(mark);
  });
  bar.addEventListener("focusout", hush);
  bar.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hush();
    const at = marks.findIndex(({ button }) => button === document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: marks.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    marks[Math.max(0, Math.min(marks.length - 1, to))].button.focus();
    event.preventDefault(); // the page's own arrow keys move through time
    event.stopPropagation();
  });

  const layOut = (from_px: number, to_px: number, tops_px: readonly number[]): void => {
    const focused = markAt(document.activeElement)?.group.events[0];
    const span_s = Math.max(dialogue.duration_s, 1e-9);
    const place = (time_s: number): number => from_px + (time_s / span_s) * (to_px - from_px);
    const room = { apart: MARK_PX, least: from_px + MARK_PX / 2, most: to_px - MARK_PX / 2 };
    width = to_px;
    marks = dialogue.participants
      .flatMap((name, i) => groupsOf(dialogue.events, name, place, room).map((group) => markOf(group, i, tops_px[i])))
      .sort((a, b) => a.group.events[0].start_s - b.group.events[0].start_s);
    fill(bar, ...marks.map((mark) => mark.button));
    hush();
    const again = focused && marks.find(({ group }) => group.events.includes(focused));
    if (marks.length) (again || marks[0]).button.tabIndex = 0;
    if (again) again.button.focus();
  };
  const show = (time_s: number): void => {
    for (const { group, button } of marks)
      button.classList.toggle(
        "now",
        group.events.some((event) => event.start_s <= time_s && time_s < event.end_s),
      );
  };
  return { element, layOut, show };
}

function markOf(group: Group, lane: number, top_px: number): Mark {
  const kind = group.events.length === 1 ? kindOf(group.events[0]) : null;
  const button = el(
    "button",
    { type: "button", class: `event-mark ${ownClass(lane)}`, tabindex: -1, aria: { label: groupText(group) } },
    signOf(kind, groupLetter(group)),
  );
  button.style.left = `${Math.round(group.x - MARK_PX / 2)}px`;
  button.style.top = `${top_px}px`;
  return { group, button };
}

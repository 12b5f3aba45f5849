// What listeners do while someone else talks, in words, in letters and, where marks would overlap, in groups.

import type { Happening } from "./types";

export interface Kind {
  /** Names the class that gives its mark a shape. */
  name: string;
  letter: string;
  one: string;
  many: string;
}

/** In the order of legends and counts; each has a letter and a shape of its own, so that no colour is needed. */
export const KINDS: readonly Kind[] = [
  { name: "backchannel", letter: "B", one: "backchannel", many: "backchannels" },
  { name: "nod", letter: "N", one: "nod", many: "nods" },
  { name: "shake", letter: "H", one: "head shake", many: "head shakes" },
  { name: "smile", letter: "S", one: "smile", many: "smiles" },
  { name: "brow_raise", letter: "R", one: "raise of the brows", many: "raises of the brows" },
];
const OTHER: Kind = { name: "other", letter: "?", one: "other event", many: "other events" };

/** Events of one participant that stand too near each other for marks of their own, in order of start. */
export interface Group {
  participant: string;
  /** Where its mark stands, in the unit of `place`. */
  x: number;
  events: readonly Happening[];
}

export function kindOf(event: Happening): Kind {
  return KINDS.find((kind) => kind.name === event.kind) ?? OTHER;
}

/** How often each kind happens; kinds that do not are left out. */
export function countsOf(events: readonly Happening[]): [Kind, number][] {
  return [...KINDS, OTHER]
    .map((kind): [Kind, number] => [kind, events.filter((event) => kindOf(event) === kind).length])
    .filter(([, count]) => count > 0);
}

/** Seconds to a tenth, as "12.3 s" or "1:05.0". */
export function momentText(seconds: number): string {
  const tenths = Math.max(0, Math.round(10 * seconds));
  const [minutes, rest] = [Math.floor(tenths / 600), (tenths % 600) / 10];
  return minutes ? `${minutes}:${rest.toFixed(1).padStart(4, "0")}` : `${rest.toFixed(1)} s`;
}

/** How large it is, in the unit of its kind. */
export function sizeText({ kind, strength }: Happening): string {
  if (kind === "nod" || kind === "shake") return `${strength.toFixed(1)}°`;
  if (kind !== "backchannel") return `size ${strength.toFixed(2)}`;
  const words = Math.round(strength);
  return words ? `${words} word${words === 1 ? "" : "s"}` : "a voice, no word understood";
}

/** A group in a sentence: "nod by B, 12.3 s, while A talks". */
export function groupText({ participant, events }: Group): string {
  const first = events[0];
  if (events.length === 1)
    return `${kindOf(first).one} by ${participant}, ${momentText(first.start_s)}, while ${first.during} talks`;
  const [from, to] = [momentText(first.start_s), momentText(events[events.length - 1].start_s)];
  const counts = countsOf(events).map(([kind, count]) => `${count} ${count === 1 ? kind.one : kind.many}`);
  return `${events.length} events of ${participant}, ${from === to ? from : `${from} to ${to}`}: ${counts.join(", ")}`;
}

/** What stands in a group's mark: the letter of a single event, else how many there are. */
export function groupLetter({ events }: Group): string {
  return events.length === 1 ? kindOf(events[0]).letter : String(events.length);
}

/** Marks for one participant's events, all at least `apart` from each other and within `least` and `most`. */
export function groupsOf(
  events: readonly Happening[],
  participant: string,
  place: (time_s: number) => number,
  { apart, least, most }: { apart: number; least: number; most: number },
): Group[] {
  const groups: (Group & { events: Happening[] })[] = [];
  const own = events.filter((event) => event.participant === participant).sort((a, b) => a.start_s - b.start_s);
  for (const event of own) {
    const x = Math.max(least, Math.min(most, place(event.start_s)));
    const last = groups[groups.length - 1];
    if (last && x - last.x < apart) last.events.push(event);
    else groups.push({ participant, x, events: [event] });
  }
  return groups;
}

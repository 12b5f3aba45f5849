import { expect, test } from "vitest";
import { countsOf, groupLetter, groupsOf, groupText, KINDS, kindOf, momentText, sizeText } from "../src/viewer/happenings";
import type { Happening } from "../src/viewer/types";

const at = (start_s: number, kind = "nod", participant = "B"): Happening => ({
  participant,
  kind,
  start_s,
  end_s: start_s + 0.5,
  during: participant === "B" ? "A" : "B",
  strength: 4.5,
  confidence: 0.8,
});
const ROOM = { apart: 24, least: 12, most: 588 };
const tenfold = (time_s: number): number => 10 * time_s;

test("a group of one is told by kind, who, when and while who talks", () => {
  const [group] = groupsOf([at(12.34)], "B", tenfold, ROOM);
  expect(groupText(group)).toBe("nod by B, 12.3 s, while A talks");
  expect(groupLetter(group)).toBe("N");
});

test("marks keep their distance, and what is too near is counted by kind", () => {
  const events = [at(30), at(12), at(13, "smile"), at(14.3), at(14.4, "shake"), at(13, "nod", "A")];
  const groups = groupsOf(events, "B", tenfold, ROOM);
  expect(groups.map((group) => group.events.map((event) => event.start_s))).toEqual([[12, 13, 14.3], [14.4], [30]]);
  expect(groupText(groups[0])).toBe("3 events of B, 12.0 s to 14.3 s: 2 nods, 1 smile");
  expect(groups.map(groupLetter)).toEqual(["3", "H", "N"]);
});

test("marks stay within the lane", () => {
  expect(groupsOf([at(0), at(60)], "B", tenfold, ROOM).map((group) => group.x)).toEqual([12, 588]);
  const crowd = groupsOf(Array.from({ length: 200 }, () => at(1)), "B", tenfold, ROOM);
  expect(crowd.map(groupLetter)).toEqual(["200"]);
});

test("kinds have letters of their own; one that nobody knows is counted as such", () => {
  expect(new Set(KINDS.map((kind) => kind.letter)).size).toBe(KINDS.length);
  const events = [at(1, "smile"), at(2, "constructor"), at(3)];
  expect(kindOf(events[1]).letter).toBe("?");
  expect(countsOf(events).map(([kind, count]) => [kind.one, count])).toEqual([
    ["nod", 1],
    ["smile", 1],
    ["other event", 1],
  ]);
});

test("moments and sizes are told in their units", () => {
  expect([0, 59.96, 65.04, 3600].map(momentText)).toEqual(["0.0 s", "1:00.0", "1:05.0", "60:00.0"]);
  expect(sizeText(at(1))).toBe("4.5°");
  expect(sizeText({ ...at(1, "smile"), strength: 0.4 })).toBe("size 0.40");
  expect([0, 1, 2].map((strength) => sizeText({ ...at(1, "backchannel"), strength }))).toEqual([
    "a voice, no word understood",
    "1 word",
    "2 words",
  ]);
});

// What the server says on its WebSocket, checked: a message that is not as agreed is an error with a sentence, never a
// crash.

import type { Word } from "./words";

export interface Sampling {
  temperature: number;
  motion_temperature: number;
  top_p: number;
  seed: number;
  max_s: number;
  greedy: boolean;
}

/** A code of a motion token: its name such as FACE or BODY1, and its number. */
export type Code = [name: string, value: number];

export interface Step {
  type: "step";
  turn: number;
  index: number;
  start_s: number;
  words: Word[];
  tokens: Code[];
  directions: string[];
}

export interface End {
  type: "end";
  turn: number;
  reason: string;
  seconds: number;
  /** Seconds of behaviour made in a second, as the server counts. */
  real_time: number | null;
  heard_s: number | null;
  first_s: number | null;
}

export type Message =
  | { type: "ready"; chat: string; version: number }
  | { type: "heard"; turn: number }
  | { type: "listening"; turn: number }
  | { type: "seen"; face: [name: string, value: number][] }
  | { type: "error"; message: string; code: string }
  | Step
  | End;

/** Longest piece of text that is taken over from a message. */
const LONGEST_TEXT = 2000;
const MOST_ITEMS = 400;

/**
 * The message that a text frame stands for; null for a kind that this page does not know. Throws on what is no message.
 */
export function readMessage(data: string): Message | null {
  const told: unknown = JSON.parse(data);
  if (typeof told !== "object" || told === null) throw new Error("the server sent something that is no message");
  const from = told as Record<string, unknown>;
  switch (from["type"]) {
    case "ready":
      return { type: "ready", chat: text(from["chat"]), version: number(from["version"]) };
    case "heard":
    case "listening":
      return { type: from["type"], turn: number(from["turn"]) };
    case "seen":
      return { type: "seen", face: levels(from["face"]) };
    case "error":
      return {
        type: "error", code: text(from["code"]),
        message: text(from["message"]) || "The server reports an error without saying which.",
      };
    case "step":
      return readStep(from);
    case "end":
      return readEnd(from);
    default:
      return null;
  }
}

function readStep(from: Record<string, unknown>): Step {
  const words = list(from["words"]).flatMap((row) => {
    const [word, start, end] = list(row);
    const start_s = number(start);
    return text(word).trim() ? [{ text: text(word).trim(), start_s, end_s: Math.max(number(end), start_s) }] : [];
  });
  const tokens = list(from["tokens"]).map((row): Code => [text(list(row)[0]), number(list(row)[1])]);
  return {
    type: "step", turn: number(from["turn"]), index: number(from["index"]), start_s: number(from["start_s"]),
    words, tokens, directions: list(from["directions"]).map(text).filter(Boolean),
  };
}

function readEnd(from: Record<string, unknown>): End {
  const pace = (typeof from["pace"] === "object" && from["pace"] ? from["pace"] : {}) as Record<string, unknown>;
  const figure = (name: string): number | null => (Number.isFinite(pace[name]) ? (pace[name] as number) : null);
  return {
    type: "end", turn: number(from["turn"]), reason: text(from["reason"]), seconds: number(from["seconds"]),
    real_time: figure("real_time"), heard_s: figure("heard_s"), first_s: figure("first_s"),
  };
}

function levels(from: unknown): [string, number][] {
  if (typeof from !== "object" || from === null) return [];
  return Object.entries(from).slice(0, MOST_ITEMS).map(
    ([name, value]) => [text(name), Math.min(Math.max(number(value), 0), 1)],
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, LONGEST_TEXT) : "";
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MOST_ITEMS) : [];
}

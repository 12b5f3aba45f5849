// What the server tells about its model, with the ranges of what can be set.

import { getJson } from "../lib/api";
import type { Sampling } from "./protocol";

export interface ModelInfo {
  name: string;
  step_s: number;
  /** Whether the model was taught what a listener does, and whether pictures of the camera can be understood here. */
  listens: boolean;
  can_watch: boolean;
  sampling: Sampling;
  starters: string[];
  notes: string[];
  /** Most characters that can be said in one go. */
  longest: number;
}

export const DEFAULTS: Sampling = {
  temperature: 0.8, motion_temperature: 1, top_p: 0.95, seed: 0, max_s: 30, greedy: false,
};

export const UNKNOWN: ModelInfo = {
  name: "Avatar", step_s: 0.32, listens: false, can_watch: false, sampling: DEFAULTS, starters: [],
  notes: [], longest: 600,
};

/** A number that can be set: its name, what it means, and its range. */
export interface Knob {
  name: Exclude<keyof Sampling, "greedy">;
  label: string;
  hint: string;
  least: number;
  most: number;
  step: number;
}

export const KNOBS: readonly Knob[] = [
  {
    name: "temperature", label: "Temperature of words", least: 0.1, most: 1.5, step: 0.05,
    hint: "Lower: likelier words. Higher: more surprising ones.",
  },
  {
    name: "motion_temperature", label: "Temperature of motion", least: 0.1, most: 1.5, step: 0.05,
    hint: "Lower: calmer face and body. Higher: livelier.",
  },
  {
    name: "top_p", label: "Nucleus (top-p)", least: 0.5, most: 1, step: 0.01,
    hint: "Draws from the likeliest tokens that together have this probability.",
  },
  { name: "max_s", label: "Longest answer, seconds", hint: "The answer is ended then.", least: 2, most: 30, step: 1 },
  {
    name: "seed", label: "Seed", least: 0, most: 2 ** 31 - 1, step: 1,
    hint: "The same seed and the same words give the same answer.",
  },
];

/** The nearest value that a knob can have; `otherwise` for what is no number. */
export function within(knob: Knob, value: number, otherwise: number): number {
  if (!Number.isFinite(value)) return otherwise;
  const rounded = knob.least + Math.round((value - knob.least) / knob.step) * knob.step;
  return Number(Math.min(Math.max(rounded, knob.least), knob.most).toFixed(4));
}

/** Settings in their ranges, from whatever was found. */
export function asSampling(found: unknown, otherwise: Sampling): Sampling {
  const from = (typeof found === "object" && found ? found : {}) as Record<string, unknown>;
  const made: Sampling = { ...otherwise };
  for (const knob of KNOBS) {
    const value = from[knob.name];
    if (typeof value === "number") made[knob.name] = within(knob, value, otherwise[knob.name]);
  }
  if (typeof from["greedy"] === "boolean") made.greedy = from["greedy"];
  return made;
}

export async function loadModel(): Promise<ModelInfo> {
  return asModel(await getJson<unknown>("/api/model"));
}

/** What the server said, with everything that is missing as in `UNKNOWN`. */
export function asModel(found: unknown): ModelInfo {
  const from = (typeof found === "object" && found ? found : {}) as Record<string, unknown>;
  const texts = (name: string): string[] =>
    Array.isArray(from[name]) ? from[name].filter((t): t is string => typeof t === "string") : [];
  const number = (name: string, otherwise: number): number =>
    typeof from[name] === "number" && from[name] > 0 ? from[name] : otherwise;
  return {
    name: typeof from["name"] === "string" && from["name"] ? from["name"].slice(0, 80) : UNKNOWN.name,
    step_s: number("step_s", UNKNOWN.step_s),
    listens: from["listens"] === true,
    can_watch: from["can_watch"] === true,
    sampling: asSampling(from["sampling"], DEFAULTS),
    starters: texts("starters").slice(0, 8),
    notes: texts("notes").slice(0, 8),
    longest: number("longest", UNKNOWN.longest),
  };
}

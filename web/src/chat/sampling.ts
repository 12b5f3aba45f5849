// How answers are drawn: temperatures, nucleus, seed, length; kept in this browser, back to the model's own with one
// press.

import { el } from "../lib/dom";
import { DEFAULTS, KNOBS, asSampling, within, type Knob } from "./model";
import type { Sampling } from "./protocol";
import { keep, recall } from "./storage";

const KEY = "chat-sampling";

export class SamplingPanel {
  private own: Sampling = DEFAULTS;
  private chosen: Sampling = DEFAULTS;
  private readonly fields = new Map<string, HTMLInputElement>();
  private readonly shown = new Map<string, HTMLElement>();

  constructor(place: HTMLElement) {
    const knobs = KNOBS.map((knob) => this.knob(knob));
    const greedy = el(
      "input", { type: "checkbox", id: "set-greedy", on: { change: () => this.set({ greedy: greedy.checked }) } },
    );
    this.fields.set("greedy", greedy);
    const draw = (): void => this.set({ seed: Math.floor(Math.random() * 1e6) });
    const other = el("button", { type: "button", class: "button small", on: { click: draw } }, "Another seed");
    const reset = el(
      "button",
      { type: "button", class: "button small", id: "reset-sampling", on: { click: () => this.set(this.own) } },
      "Reset to the model's own",
    );
    place.replaceChildren(
      ...knobs,
      el("label", { class: "check" }, greedy, " Greedy: always the likeliest token"),
      el("div", { class: "row" }, other, reset),
      el("p", { class: "hint muted" }, "Settings hold from the next sentence on."),
    );
    this.draw();
  }

  /** The settings for the next sentence. */
  get value(): Sampling {
    return this.chosen;
  }

  /** Takes the model's own settings, and over them what this browser remembers. */
  begin(own: Sampling): void {
    this.own = own;
    this.chosen = asSampling(recall(KEY), own);
    this.draw();
  }

  private set(changes: Partial<Sampling>): void {
    this.chosen = { ...this.chosen, ...changes };
    const changed = Object.entries(this.chosen).filter(([name, value]) => this.own[name as keyof Sampling] !== value);
    keep(KEY, Object.fromEntries(changed));
    this.draw();
  }

  private knob(knob: Knob): HTMLElement {
    const id = `set-${knob.name}`;
    const type = knob.name === "seed" ? "number" : "range";
    const field = el("input", {
      id, type, min: knob.least, max: knob.most, step: knob.step, inputmode: "decimal",
      ...(type === "number" ? { class: "field" } : {}),
      aria: { describedby: `${id}-hint` },
    });
    const read = (): void => this.set({ [knob.name]: within(knob, field.valueAsNumber, this.own[knob.name]) });
    field.addEventListener(type === "range" ? "input" : "change", read);
    const shown = el("output", { for: id });
    this.fields.set(knob.name, field);
    if (type === "range") this.shown.set(knob.name, shown);
    return el(
      "div", { class: "knob" }, el("label", { for: id }, knob.label), type === "range" ? shown : null, field,
      el("p", { class: "hint muted", id: `${id}-hint` }, knob.hint),
    );
  }

  private draw(): void {
    for (const knob of KNOBS) {
      const field = this.fields.get(knob.name)!;
      field.value = String(this.chosen[knob.name]);
      field.disabled = this.chosen.greedy && knob.name !== "max_s";
      const shown = this.shown.get(knob.name);
      if (shown) shown.textContent = String(this.chosen[knob.name]);
    }
    this.fields.get("greedy")!.checked = this.chosen.greedy;
  }
}

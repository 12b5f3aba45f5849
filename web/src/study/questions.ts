// The questions about a pair: one choice each, answered by mouse or keys, closed until both clips were seen.

import { el } from "../lib/dom";
import type { About, Answer } from "./types";

const TEXTS: Record<Answer, string> = { left: "Left", tie: "No difference", right: "Right" };

export class Questions {
  readonly element: HTMLElement;
  onChange: () => void = () => {};
  private readonly fields: HTMLFieldSetElement[];
  private readonly choices: Answer[];

  constructor(private readonly about: About) {
    this.choices = about.ties ? ["left", "tie", "right"] : ["left", "right"];
    this.fields = about.questions.map((text, i) => this.field(text, i));
    this.element = el("div", { class: "questions" }, ...this.fields);
    this.close();
  }

  get answers(): Record<string, Answer> {
    const found: Record<string, Answer> = {};
    this.about.questions.forEach((text, i) => {
      const chosen = this.chosen(i);
      if (chosen) found[text] = chosen.value as Answer;
    });
    return found;
  }

  get complete(): boolean {
    return this.about.questions.every((_, i) => this.chosen(i));
  }

  get open(): boolean {
    return this.fields.every((field) => !field.disabled);
  }

  /** Lets answers be given, and shows which question comes first. */
  unlock(): void {
    if (this.open) return;
    for (const field of this.fields) field.disabled = false;
    this.mark();
  }

  /** No answers, and none to be given. */
  close(): void {
    for (const field of this.fields) {
      field.disabled = true;
      for (const input of field.querySelectorAll("input")) input.checked = false;
    }
    this.mark();
  }

  /** Answers the question that is in focus, or else the first one without an answer. */
  choose(answer: Answer): void {
    if (!this.open || !this.choices.includes(answer)) return;
    const field = this.current();
    const input = field?.querySelector<HTMLInputElement>(`input[value="${answer}"]`);
    if (!input) return;
    input.checked = true;
    if (field?.contains(document.activeElement)) input.focus();
    this.mark();
    this.onChange();
  }

  private current(): HTMLFieldSetElement | undefined {
    const focused = this.fields.find((field) => field.contains(document.activeElement));
    const open = this.fields.findIndex((_, i) => !this.chosen(i));
    return focused ?? this.fields[open] ?? this.fields[this.fields.length - 1];
  }

  private mark(): void {
    const current = this.open && !this.complete ? this.current() : undefined;
    for (const field of this.fields) field.classList.toggle("current", field === current);
  }

  private chosen(index: number): HTMLInputElement | null {
    return this.fields[index]?.querySelector<HTMLInputElement>("input:checked") ?? null;
  }

  private field(text: string, index: number): HTMLFieldSetElement {
    const keys = this.choices.length === 3 ? ["1", "2", "3"] : ["1", "3"];
    const options = this.choices.map((answer, i) =>
      el("label", { class: "choice", data: { answer } },
        el("input", { type: "radio", name: `question-${index}`, value: answer, id: `answer-${index}-${answer}` }),
        el("span", {}, TEXTS[answer], " ", el("kbd", { aria: { hidden: true } }, keys[i]))));
    const field = el("fieldset", { id: `question-${index}`, data: { testid: "question" } },
      el("legend", {}, text), el("div", { class: "choices" }, ...options));
    field.addEventListener("change", () => {
      this.mark();
      this.onChange();
    });
    return field;
  }
}

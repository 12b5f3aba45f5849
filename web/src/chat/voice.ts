// The answer aloud, by the browser's own voice: phrase by phrase, as the motion reaches them.

import { el } from "../lib/dom";
import { keep, recall } from "./storage";
import { phrases, rateFor, type Word } from "./words";

const KEY = "chat-voice";

export class Voice {
  private readonly synth = typeof speechSynthesis === "undefined" ? null : speechSynthesis;
  private on = false;
  private name = "";
  private voices: SpeechSynthesisVoice[] = [];
  private of: object | null = null;
  private spoken = 0;
  private readonly switch: HTMLInputElement;
  private readonly picker: HTMLSelectElement;
  private readonly note: HTMLElement;

  constructor(place: HTMLElement) {
    const kept = recall(KEY);
    this.name = typeof kept === "string" ? kept : "";
    this.switch = el("input", { type: "checkbox", id: "speak", on: { change: () => this.turn(this.switch.checked) } });
    this.picker = el(
      "select", { class: "field", id: "voice-name", on: { change: () => this.choose(this.picker.value) } },
    );
    this.note = el("p", { class: "hint muted", role: "status", id: "voice-note" });
    place.replaceChildren(
      el("label", { class: "check" }, this.switch, " Speak the answers aloud"),
      el("div", { class: "knob" }, el("label", { for: "voice-name" }, "Voice"), this.picker),
      this.note,
    );
    this.synth?.addEventListener?.("voiceschanged", () => this.list());
    this.list();
  }

  get isOn(): boolean {
    return this.on;
  }

  /** Says what begins to be said of an answer at this moment; `open` while more words may come. */
  speak(answer: object, words: readonly Word[], time_s: number, open: boolean): void {
    if (!this.on || !this.synth) return;
    if (this.of !== answer) {
      this.hush();
      this.of = answer;
      this.spoken = 0;
    }
    for (const phrase of phrases(words, open)) {
      if (phrase.until <= this.spoken) continue;
      if (phrase.start_s > time_s) return;
      this.spoken = phrase.until;
      // Who falls behind the motion speaks a little faster.
      this.say(phrase.text, rateFor(phrase) * (this.synth.pending ? 1.15 : 1));
    }
  }

  hush(): void {
    this.of = null;
    this.synth?.cancel();
  }

  private say(text: string, rate: number): void {
    const utterance = new SpeechSynthesisUtterance(text);
    const voice = this.voices.find((v) => v.name === this.name);
    if (voice) utterance.voice = voice;
    utterance.lang = voice?.lang ?? "en";
    utterance.rate = rate;
    utterance.onerror = (event) => {
      if (event.error !== "canceled" && event.error !== "interrupted") {
        this.note.textContent = `The voice fails (${event.error}); choose another one.`;
      }
    };
    this.synth!.speak(utterance);
  }

  private turn(on: boolean): void {
    this.on = on;
    if (!on) this.hush();
  }

  private choose(name: string): void {
    this.name = name;
    keep(KEY, name);
  }

  /** Voices of English first: models speak it. */
  private list(): void {
    const found = this.synth?.getVoices() ?? [];
    const english = (voice: SpeechSynthesisVoice): number => (voice.lang.startsWith("en") ? 0 : 1);
    this.voices = [...found].sort((a, b) => english(a) - english(b) || a.name.localeCompare(b.name));
    this.picker.replaceChildren(
      el("option", { value: "" }, "The browser's own choice"),
      ...this.voices.map(
        (voice) => el(
          "option", { value: voice.name },
          `${voice.name} (${voice.lang}${voice.localService ? "" : ", spoken by a service on the internet"})`,
        ),
      ),
    );
    this.picker.value = this.voices.some((voice) => voice.name === this.name) ? this.name : "";
    const can = this.synth !== null && this.voices.length > 0;
    this.switch.disabled = !can;
    this.picker.disabled = !can;
    if (!can) this.turn(false);
    this.note.textContent = can
      ? "The voice is your browser's; the mouth moves as the model says, so the two are not exactly in step."
      : "This browser has no voice. The words are shown as they are said.";
  }
}

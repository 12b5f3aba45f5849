// What the page says about itself: connection, what the avatar does, how long things took, what went wrong.

import { byId, el, fill } from "../lib/dom";
import { asTime, type Figures } from "./latency";
import type { LinkState } from "./link";

export type Doing = "rest" | "listening" | "thinking" | "speaking";

const DOING: Record<Doing, string> = { rest: "at rest", listening: "listens", thinking: "thinks", speaking: "speaks" };

export class Indicators {
  private countdown = 0;
  private wasOpen = false;
  private told: string | null = null;
  private aside = el("span");
  private drawn_ms = 0;
  private fps = 0;

  /**
   * A sentence above the conversation, told at once; `aside` is shown behind it and may change without being told
   * again.
   */
  notice(text: string | null, aside = ""): void {
    const place = byId("notice");
    if (text && text === this.told) {
      this.aside.textContent = aside;
      return;
    }
    this.told = text;
    this.aside = el("span", { aria: { hidden: true } }, aside);
    fill(place, text, " ", this.aside);
    place.hidden = !text;
  }

  doing(what: Doing): void {
    const place = byId("doing");
    if (place.dataset["doing"] === what) return;
    place.dataset["doing"] = what;
    place.textContent = DOING[what];
    byId("stage").setAttribute("aria-label", `The avatar ${what === "rest" ? "is at rest" : DOING[what]}`);
  }

  /** `trouble`: why the avatar cannot be seen, for good or for now. */
  picture(trouble: string | null, forGood = true): void {
    const note = byId("picture-note");
    note.hidden = trouble === null;
    note.textContent = trouble ?? "";
    document.querySelector<HTMLElement>(".views")!.hidden = trouble !== null;
    note.classList.toggle("trouble", trouble !== null && forGood);
  }

  link(state: LinkState): void {
    window.clearInterval(this.countdown);
    byId("link-state").dataset["state"] = state.is;
    const text = byId("link-text");
    if (state.is === "connecting" && !this.wasOpen) text.textContent = "Connecting";
    if (state.is === "open") {
      text.textContent = "Connected";
      if (this.wasOpen) this.notice("The connection is back. The model remembers nothing of what was said before.");
      else this.notice(null);
      this.wasOpen = true;
    }
    if (state.is === "asleep") {
      text.textContent = "Asleep";
      this.notice(
        "Nothing was said for a long time, so the conversation has ended. Write something to begin a new one.",
      );
    }
    if (state.is !== "lost") return;
    text.textContent = "No connection";
    let left_s = Math.ceil(state.retry_s);
    const say = (): void => this.notice(state.why, `Trying again ${left_s > 0 ? `in ${left_s} s` : "now"} …`);
    say();
    this.countdown = window.setInterval(() => {
      left_s -= 1;
      if (left_s >= 0) say();
    }, 1000);
  }

  /** How many pictures are drawn, twice a second while something is played. */
  drawn(fps: number): void {
    const place = byId("figures").querySelector("div:last-child dd");
    if (!place || performance.now() - this.drawn_ms < 500) return;
    this.drawn_ms = performance.now();
    this.fps = Math.round(fps);
    place.textContent = this.fps ? `${this.fps} fps` : "–";
  }

  figures(figures: Figures | null): void {
    const rate = figures?.real_time ? `${figures.real_time.toFixed(1)}×` : "–";
    const rows: [string, string, string][] = [
      ["first word", asTime(figures?.first_word_ms ?? null), "From pressing enter to the first word on the screen"],
      [
        "first motion", asTime(figures?.first_motion_ms ?? null),
        "From pressing enter to the first frame of the answer's motion",
      ],
      ["real time", rate, "Seconds of motion made for each second you waited"],
      ["drawn", this.fps ? `${this.fps} fps` : "–", "Pictures drawn a second while the avatar moves"],
    ];
    byId("figures").replaceChildren(
      ...rows.map(([name, value, title]) => el("div", { title }, el("dt", {}, name), el("dd", {}, value))),
    );
  }
}

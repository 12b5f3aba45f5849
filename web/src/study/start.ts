// The first and the last screen: what a rater agrees to, going on with a code, and thanks.

import { ApiError, getJson, postJson, sentence } from "../lib/api";
import { el } from "../lib/dom";
import type { About, Standing } from "./types";

const KEY = "nonverbal-study";

/** The code that this browser began with, if it keeps one. */
export function rememberedCode(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

export function rememberCode(code: string): void {
  try {
    if (code) localStorage.setItem(KEY, code);
    else localStorage.removeItem(KEY);
  } catch {
    // the rater has the code on screen
  }
}

/** Asks for consent or for a code; `begun` gets the rater's standing. */
export function startScreen(about: About, begun: (standing: Standing) => void): HTMLElement {
  const fault = el("p", { class: "notice bad", id: "fault", role: "alert", hidden: true });
  const agree = el("input", { type: "checkbox", id: "agree" });
  const begin = el("button", { type: "submit", class: "button primary", id: "begin", disabled: true }, "Begin");
  const code = el("input", {
    class: "field", id: "code", name: "code", autocomplete: "off", spellcheck: "false", maxlength: 9,
    placeholder: "abcd-2345", value: rememberedCode(),
  });
  agree.addEventListener("change", () => (begin.disabled = !agree.checked));
  const ask = async (request: () => Promise<Standing>): Promise<void> => {
    fault.hidden = true;
    try {
      begun(await request());
    } catch (error) {
      const unknown = error instanceof ApiError && error.code === "unknown_rater";
      fault.textContent = unknown ? "No rater has this code; check it, or begin below." : sentence(error);
      fault.hidden = false;
    }
  };
  const consent = el("form", { class: "consent", id: "consent" },
    el("label", { class: "agree", for: "agree" }, agree, el("span", {}, about.consent)), begin);
  consent.addEventListener("submit", (event) => {
    event.preventDefault();
    if (agree.checked) void ask(() => postJson<Standing>("/api/study/raters", { consent: true }));
  });
  const resume = el("form", { class: "resume", id: "resume" },
    el("label", { for: "code" }, "You have begun before? Go on with your code:"), code,
    el("button", { type: "submit", class: "button", id: "continue" }, "Go on"));
  resume.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = code.value.trim().toLowerCase();
    if (given) void ask(() => getJson<Standing>(`/api/study/raters/${encodeURIComponent(given)}`));
  });
  return el(
    "section", { class: "start card", id: "start" }, el("h2", {}, "Two clips, side by side"), ...explained(about),
    fault, consent, resume,
  );
}

/** Says that all is done. */
export function thanksScreen(standing: Standing, anew: () => void): HTMLElement {
  return el("section", { class: "start card", id: "thanks" },
    el("h2", { tabindex: -1 }, "Thank you"),
    el(
      "p", {}, `You have answered all ${standing.trials} pairs. Your code was `, el("strong", {}, standing.rater),
      ". You may close this page.",
    ),
    el("button", { type: "button", class: "button", id: "anew", on: { click: anew } }, "Somebody else begins"));
}

function explained(about: About): HTMLElement[] {
  const questions = el("ul", {}, ...about.questions.map((text) => el("li", {}, text)));
  const sound = about.media === "video" ? " Please switch your sound on." : "";
  return [
    el(
      "p", {},
      `You will see ${about.trials} pairs of short clips. Watch both clips of a pair to their end, as often as you like, `
        + "then answer:",
    ),
    questions,
    el(
      "p", {},
      `There are no right answers.${about.ties ? " If you see no difference, say so." : ""}${sound} The first `
        + "pair is for practice. You may stop at any time and go on later with the code that is shown at the top.",
    ),
    el(
      "p", { class: "muted" },
      "Keys: space plays both, T one after the other, arrows or 1, 2, 3 answer, enter goes on.",
    ),
  ];
}

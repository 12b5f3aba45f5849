// The first page: a card for each part of the server that is switched on.

import { sentence } from "../lib/api";
import { byId, el } from "../lib/dom";
import { applyTheme, themeButton } from "../lib/theme";
import { PAGES, loadParts } from "./parts";
import { picture } from "./pictures";

const TELL: Readonly<Record<string, string>> = {
  chat: "Type a sentence. The avatar answers in words, face and body, while the model is still thinking of the rest.",
  viewer: "Look through the dialogues: both people side by side, in step with every word, with all that was measured.",
  study: "Rate pairs of clips without knowing which is which: true motion, a model, a baseline.",
};

applyTheme();
byId("theme-place").replaceWith(themeButton());

/** A card is one link, so that all of it can be pressed. */
function card(name: string): HTMLElement {
  const { path, title } = PAGES[name]!;
  return el(
    "li", {},
    el(
      "a", { class: "card part", href: path, data: { part: name } }, picture(name),
      el("span", { class: "part-title" }, title), el("span", { class: "part-text" }, TELL[name] ?? ""),
    ),
  );
}

async function open(): Promise<void> {
  try {
    const { parts, version } = await loadParts();
    byId("cards").replaceChildren(...parts.map(card));
    byId("version").textContent = version ? `Version ${version}` : "";
    if (!parts.length) {
      tell(
        "This server runs, but none of its parts is switched on. "
        + "Start it with a dataset to view or a model to talk to.",
      );
    }
  } catch (error) {
    tell(sentence(error) ?? "");
  }
}

function tell(text: string): void {
  const notice = byId("notice");
  notice.textContent = text;
  notice.hidden = !text;
}

const ready = open();
Object.assign(window, { nonverbal: { ready, stage: null, avatars: [], stats: () => ({ fps: 0, frames: 0 }) } });

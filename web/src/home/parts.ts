// The parts of the server that are switched on, as links.

import { getJson } from "../lib/api";
import { el } from "../lib/dom";

export interface Parts {
  parts: string[];
  version: string;
}

/** Parts that have a page: where it is, and what it is called. */
export const PAGES: Readonly<Record<string, { path: string; title: string }>> = {
  chat: { path: "/chat", title: "Chat" },
  viewer: { path: "/viewer", title: "Viewer" },
  study: { path: "/study", title: "Study" },
};

export async function loadParts(): Promise<Parts> {
  const found = await getJson<Partial<Parts>>("/api/parts");
  const parts = Array.isArray(found.parts) ? found.parts.filter((name) => name in PAGES) : [];
  return { parts, version: typeof found.version === "string" ? found.version : "" };
}

/** Links to the other pages there are; none where the server does not say. */
export async function partLinks(place: HTMLElement, here: string): Promise<void> {
  try {
    const { parts } = await loadParts();
    const others = parts.filter((name) => name !== here);
    place.replaceChildren(...others.map((name) => el("a", { href: PAGES[name]!.path }, PAGES[name]!.title)));
  } catch {
    place.replaceChildren(); // links are a convenience: the page itself tells when the server is away
  }
}

// An answer as a file: the server makes it, the browser saves it.

import { getBuffer, sentence } from "../lib/api";
import { announce, el } from "../lib/dom";

const KINDS = [
  { suffix: "glb", label: "GLB", what: "avatar with animation", type: "model/gltf-binary" },
  { suffix: "bvh", label: "BVH", what: "skeleton motion", type: "text/plain" },
  { suffix: "csv", label: "CSV", what: "ARKit coefficients", type: "text/csv" },
  { suffix: "mp4", label: "MP4", what: "film", type: "video/mp4" },
  { suffix: "json", label: "JSON", what: "words, tokens and times", type: "application/json" },
] as const;

/** "Save as GLB BVH CSV MP4 JSON", folded. */
export function savingMenu(chat: string, turn: number): HTMLElement {
  const state = el("span", { class: "muted", role: "status" });
  const buttons = KINDS.map((kind) => {
    const button = el(
      "button",
      {
        type: "button", class: "link-button", title: kind.what, data: { save: kind.suffix },
        aria: { label: `Save as ${kind.label}: ${kind.what}` },
      },
      kind.label,
    );
    button.addEventListener("click", () => void save(button, state, chat, turn, kind));
    return button;
  });
  return el(
    "details", { class: "saving" }, el("summary", {}, "Save"), el("span", { class: "kinds" }, ...buttons, state),
  );
}

async function save(
  button: HTMLButtonElement, state: HTMLElement, chat: string, turn: number, kind: (typeof KINDS)[number],
): Promise<void> {
  button.disabled = true;
  state.textContent = kind.suffix === "mp4" ? "Filming, this takes a moment …" : `Making ${kind.label} …`;
  try {
    const bytes = await getBuffer(`/api/chat/${encodeURIComponent(chat)}/${turn}.${kind.suffix}`);
    download(new Blob([bytes], { type: kind.type }), `answer-${turn}.${kind.suffix}`);
    state.textContent = "";
    announce(`answer-${turn}.${kind.suffix} is saved`);
  } catch (error) {
    state.textContent = sentence(error) ?? "";
  } finally {
    button.disabled = false;
  }
}

function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

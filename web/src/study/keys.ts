// Keys of a trial: arrows and 1, 2, 3 answer, space and letters play, enter goes on.

import type { Answer, Side } from "./types";

export interface Actions {
  answer(answer: Answer): void;
  toggle(): void;
  both(): void;
  inTurn(): void;
  only(side: Side): void;
  halt(): void;
  next(): void;
}

const ANSWERS: Record<string, Answer> = {
  "1": "left", "2": "tie", "3": "right", ArrowLeft: "left", ArrowDown: "tie", ArrowUp: "tie", ArrowRight: "right",
};

/** Listens until `signal` aborts. */
export function listenToKeys(actions: Actions, signal: AbortSignal): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    if (act(actions, event)) event.preventDefault();
  }, { signal });
}

/** Does what a key stands for; whether it stands for anything. */
function act(actions: Actions, event: KeyboardEvent): boolean {
  const answer = ANSWERS[event.key];
  if (answer) return actions.answer(answer), true;
  const onButton = event.target instanceof HTMLElement && event.target.closest("button, a, summary") !== null;
  switch (event.key.toLowerCase()) {
    case " ": return onButton ? false : (actions.toggle(), true);
    case "enter": return onButton ? false : (actions.next(), true);
    case "r": return actions.both(), true;
    case "t": return actions.inTurn(), true;
    case "q": return actions.only("left"), true;
    case "e": return actions.only("right"), true;
    case "escape": return actions.halt(), true;
    default: return false;
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== "radio";
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

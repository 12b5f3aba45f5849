// Two films in step: both begin together, the right one follows the left one's clock, and one of them is heard.

import { el, fill } from "../lib/dom";
import { type Pair, type Side, SIDES, type Trial } from "./types";

const APART_S = 0.06;
const END_S = 0.04;
const LATE_MS = 30_000;

export class FilmPair implements Pair {
  readonly element = el("div", { class: "pair films", id: "pair" });
  onTime: (time_s: number) => void = () => {};
  private films: Record<Side, HTMLVideoElement> | null = null;
  private seconds = 0;
  private request = 0;
  private ended: ((whole: boolean) => void) | null = null;

  async load(trial: Trial, signal: AbortSignal): Promise<void> {
    this.stop();
    for (const film of Object.values(this.films ?? {})) release(film);
    const films = { left: newFilm(trial.left, "left"), right: newFilm(trial.right, "right") };
    this.films = films;
    this.seconds = trial.seconds;
    fill(this.element, ...SIDES.map((side) => el("figure", { class: "side", data: { side } }, films[side])));
    await Promise.all(SIDES.map((side) => ready(films[side], signal)));
  }

  async play(sides: readonly Side[]): Promise<boolean> {
    this.stop();
    const films = this.films;
    if (!films) return false;
    const shown = sides.map((side) => films[side]);
    for (const side of SIDES) films[side].parentElement?.classList.toggle("resting", !sides.includes(side));
    for (const film of Object.values(films)) film.currentTime = 0;
    shown.forEach((film, i) => (film.muted = i > 0));
    await Promise.all(shown.map((film) => film.play()));
    return new Promise((resolve) => {
      this.ended = resolve;
      const step = (): void => {
        const [leader, follower] = shown as [HTMLVideoElement, HTMLVideoElement | undefined];
        if (follower && Math.abs(follower.currentTime - leader.currentTime) > APART_S && !follower.seeking) {
          follower.currentTime = leader.currentTime;
        }
        this.onTime(leader.currentTime);
        if (shown.every((film) => film.ended || film.currentTime >= this.seconds - END_S)) return this.end(true);
        if (leader.paused && !leader.ended) return this.end(false);
        this.request = requestAnimationFrame(step);
      };
      this.request = requestAnimationFrame(step);
    });
  }

  stop(): void {
    this.end(false);
  }

  private end(whole: boolean): void {
    cancelAnimationFrame(this.request);
    for (const film of Object.values(this.films ?? {})) {
      film.pause();
      film.parentElement?.classList.remove("resting");
    }
    this.ended?.(whole);
    this.ended = null;
  }
}

function newFilm(address: string, side: Side): HTMLVideoElement {
  const film = el(
    "video",
    {
      preload: "auto", playsinline: true, disablepictureinpicture: true, disableremoteplayback: true,
      aria: { label: `The ${side} clip` },
    },
  );
  film.addEventListener("contextmenu", (event) => event.preventDefault()); // its menu could jump to the end
  film.src = address;
  return film;
}

function release(film: HTMLVideoElement): void {
  film.removeAttribute("src");
  film.load();
}

function ready(film: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("A clip takes too long to load; try again.")), LATE_MS);
    const settle = (work: () => void) => () => {
      clearTimeout(timer);
      work();
    };
    film.addEventListener("canplaythrough", settle(resolve), { once: true });
    film.addEventListener(
      "error", settle(() => reject(new Error("A clip cannot be played in this browser; try another one."))),
      { once: true },
    );
    signal.addEventListener("abort", settle(() => reject(new DOMException("", "AbortError"))), { once: true });
  });
}

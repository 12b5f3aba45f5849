// The two avatars and their stage: made once for the page, and moved by the motion of one dialogue after the other.

import { type Avatar, loadAvatar } from "../lib/avatar";
import { el } from "../lib/dom";
import { Stage, type View } from "../lib/stage";
import { emptyMoment, type Moment, PARTS, SPEAKING_BIT, type Track } from "./track";

const UNSEEN_NAMES: Record<string, string> = {
  face: "face not seen",
  head: "",
  gaze: "",
  upper_body: "body not seen",
  left_hand: "left hand not seen",
  right_hand: "right hand not seen",
};
const FACELESS = new Float32Array(52);
const DIM = { face: 0.38, body: 0.5 };
const DIM_PER_S = 4;

interface Seat {
  track: Track | null;
  moment: Moment;
  dim: number;
  marks: number;
}

/** Called when what is known of somebody changes: which parts are not seen, and whether they speak. */
export type Told = (index: number, unseen: string[], speaking: boolean) => void;

export class Cast {
  onFrame: (elapsed_s: number) => void = () => {};
  onTold: Told = () => {};
  readonly avatars: Avatar[] = [];
  readonly ready: Promise<void>;
  private seats: Seat[] = [];
  private showsFace = true;

  private constructor(
    readonly canvas: HTMLCanvasElement,
    readonly stage: Stage,
  ) {
    stage.onFrame = (elapsed_s) => this.onFrame(elapsed_s);
    this.ready = this.load();
    this.ready.catch(() => undefined); // whoever waits for it says what is wrong
  }

  private static made: Cast | null = null;

  /** The page's cast. Throws where the browser has no WebGL. */
  static get(): Cast {
    if (Cast.made) return Cast.made;
    const canvas = el("canvas", {
      class: "stage",
      id: "stage",
      role: "img",
      aria: { label: "Two avatars, side by side" },
    });
    return (Cast.made = new Cast(canvas, new Stage(canvas, { avatars: 2, view: "bust" })));
  }

  /** Forgets a cast whose avatars could not be loaded, so that the next one tries again. */
  static forget(): void {
    Cast.made = null;
  }

  /** Gives the avatars the motion of a dialogue. */
  perform(tracks: readonly Track[], faceWidth: number, bodyWidth: number, showsFace: boolean): void {
    this.showsFace = showsFace;
    this.seats = tracks
      .slice(0, 2)
      .map((track) => ({ track, moment: emptyMoment(faceWidth, bodyWidth), dim: 0, marks: -1 }));
  }

  set view(view: View) {
    this.stage.view = view;
  }

  /** Shows the moment at `time_s`; `elapsed_s` since the last one lets avatars fade softly. */
  show(time_s: number, elapsed_s: number): void {
    this.seats.forEach((seat, i) => {
      if (!seat.track?.sample(time_s, seat.moment)) return;
      const { moment } = seat;
      this.avatars[i]?.pose(this.showsFace ? moment.face : FACELESS, moment.body, moment.gaze);
      this.fadeSeat(seat, i, elapsed_s);
      if (moment.marks !== seat.marks) {
        seat.marks = moment.marks;
        const unseen = PARTS.filter((part, bit) => !(moment.marks & (1 << bit)) && UNSEEN_NAMES[part]).map(
          (part) => UNSEEN_NAMES[part],
        );
        this.onTold(i, unseen, (moment.marks & (1 << SPEAKING_BIT)) !== 0);
      }
    });
    this.stage.touch();
  }

  private fadeSeat(seat: Seat, index: number, elapsed_s: number): void {
    const seen = (part: (typeof PARTS)[number]): boolean => (seat.moment.marks & (1 << PARTS.indexOf(part))) !== 0;
    const wanted = Math.min(0.7, (seen("face") ? 0 : DIM.face) + (seen("upper_body") ? 0 : DIM.body));
    const step = elapsed_s > 0 ? DIM_PER_S * elapsed_s : 1;
    seat.dim += Math.max(-step, Math.min(step, wanted - seat.dim));
    const avatar = this.avatars[index];
    if (avatar) avatar.dim = seat.dim;
  }

  private async load(): Promise<void> {
    const found = await Promise.all(["a", "b"].map((name) => loadAvatar(`/avatar/${name}.glb`)));
    found.forEach((avatar, i) => {
      this.avatars[i] = avatar;
      this.stage.put(avatar, i);
    });
    this.seats.forEach((seat) => (seat.marks = -1));
  }
}

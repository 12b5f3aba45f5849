// What the server tells of a study; nothing here names what a clip was made by.

export type Side = "left" | "right";
export type Answer = Side | "tie";

export interface About {
  consent: string;
  questions: string[];
  ties: boolean;
  media: "motion" | "video";
  /** Trials of each rater, practice and checks included. */
  trials: number;
  /** Address of the avatar that performs all motion. */
  avatar: string;
}

export interface Standing {
  rater: string;
  answered: number;
  trials: number;
}

export interface Trial {
  ticket: string;
  practice: boolean;
  /** Addresses of the clips. */
  left: string;
  right: string;
  /** Address of what is heard with both, where films do not bring their own sound. */
  sound: string | null;
  seconds: number;
  /** Word, start and end in seconds. */
  words: [string, number, number][];
}

/** Two clips that can be shown together or alone. */
export interface Pair {
  /** What stands on the page. */
  readonly element: HTMLElement;
  /** Called with the time of what plays. */
  onTime: (time_s: number) => void;
  /** Gets the clips of a trial and shows how they begin. */
  load(trial: Trial, signal: AbortSignal): Promise<void>;
  /** Plays from the beginning; whether it came to the end, and was not stopped. */
  play(sides: readonly Side[]): Promise<boolean>;
  stop(): void;
}

export const SIDES: readonly Side[] = ["left", "right"];

// What the server tells of a dataset (docs/viewer.md lists the addresses).

export type Counts = Record<string, number>;

export interface Stage {
  /** What is counted: sources first, then the clips cut from them. */
  unit?: string;
  stage: string;
  in: number;
  out: number;
  reasons: Counts;
}

export interface Dataset {
  name: string;
  n_dialogues: number;
  face_space: string;
  body_space: string;
  fps: number;
  columns: { face: string[]; body: string[] };
  splits: Counts;
  languages: Counts;
  channels?: Counts;
  participants?: string[];
  verdicts?: Counts;
  funnel?: Stage[];
  statistics: Record<string, unknown>;
  models: unknown[];
  has_media: boolean;
  content_hash: string;
}

export interface Card {
  id: string;
  title: string;
  channel: string;
  split: string;
  language: string;
  duration_s: number;
  n_turns: number;
  n_words: number;
  n_harmful: number;
  participants: string[];
  talk_share: Counts;
  snippet: string;
}

export interface CardPage {
  total: number;
  dialogues: Card[];
}

export interface ClipRow {
  id: string;
  kind?: string;
  stage?: string;
  reason?: string;
  source: string;
  start_s: number | null;
  end_s: number | null;
  verdict: string;
  message: string;
}

export interface ClipPage {
  total: number;
  verdicts: Counts;
  reasons?: Counts;
  clips: ClipRow[];
}

/** Text, start and end in seconds of the dialogue, probability, and whether the times are made up. */
export type Word = [word: string, start_s: number, end_s: number, prob: number, interpolated: boolean];

/** How surely a text is of one kind, 0 to 1; labels are the model's own. */
export type LabelScore = [label: string, score: number];

export interface Turn {
  participant: string;
  start_s: number;
  end_s: number;
  harm: number | null;
  harmful: boolean;
  harm_scores: LabelScore[];
  hidden: boolean;
  text: string;
  words: Word[];
}

/** What a listener does while someone else talks. */
export interface Happening {
  participant: string;
  kind: string;
  start_s: number;
  end_s: number;
  /** Who talks. */
  during: string;
  /** Degrees for nods and shakes, face coefficients for smiles and brows, words for backchannels. */
  strength: number;
  confidence: number;
}

export interface Dialogue {
  id: string;
  title: string;
  url: string;
  channel: string;
  licence: string;
  split: string;
  language: string;
  /** Where the dialogue starts in its source. */
  start_s: number;
  duration_s: number;
  fps: number;
  n_frames: number;
  participants: string[];
  turns: Turn[];
  /** In order of start; none in datasets made before there were any. */
  events: Happening[];
  media: string | null;
  previous: string | null;
  next: string | null;
}

export interface Line {
  min: (number | null)[];
  max: (number | null)[];
}

export interface Curve {
  start_s: number;
  end_s: number;
  points: number;
  columns: Record<string, Line>;
}

export type Rows = Record<"face" | "body" | "hands", number[]>;

export interface Lane {
  speaking: number[];
  validity: Rows;
  confidence: Rows;
}

export interface Timeline {
  bins: number;
  participants: Record<string, Lane>;
}

/** Somebody on the map of who moves alike. */
export interface MapPoint {
  id: string;
  participant: string;
  x: number;
  y: number;
  title?: string;
  channel?: string;
}

export interface MapAnswer {
  status: "working" | "ready" | "unavailable";
  message?: string;
  points?: MapPoint[];
}

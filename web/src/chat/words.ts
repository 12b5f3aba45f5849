// Words in time: which are in the subtitle at a moment, and which are spoken in one breath.

export interface Word {
  text: string;
  start_s: number;
  end_s: number;
}

/** What ends a sentence. */
const STOP = /[.?!…]["'”’)]*$/;
/** A subtitle holds what is read at a glance. */
const LINE_CHARACTERS = 46;
const PAUSE_S = 0.96;
/** How long a finished line stays. */
const LINGER_S = 1.6;

/** Words as subtitle lines: a new one after a sentence, a pause, or when the line is full. */
export function lines(words: readonly Word[]): Word[][] {
  return grouped(words, (line, word) => {
    const last = line[line.length - 1]!;
    const long = line.reduce((sum, other) => sum + other.text.length + 1, word.text.length) > LINE_CHARACTERS;
    return long || word.start_s - last.end_s > PAUSE_S || STOP.test(last.text);
  });
}

/** The words of the line that is being said at `time_s`, up to the one being said; none in a pause. */
export function subtitleAt(made: readonly Word[][], time_s: number): Word[] {
  for (let i = made.length - 1; i >= 0; i--) {
    const line = made[i]!;
    if (line[0]!.start_s > time_s) continue;
    return time_s > line[line.length - 1]!.end_s + LINGER_S ? [] : line.filter((word) => word.start_s <= time_s);
  }
  return [];
}

/** How many words have begun at `time_s`. */
export function saidAt(words: readonly Word[], time_s: number): number {
  let count = 0;
  while (count < words.length && words[count]!.start_s <= time_s) count++;
  return count;
}

/** A few words that a voice says in one go. */
export interface Phrase {
  text: string;
  start_s: number;
  /** When the next one begins, or its own last word ends. */
  end_s: number;
  /** How many words there are up to its end. */
  until: number;
}

const PHRASE_WORDS = 9;
const BREATH_S = 0.5;

/**
 * Words as phrases: up to a comma, a breath or nine words. While words still come (`open`), the last one may not be
 * all.
 */
export function phrases(words: readonly Word[], open: boolean): Phrase[] {
  const groups = grouped(words, (phrase, word) => {
    const last = phrase[phrase.length - 1]!;
    const mark = STOP.test(last.text) || (phrase.length >= 3 && /[,;:]$/.test(last.text));
    return mark || phrase.length >= PHRASE_WORDS || word.start_s - last.start_s > BREATH_S + 0.06 * last.text.length;
  });
  let until = 0;
  const made = groups.map((group, i) => {
    until += group.length;
    const last = group[group.length - 1]!;
    const end_s = groups[i + 1]?.[0]?.start_s ?? Math.max(last.end_s, last.start_s + 0.3);
    return { text: group.map((word) => word.text).join(" "), start_s: group[0]!.start_s, end_s, until };
  });
  const unsure = open && !STOP.test(words[words.length - 1]?.text ?? "");
  return unsure ? made.slice(0, -1) : made;
}

/** Characters a voice says in a second at its normal rate. */
const VOICE_HZ = 14.5;

/** The rate that lets a voice end a phrase when the motion does, as far as that can still be listened to. */
export function rateFor(phrase: Phrase): number {
  const room_s = Math.max(phrase.end_s - phrase.start_s, 0.2);
  return Math.min(Math.max(phrase.text.length / VOICE_HZ / room_s, 0.8), 1.5);
}

function grouped(words: readonly Word[], isNew: (group: Word[], word: Word) => boolean): Word[][] {
  const groups: Word[][] = [];
  for (const word of words) {
    const last = groups[groups.length - 1];
    if (!last || isNew(last, word)) groups.push([word]);
    else last.push(word);
  }
  return groups;
}

// Words in time, messages of the server, stopwatch and patience.
import { describe, expect, it } from "vitest";
import { Stopwatch, asTime } from "../src/chat/latency";
import { waitFor } from "../src/chat/link";
import { readMessage } from "../src/chat/protocol";
import { lines, phrases, rateFor, saidAt, subtitleAt, type Word } from "../src/chat/words";

const talk = (text: string, step_s = 0.3): Word[] =>
  text.split(" ").map((word, i) => ({ text: word, start_s: i * step_s, end_s: (i + 1) * step_s }));
const said = (group: readonly Word[]): string => group.map((word) => word.text).join(" ");

describe("subtitles", () => {
  it("begin a new line after a sentence, a pause, and when a line is full", () => {
    expect(lines(talk("Well, yes. I was there.")).map(said)).toEqual(["Well, yes.", "I was there."]);
    const long = lines(talk("this goes on and on without any mark or pause for quite a while longer")).map(said);
    expect(long.length).toBeGreaterThan(1);
    long.forEach((line) => expect(line.length).toBeLessThanOrEqual(46));
    const pause = talk("one two three");
    pause[2] = { text: "three", start_s: 5, end_s: 5.3 };
    expect(lines(pause).map(said)).toEqual(["one two", "three"]);
    expect(lines([])).toEqual([]);
  });

  it("show the words up to the one being said, and go away in a pause", () => {
    const made = lines(talk("Yes. I was there."));
    expect(said(subtitleAt(made, 0))).toBe("Yes.");
    expect(said(subtitleAt(made, 0.65))).toBe("I was");
    expect(said(subtitleAt(made, 2))).toBe("I was there.");
    expect(subtitleAt(made, 4)).toEqual([]);
    expect(subtitleAt(made, -1)).toEqual([]);
    expect(saidAt(talk("a b c"), 0.3)).toBe(2);
  });
});

describe("phrases", () => {
  it("end at a comma, a sentence or nine words, and are given when they are complete", () => {
    const words = talk("When I was young, I lived there. It was nice");
    expect(phrases(words, true).map((p) => p.text)).toEqual(["When I was young,", "I lived there."]);
    expect(phrases(words, false).map((p) => p.text)).toEqual(["When I was young,", "I lived there.", "It was nice"]);
    expect(phrases(words, false).map((p) => p.until)).toEqual([4, 7, 10]);
    expect(phrases(talk("a b c d e f g h i j k", 0.1), false)[0]!.until).toBe(9);
    expect(phrases(talk("Yes. I was there."), true).map((p) => p.text)).toEqual(["Yes.", "I was there."]);
    expect(phrases([], true)).toEqual([]);
  });

  it("are spoken as fast as the motion, within what can be listened to", () => {
    const phrase = { text: "x".repeat(29), start_s: 0, end_s: 2, until: 5 };
    expect(rateFor(phrase)).toBeCloseTo(1);
    expect(rateFor({ ...phrase, end_s: 0.1 })).toBe(1.5);
    expect(rateFor({ ...phrase, end_s: 9 })).toBe(0.8);
  });
});

describe("messages", () => {
  it("are read as agreed", () => {
    const step = { type: "step", turn: 2, index: 1, start_s: 0.32, words: [["hello", 0.32, 0.48]], tokens: [["FACE", 12]], directions: ["smiles"] };
    expect(readMessage(JSON.stringify(step))).toEqual({ ...step, words: [{ text: "hello", start_s: 0.32, end_s: 0.48 }] });
    expect(readMessage('{"type":"ready","chat":"ab","version":1}')).toEqual({ type: "ready", chat: "ab", version: 1 });
    expect(readMessage('{"type":"end","turn":1,"reason":"stop","seconds":2,"pace":{"real_time":9}}')).toMatchObject({ real_time: 9, first_s: null });
    expect(readMessage('{"type":"something new"}')).toBeNull();
  });

  it("that are not as agreed do no harm", () => {
    expect(() => readMessage("no json")).toThrow();
    expect(() => readMessage("7")).toThrow("no message");
    expect(readMessage('{"type":"step","words":[["",0,1],[7],"x",["ok",2,1]],"tokens":{},"directions":[1,"nods"]}')).toMatchObject({
      turn: 0, words: [{ text: "ok", start_s: 2, end_s: 2 }], tokens: [], directions: ["nods"],
    });
    expect(readMessage('{"type":"seen","face":{"jawOpen":7,"x":"y"}}')).toEqual({ type: "seen", face: [["jawOpen", 1], ["x", 0]] });
    const long = readMessage(JSON.stringify({ type: "error", message: "m".repeat(9999), code: 1 }));
    expect(long).toMatchObject({ code: "" });
    expect((long as { message: string }).message).toHaveLength(2000);
  });
});

describe("figures", () => {
  it("count from enter to the first of each kind", () => {
    const watch = new Stopwatch(1000);
    expect(watch.figures(1, 0, 0)).toMatchObject({ first_word_ms: null, real_time: null });
    watch.word(1080);
    watch.word(1900);
    expect(watch.waitsForMotion).toBe(true);
    watch.motion(1120);
    watch.motion(1300);
    watch.end(1500);
    expect(watch.figures(3, 2, 0.1)).toEqual({ turn: 3, seconds: 2, late_s: 0.1, first_word_ms: 80, first_motion_ms: 120, whole_ms: 500, real_time: 4 });
    expect([asTime(null), asTime(83.6), asTime(1234)]).toEqual(["–", "84 ms", "1.2 s"]);
  });

  it("wait longer after each failure, up to a limit", () => {
    const waits = [0, 1, 2, 3, 9, 500].map((attempt) => waitFor(attempt, 0.5));
    expect(waits).toEqual([0.5, 1, 2, 4, 20, 20]);
    expect(waitFor(9, 1)).toBeLessThanOrEqual(25);
  });
});

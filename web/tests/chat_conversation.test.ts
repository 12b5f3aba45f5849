// The conversation against a server played by hand: what goes out, where what comes in ends up.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Conversation, type Events } from "../src/chat/conversation";
import { DEFAULTS, KNOBS, asModel, asSampling, within } from "../src/chat/model";
import { BODY, FACE } from "../src/chat/pose";

/** A chunk as it comes on the wire, all zeros. */
function bytes(firstFrame: number, frames: number, faceWidth = FACE): ArrayBuffer {
  const buffer = new ArrayBuffer(32 + 2 * frames * (faceWidth + BODY));
  const view = new DataView(buffer);
  view.setUint32(0, 0x4f4d564e, true);
  view.setUint8(4, 1);
  view.setUint16(6, faceWidth, true);
  view.setUint16(8, BODY, true);
  view.setUint32(12, firstFrame, true);
  view.setUint32(16, frames, true);
  view.setFloat32(20, 25, true);
  view.setFloat32(24, 1 / 32767, true);
  view.setFloat32(28, 1 / 32767, true);
  return buffer;
}

const told: string[] = [];
let sent: Record<string, unknown>[] = [];
let reachable = true;
let talk: Conversation;

const hear = (message: object): void => talk.hear(JSON.stringify(message));
const step = (turn: number, index: number, word: string): object => ({
  type: "step", turn, index, start_s: 0.32 * index, words: [[word, 0.32 * index, 0.32 * index + 0.2]], tokens: [["FACE", index]], directions: [],
});
const end = (turn: number, reason = "stop"): object => ({ type: "end", turn, reason, seconds: 1, pace: {} });

beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
  sent = [];
  reachable = true;
  const events: Events = {
    asked: (turn) => told.push(`asked ${turn.text}`),
    heard: (turn) => told.push(`heard ${turn.text}`),
    motion: (turn, clip) => told.push(`${clip === turn.clip ? "answer" : "listening"} moves`),
    step: (turn, s) => told.push(`step ${s.index} of ${turn.text}`),
    ended: (turn) => told.push(`ended ${turn.text}`),
    failed: (turn, message) => told.push(`failed ${turn?.text ?? "-"}: ${message}`),
    seen: (face) => told.push(`seen ${face.length}`),
    cleared: () => told.push("cleared"),
  };
  talk = new Conversation((message) => (reachable && sent.push(message as Record<string, unknown>), reachable), events, () => 1000 + sent.length);
  hear({ type: "ready", chat: "c1", version: 1 });
});

describe("an answer", () => {
  it("comes step by step, with motion where it belongs", () => {
    expect(talk.say("Hello", DEFAULTS)).toBe(true);
    hear({ type: "listening", turn: 1 });
    talk.move(bytes(0, 8));
    talk.move(bytes(8, 8));
    hear({ type: "heard", turn: 1 });
    hear(step(1, 0, "Hi"));
    talk.move(bytes(0, 8));
    hear(step(1, 1, "there."));
    talk.move(bytes(8, 8));
    hear(end(1));
    expect(told).toEqual([
      "asked Hello", "listening moves", "heard Hello", "step 0 of Hello", "answer moves", "step 1 of Hello", "ended Hello",
    ]);
    const turn = talk.current!;
    expect([turn.chat, turn.number, turn.listening.frames, turn.clip.frames, turn.clip.ended, turn.listening.ended]).toEqual(["c1", 1, 16, 16, true, true]);
    expect(turn.words.map((word) => word.text)).toEqual(["Hi", "there."]);
    expect(turn.watch.figures(1, 0.64, 0).whole_ms).toBe(1);
    expect(sent).toEqual([{ type: "say", text: "Hello", sampling: DEFAULTS }]);
  });

  it("that is stopped shows nothing more, and what is said then waits for the server", () => {
    talk.say("One", DEFAULTS);
    hear({ type: "heard", turn: 1 });
    hear(step(1, 0, "Well"));
    talk.say("Two", DEFAULTS);
    hear(step(1, 1, "late"));
    talk.move(bytes(0, 8));
    expect(sent.map((message) => message["type"])).toEqual(["say", "stop"]);
    hear(end(1, "stopped"));
    expect(sent.map((message) => message["text"])).toEqual(["One", undefined, "Two"]);
    hear({ type: "heard", turn: 2 });
    hear(step(2, 0, "Yes"));
    talk.move(bytes(0, 8));
    expect(told).toEqual(["asked One", "heard One", "step 0 of One", "ended One", "asked Two", "ended One", "heard Two", "step 0 of Two", "answer moves"]);
    expect(talk.turns.map((turn) => turn.words.length)).toEqual([1, 1]);
  });

  it("is asked for all the same where a server says nothing of a stop", () => {
    talk.say("One", DEFAULTS);
    talk.say("Two", DEFAULTS);
    expect(sent).toHaveLength(2);
    vi.advanceTimersByTime(3000);
    expect(sent[2]).toMatchObject({ text: "Two" });
    vi.advanceTimersByTime(9000);
    expect(sent).toHaveLength(3);
    hear({ type: "heard", turn: 2 });
    expect(talk.current!.number).toBe(2);
    expect(talk.turns[0]!.number).toBeNull();
  });

  it("that was stopped while it waited is never asked for", () => {
    talk.say("One", DEFAULTS);
    talk.say("Two", DEFAULTS);
    talk.stop();
    hear(end(1, "stopped"));
    vi.advanceTimersByTime(9000);
    expect(sent.map((message) => message["type"])).toEqual(["say", "stop"]);
  });

  it("that the server refuses fails with its sentence", () => {
    talk.say("(sulking) Hm", DEFAULTS);
    hear({ type: "error", message: "there is no manner (sulking)", code: "invalid_value" });
    expect(told[1]).toBe("failed (sulking) Hm: there is no manner (sulking)");
    expect(talk.current!.isComing).toBe(false);
    hear({ type: "error", message: "too many pictures", code: "limit" });
    expect(told[2]).toBe("failed -: too many pictures");
  });

  it("that breaks off with the connection fails, and nothing old is taken for new", () => {
    talk.say("One", DEFAULTS);
    hear({ type: "heard", turn: 1 });
    talk.lost();
    expect(told.pop()).toContain("failed One: The connection broke off");
    hear({ type: "ready", chat: "c2", version: 1 });
    talk.move(bytes(0, 8));
    hear(end(1));
    expect(talk.turns[0]!.end).toBeNull();
    talk.say("Two", DEFAULTS);
    hear({ type: "heard", turn: 1 });
    hear(step(1, 0, "Hi"));
    expect(talk.turns.map((turn) => [turn.chat, turn.words.length])).toEqual([["c1", 0], ["c2", 1]]);
    talk.lost();
    talk.lost();
    expect(told.filter((line) => line.startsWith("failed"))).toHaveLength(1);
  });

  it("cannot be asked for without a connection", () => {
    reachable = false;
    expect(talk.say("Hello", DEFAULTS)).toBe(false);
    expect(talk.reset()).toBe(false);
    expect(talk.turns).toHaveLength(0);
  });
});

describe("the conversation", () => {
  it("begins anew", () => {
    talk.say("One", DEFAULTS);
    hear({ type: "heard", turn: 1 });
    expect(talk.reset()).toBe(true);
    expect(sent.map((message) => message["type"])).toEqual(["say", "stop", "reset"]);
    expect(told.slice(-1)).toEqual(["cleared"]);
    hear(step(1, 1, "late"));
    hear(end(1, "stopped"));
    expect(talk.say("Two", DEFAULTS)).toBe(true);
    hear({ type: "heard", turn: 2 });
    expect(talk.current!.number).toBe(2);
  });

  it("takes no harm from what is no message and no motion", () => {
    talk.hear("{");
    talk.hear('{"type":"step","turn":9}');
    talk.move(new ArrayBuffer(3));
    talk.say("One", DEFAULTS);
    hear({ type: "heard", turn: 1 });
    talk.move(bytes(0, 8, 53));
    talk.move(bytes(0, 8));
    expect(told[0]).toContain("cannot be read");
    expect(told[3]).toContain("53 + 117 numbers");
    expect(told).toHaveLength(4);
    hear({ type: "seen", face: { jawOpen: 0.5 } });
    expect(told[4]).toBe("seen 1");
  });
});

describe("settings", () => {
  it("stay in their ranges", () => {
    const knob = KNOBS.find((k) => k.name === "temperature")!;
    expect([within(knob, 99, 1), within(knob, -1, 1), within(knob, 0.83, 1), within(knob, Number.NaN, 0.7)]).toEqual([1.5, 0.1, 0.85, 0.7]);
    expect(asSampling({ temperature: 9, seed: -3.2, greedy: "yes", top_p: "1" }, DEFAULTS)).toEqual({ ...DEFAULTS, temperature: 1.5, seed: 0 });
    expect(asSampling(null, DEFAULTS)).toEqual(DEFAULTS);
  });

  it("of the model are taken over with what is missing filled in", () => {
    expect(asModel({ name: "m", starters: ["a", 1], sampling: { max_s: 12 }, can_watch: true })).toMatchObject({
      name: "m", starters: ["a"], can_watch: true, listens: false, longest: 600, sampling: { max_s: 12, temperature: 0.8 },
    });
    expect(asModel("nonsense").name).toBe("Avatar");
  });
});

// The connection against a WebSocket played by hand: losses, patience, and conversations left alone.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link, type LinkState } from "../src/chat/link";

class FakeSocket {
  static readonly OPEN = 1;
  static made: FakeSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "";
  sent: unknown[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: unknown }) => void = () => undefined;
  onclose: (event: { code: number; reason: string }) => void = () => undefined;

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.end();
  }

  open(): void {
    this.readyState = 1;
    this.onopen();
  }

  end(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose({ code, reason });
  }
}

const states: LinkState[] = [];
const heard: unknown[] = [];
let answer: () => Promise<Response>;
let link: Link;
const newest = (): FakeSocket => FakeSocket.made[FakeSocket.made.length - 1]!;
const last = (): LinkState => states[states.length - 1]!;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
  states.length = heard.length = 0;
  answer = () => Promise.resolve(new Response("{}"));
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("window", Object.assign(new EventTarget(), { setTimeout: setTimeout.bind(globalThis), clearTimeout: clearTimeout.bind(globalThis) }));
  vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
  vi.stubGlobal("location", { protocol: "http:", host: "127.0.0.1:8000" });
  vi.stubGlobal("fetch", () => answer());
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  link = new Link("/api/chat", { state: (s) => states.push(s), text: (d) => heard.push(d), motion: (d) => heard.push(d.byteLength) });
  link.open();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("link", () => {
  it("opens, tells what comes, sends what it is given", () => {
    expect(link.send({ type: "say" })).toBe(false);
    newest().open();
    newest().onmessage({ data: "{}" });
    newest().onmessage({ data: new ArrayBuffer(5) });
    expect(link.send({ type: "say" })).toBe(true);
    expect([newest().url, newest().sent, heard]).toEqual(["ws://127.0.0.1:8000/api/chat", ['{"type":"say"}'], ["{}", 5]]);
    expect(states.map((s) => s.is)).toEqual(["connecting", "open"]);
  });

  it("comes back after a loss, more and more patiently, and quickly again once it has worked", async () => {
    newest().open();
    newest().end();
    expect(last()).toEqual({ is: "lost", why: "The connection to the server is lost.", retry_s: 0.5 });
    await vi.advanceTimersByTimeAsync(500);
    answer = () => Promise.reject(new TypeError("no network"));
    newest().end();
    await vi.advanceTimersByTimeAsync(0);
    expect(last()).toEqual({ is: "lost", why: "The server does not answer; is it still running?", retry_s: 1 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(FakeSocket.made).toHaveLength(3);
    newest().open();
    newest().onmessage({ data: "{}" });
    newest().end();
    expect(last()).toMatchObject({ retry_s: 0.5 });
  });

  it("says why a busy server took no conversation", async () => {
    newest().open();
    newest().end(1013, "All 16 chats are taken.");
    expect(last()).toMatchObject({ is: "lost", why: "All 16 chats are taken." });
    await vi.advanceTimersByTimeAsync(500);
    answer = () => Promise.resolve(new Response('{"error":{"message":"Too many requests.","code":"busy"}}', { status: 429 }));
    newest().end();
    await vi.advanceTimersByTimeAsync(0);
    expect(last()).toMatchObject({ why: "The server is busy: Too many requests." });
    await vi.advanceTimersByTimeAsync(1000);
    answer = () => Promise.resolve(new Response("{}"));
    newest().end();
    await vi.advanceTimersByTimeAsync(0);
    expect((last() as { why: string }).why).toContain("takes no conversation just now");
  });

  it("gives a handshake up that nobody answers", async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(last().is).toBe("lost");
  });

  it("stays away from a conversation left alone until somebody writes", async () => {
    newest().open();
    newest().end(1001, "Nothing was said for a long time.");
    expect(last().is).toBe("asleep");
    await vi.advanceTimersByTimeAsync(120_000);
    window.dispatchEvent(new Event("online"));
    expect(FakeSocket.made).toHaveLength(1);
    link.retry();
    link.retry();
    expect(FakeSocket.made).toHaveLength(2);
  });

  it("tries at once when the network is back", () => {
    newest().open();
    newest().end();
    window.dispatchEvent(new Event("online"));
    expect(FakeSocket.made).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(1); // the handshake's own, not a second attempt
  });
});

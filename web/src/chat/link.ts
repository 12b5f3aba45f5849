// The connection to the server: opens, tells what comes, and after a loss comes back by itself, more and more
// patiently.

import { getJson, sentence, ApiError } from "../lib/api";

export type LinkState =
  | { is: "connecting" }
  | { is: "open" }
  /** The server has ended a conversation in which nothing was said for long; `retry` opens a new one. */
  | { is: "asleep"; why: string }
  | { is: "lost"; why: string; retry_s: number };

export interface Listener {
  state(state: LinkState): void;
  text(data: string): void;
  motion(data: ArrayBuffer): void;
}

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 20;
/** The code with which the server closes a conversation that nobody goes on with: its place is for others. */
const LEFT_ALONE = 1001;
/** A handshake that is not answered within this is given up. */
const HANDSHAKE_S = 10;

/**
 * Seconds to wait before the n-th attempt (from 0): twice as long each time, spread so that many pages do not come at
 * once.
 */
export function waitFor(attempt: number, random: number): number {
  return Math.min(FIRST_WAIT_S * 2 ** attempt, LONGEST_WAIT_S) * (0.75 + 0.5 * random);
}

export class Link {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private timer = 0;

  constructor(private readonly path: string, private readonly listener: Listener) {
    window.addEventListener("online", () => this.timer && this.retry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.timer && this.retry());
  }

  get isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Bytes that wait to be sent. */
  get waiting_bytes(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  open(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.listener.state({ is: "connecting" });
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${this.path}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    let opened = false;
    const late = window.setTimeout(() => socket.close(), 1000 * HANDSHAKE_S);
    socket.onopen = () => {
      window.clearTimeout(late);
      opened = true;
      this.listener.state({ is: "open" });
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.attempt = 0;
      if (typeof data === "string") this.listener.text(data);
      else this.listener.motion(data);
    };
    socket.onclose = (event) => {
      window.clearTimeout(late);
      if (this.socket === socket) void this.lost(event, opened);
    };
  }

  /** Tries at once when a retry is being waited for. */
  retry(): void {
    if (this.socket !== null) return;
    this.attempt = 0;
    this.open();
  }

  send(message: object): boolean {
    if (!this.isOpen) return false;
    this.socket!.send(JSON.stringify(message));
    return true;
  }

  sendPicture(picture: Blob): void {
    if (this.isOpen) this.socket!.send(picture);
  }

  private async lost(event: CloseEvent, opened: boolean): Promise<void> {
    this.socket = null;
    if (event.code === LEFT_ALONE) return this.listener.state({ is: "asleep", why: event.reason });
    const retry_s = waitFor(this.attempt++, Math.random());
    this.timer = window.setTimeout(() => this.open(), 1000 * retry_s);
    const known = event.reason || (opened ? "The connection to the server is lost." : "");
    if (known) return this.listener.state({ is: "lost", why: known, retry_s });
    const why = await reason();
    if (this.socket === null) this.listener.state({ is: "lost", why, retry_s });
  }
}

/**
 * A failed WebSocket says nothing of why, so a plain request is made to hear it: too many chats, not allowed, not
 * there.
 */
async function reason(): Promise<string> {
  try {
    await getJson("/api/model");
    return "The server is there but takes no conversation just now; there may be too many.";
  } catch (error) {
    if (error instanceof ApiError && error.status === 0) return "The server does not answer; is it still running?";
    if (error instanceof ApiError && error.status === 429) return `The server is busy: ${error.message}`;
    return sentence(error) ?? "The connection to the server is lost.";
  }
}

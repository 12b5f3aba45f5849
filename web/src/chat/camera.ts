// The user's own face, if they wish: small pictures go to the server that understands them, and bars show what it saw.

import { el } from "../lib/dom";

/** At most so many pictures a second, of this width, and none larger than the server takes. */
const PICTURES_HZ = 8;
const WIDTH_PX = 320;
const LARGEST_BYTES = 200_000;
/** While more than this waits to be sent, pictures are left out. */
const MOST_WAITING_BYTES = 100_000;
const QUALITY = 0.75;
const SHOWN = ["mouthSmileLeft", "jawOpen", "browInnerUp", "eyeBlinkLeft", "browDownLeft"];
const LABELS: Record<string, string> = {
  mouthSmileLeft: "smile", jawOpen: "mouth open", browInnerUp: "brows up", eyeBlinkLeft: "blink", browDownLeft: "frown",
};

export interface Outlet {
  waiting_bytes: number;
  isOpen: boolean;
  sendPicture(picture: Blob): void;
}

export class Camera {
  private stream: MediaStream | null = null;
  private timer = 0;
  private busy = false;
  private readonly video = el("video", { muted: true, playsinline: true, aria: { label: "You, mirrored" } });
  private readonly bars = el("dl", { class: "bars" });
  private readonly canvas = document.createElement("canvas");
  /** Pictures sent so far. */
  sent = 0;

  constructor(
    private readonly place: HTMLElement, private readonly outlet: Outlet,
    private readonly onChange: (on: boolean) => void,
  ) {
    this.video.muted = true;
  }

  get isOn(): boolean {
    return this.stream !== null;
  }

  /** Asks for the camera and begins to send; throws an Error with a sentence where that is not possible. */
  async start(): Promise<void> {
    if (this.stream) return;
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(
        "This browser gives no camera to this page: it does so only for pages on this machine (localhost) or over "
        + "https.",
      );
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia(
        { video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" }, audio: false },
      );
    } catch (error) {
      throw new Error(refusal(error));
    }
    this.stream.getVideoTracks()[0]?.addEventListener("ended", () => this.stop());
    this.video.srcObject = this.stream;
    const off = el("button", { type: "button", class: "button small", on: { click: () => this.stop() } }, "Switch off");
    this.place.replaceChildren(this.video, this.bars, el("p", { class: "hint" }, whereTo()), off);
    this.place.hidden = false;
    this.see([]);
    await this.video.play().catch(() => undefined);
    this.timer = window.setInterval(() => void this.send(), 1000 / PICTURES_HZ);
    this.onChange(true);
  }

  stop(): void {
    window.clearInterval(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.place.hidden = true;
    this.onChange(false);
  }

  /** Shows what the server understood of the last picture. */
  see(face: readonly (readonly [string, number])[]): void {
    const found = new Map(face);
    const names = SHOWN.filter((name) => found.has(name));
    if (!names.length) {
      this.bars.replaceChildren(el("dt", {}, "face"), el("dd", {}, "not seen yet"));
      return;
    }
    this.bars.replaceChildren(...names.flatMap((name) => {
      const bar = el("meter", { min: 0, max: 1, value: found.get(name)!, aria: { label: LABELS[name]! } });
      return [el("dt", {}, LABELS[name]!), el("dd", {}, bar)];
    }));
  }

  private async send(): Promise<void> {
    const { videoWidth, videoHeight } = this.video;
    if (this.busy || document.hidden || !videoWidth) return;
    if (!this.outlet.isOpen || this.outlet.waiting_bytes > MOST_WAITING_BYTES) return;
    this.busy = true;
    this.canvas.width = WIDTH_PX;
    this.canvas.height = Math.round((WIDTH_PX * videoHeight) / videoWidth);
    this.canvas.getContext("2d")?.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    const picture = await new Promise<Blob | null>((done) => this.canvas.toBlob(done, "image/jpeg", QUALITY));
    this.busy = false;
    if (!picture || picture.size > LARGEST_BYTES || !this.isOn) return;
    this.outlet.sendPicture(picture);
    this.sent += 1;
  }
}

/** What happens with the pictures, in plain words. */
export function whereTo(host: string = location.hostname): string {
  const here = host === "localhost" || host === "[::1]" || /^127\./.test(host);
  return here
    ? "The pictures stay on this machine. Each is understood, then thrown away; nothing is saved."
    : `The pictures go to the server ${host}. Each is understood there, then thrown away; nothing is saved.`;
}

function refusal(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") {
    return "The camera was not allowed. Allow it for this page in the browser, then press Camera again.";
  }
  if (name === "NotFoundError") return "There is no camera at this machine.";
  if (name === "NotReadableError") return "The camera is in use by another program.";
  return `The camera cannot be used (${error instanceof Error ? error.message : String(error)}).`;
}

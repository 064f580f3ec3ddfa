// Reads QR codes from a camera, or from a window of the screen where a desk has no camera, by zxing-wasm.

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

export type Source = "camera" | "window";

const EVERY_MS = 120;
// A code of version 12 is still read at this size, and a frame takes some 20 ms.
const LONGEST_SIDE = 960;

prepareZXingModule({ overrides: { locateFile: (name: string) => (name.endsWith(".wasm") ? "zxing.wasm" : name) } });

/** Shows a source in a video element and says of each frame which text it holds; null for none. */
export class Camera {
  private readonly video: HTMLVideoElement;
  private readonly seen: (text: string | null) => Promise<void>;
  private readonly canvas = new OffscreenCanvas(1, 1);
  private stream: MediaStream | null = null;

  constructor(video: HTMLVideoElement, seen: (text: string | null) => Promise<void>) {
    this.video = video;
    this.seen = seen;
  }

  /** Begin; throws a DOMException where nobody allows it or there is none. */
  async start(source: Source): Promise<void> {
    this.stop();
    const devices = navigator.mediaDevices;
    const stream =
      source === "camera"
        ? await devices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } })
        : await devices.getDisplayMedia({ video: true });
    this.stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
    void this.read(stream);
  }

  stop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  private async read(stream: MediaStream): Promise<void> {
    while (this.stream === stream) {
      if (this.video.videoWidth > 0) await this.seen(await this.textInFrame());
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  private async textInFrame(): Promise<string | null> {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const drawing = this.canvas.getContext("2d", { willReadFrequently: true })!;
    drawing.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    const frame = drawing.getImageData(0, 0, this.canvas.width, this.canvas.height);
    const [found] = await readBarcodes(frame, { formats: ["QRCode"], maxNumberOfSymbols: 1 });
    return found?.isValid ? found.text : null;
  }
}

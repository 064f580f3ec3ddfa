// Draws the code: signed by this phone's key with the time, anew every 15 seconds, and never a network in between.

import { prepareZXingModule, writeBarcode } from "zxing-wasm/writer";
import type { Bytes } from "../card/bytes.ts";
import type { SigningKey } from "../card/cose.ts";
import { encodeText, present } from "../card/presentation.ts";

const RENEWED_MS = 15_000;
const LOOK_MS = 500;
const QUIET_ZONE = 4;

prepareZXingModule({ overrides: { locateFile: (name: string) => (name.endsWith(".wasm") ? "zxing.wasm" : name) } });

/** What a code is made of; `passUntil` is milliseconds since 1970. */
export interface Shown {
  readonly pass: Bytes;
  readonly key: SigningKey;
  readonly passUntil: number;
}

/** A canvas on which the code renews itself until it is stopped; `ended` hears that the pass is no longer valid. */
export class Code {
  private readonly canvas: HTMLCanvasElement;
  private readonly ended: () => void;
  private drawnAt = 0;
  private timer = 0;

  constructor(canvas: HTMLCanvasElement, ended: () => void) {
    this.canvas = canvas;
    this.ended = ended;
  }

  show(shown: Shown): void {
    this.stop();
    void this.renew(shown);
    // A page in the background is called late, and then at once again: the age counts, not the number of calls.
    this.timer = setInterval(() => void this.renew(shown), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.drawnAt = 0;
    this.canvas.width = 0;
  }

  private async renew(shown: Shown): Promise<void> {
    const at = Date.now();
    if (Math.abs(at - this.drawnAt) < RENEWED_MS) return;
    if (at >= shown.passUntil) {
      this.stop();
      this.ended();
      return;
    }
    this.drawnAt = at;
    draw(this.canvas, await symbolOf(encodeText(await present(shown.pass, shown.key, at))));
  }
}

/** A square of modules, 0 for dark. */
interface Square {
  readonly side: number;
  readonly data: Uint8ClampedArray;
}

async function symbolOf(text: string): Promise<Square> {
  const { symbol, error } = await writeBarcode(text, { format: "QRCode", options: "ecLevel=M", addQuietZones: false });
  if (error !== "") throw new Error(error);
  return { side: symbol.width, data: symbol.data };
}

/** One pixel a module; the style sheet enlarges them without blur. */
function draw(canvas: HTMLCanvasElement, { side, data }: Square): void {
  canvas.width = canvas.height = side + 2 * QUIET_ZONE;
  const drawing = canvas.getContext("2d")!;
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.fillStyle = "#000";
  for (const [at, shade] of data.entries()) {
    if (shade === 0) drawing.fillRect(QUIET_ZONE + (at % side), QUIET_ZONE + Math.floor(at / side), 1, 1);
  }
}

// The scanner's page: enrols once, then reads code after code, and says of each what the gate answered.

import { type Admission, isAdmitted } from "../card/admission.ts";
import { BackgroundSync, type Contact } from "../card/background.ts";
import { Device } from "../card/device.ts";
import { Gate } from "../card/gate.ts";
import { Outbox } from "../card/outbox.ts";
import { Storage } from "../card/storage.ts";
import { button, element, told } from "../view/language.ts";
import { SCANNER } from "../view/messages.ts";
import { begin, showProblem } from "../view/page.ts";
import { Camera, type Source } from "./camera.ts";
import { Sounder } from "./cue.ts";
import { display, lines, overridden } from "./display.ts";
import { enrolled } from "./enrolling.ts";
import { stateLine } from "./state.ts";

// Between two people the picture is free of codes for this long; a phone that is still held there is not read twice.
const FREE_MS = 1_200;
const SHOWN_MS = 8_000;
const STATE_MS = 2_000;

class Scanner {
  private readonly device: Device;
  private readonly gate: Gate;
  private readonly outbox: Outbox;
  private readonly sync: BackgroundSync;
  private readonly sounder = new Sounder();
  private readonly camera = new Camera(element<HTMLVideoElement>("video"), (text) => this.seen(text));
  private contact: Contact | null = null;
  private armed = true;
  private codeSeenAt = 0;
  private answeredAt = 0;
  private line: (() => string) | null = null;

  constructor(device: Device, gate: Gate, outbox: Outbox) {
    this.device = device;
    this.gate = gate;
    this.outbox = outbox;
    this.sync = new BackgroundSync(device, outbox, (contact) => {
      this.contact = contact;
      void this.showState();
    });
  }

  start(): void {
    button("start").addEventListener("click", () => void this.scan("camera"));
    button("window").addEventListener("click", () => void this.scan("window"));
    button("stop").addEventListener("click", () => this.stop());
    button("next").addEventListener("click", () => this.dismiss());
    button("override").addEventListener("click", () => void this.override());
    button("window").hidden = !("getDisplayMedia" in navigator.mediaDevices);
    this.stop();
    this.sync.start();
    setInterval(() => void this.showState(), STATE_MS);
  }

  /** Say everything again, in the language that was chosen just now. */
  showAgain(): void {
    this.showLine();
    void this.showState();
  }

  private async scan(source: Source): Promise<void> {
    this.sounder.unlock();
    showProblem(null);
    try {
      await this.camera.start(source);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      showProblem(told(SCANNER.noCamera));
      return;
    }
    this.armed = true;
    element("ready").hidden = true;
    element("scanning").hidden = false;
    this.dismiss();
    // Where the browser can, the screen stays on while somebody scans.
    if ("wakeLock" in navigator) await navigator.wakeLock.request("screen").catch(() => null);
  }

  private stop(): void {
    this.camera.stop();
    element("scanning").hidden = true;
    element("ready").hidden = false;
    element("place").textContent = `${this.device.enrolment.operator} ${this.device.enrolment.place}`;
  }

  private async seen(text: string | null): Promise<void> {
    const now = performance.now();
    if (text !== null) {
      this.codeSeenAt = now;
      if (!this.armed) return;
      this.armed = false;
      this.answer(await this.gate.admit(text));
      return;
    }
    if (now - this.codeSeenAt > FREE_MS) this.armed = true;
    if (this.line !== null && now - this.answeredAt > SHOWN_MS) this.dismiss();
  }

  private answer(admission: Admission): void {
    this.answeredAt = performance.now();
    this.sounder.give(admission.cue);
    this.line = () => display(admission);
    this.showAnswer(isAdmitted(admission));
  }

  private async override(): Promise<void> {
    const admission = await this.gate.override();
    if (admission === null) return;
    this.answeredAt = performance.now();
    this.line = () => overridden(admission);
    this.showAnswer(true);
  }

  private showAnswer(admitted: boolean): void {
    setState(admitted ? "go" : "wait");
    button("override").hidden = admitted;
    button("next").hidden = false;
    this.showLine();
    void this.showState();
  }

  private dismiss(): void {
    this.line = null;
    setState("aim");
    button("override").hidden = true;
    button("next").hidden = true;
    this.showLine();
  }

  private showLine(): void {
    const parts = this.line === null ? [] : lines(this.line());
    const shown = parts.map((part) => paragraph(part));
    if (shown.length > 0) shown.unshift(sign());
    element("answer").replaceChildren(...shown);
  }

  private async showState(): Promise<void> {
    const waiting = await this.outbox.waiting().catch(() => null);
    const line = stateLine(this.device, this.contact, waiting);
    // What is said again is read out again by a screen reader.
    if (element("state").textContent !== line) element("state").textContent = line;
  }
}

function sign(): HTMLElement {
  const made = paragraph(element("answer").closest("main")?.dataset["state"] === "go" ? "✓" : "‖");
  made.className = "sign";
  made.ariaHidden = "true";
  return made;
}

function paragraph(text: string): HTMLElement {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

function setState(state: "aim" | "go" | "wait"): void {
  document.querySelector("main")!.dataset["state"] = state;
}

let scanner: Scanner | null = null;

async function start(): Promise<void> {
  // Two windows would give one number to two scans.
  await navigator.locks.request("sdc-scanner", { ifAvailable: true }, async (lock) => {
    if (lock === null) {
      showProblem(told(SCANNER.elsewhere));
      return;
    }
    const storage = await Storage.open();
    const device = (await Device.open(storage)) ?? (await enrolled(storage));
    const { deviceId, place } = device.enrolment;
    const gate = await Gate.open(deviceId, place, device.clock, storage, () => device.trusted);
    scanner = new Scanner(device, gate, new Outbox(storage));
    scanner.start();
    // The lock is held as long as the page is there.
    await new Promise(() => {});
  });
}

void begin(SCANNER, () => scanner?.showAgain(), start);

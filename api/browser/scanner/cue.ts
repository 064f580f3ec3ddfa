// What is heard and felt at an answer: whoever passes sounds alike, whatever the price and whoever it is.

import type { Cue } from "../card/admission.ts";

const SECONDS = 0.18;
const LOUDNESS = 0.2;

/** Two plain tones, the higher for passing; the page's first tap lets them sound. */
export class Sounder {
  private context: AudioContext | null = null;

  unlock(): void {
    this.context ??= new AudioContext();
    void this.context.resume();
  }

  give(cue: Cue): void {
    const waits = cue === "wait";
    if ("vibrate" in navigator) navigator.vibrate(waits ? [90, 90, 90] : [180]);
    if (this.context === null) return;
    const [tone, volume] = [this.context.createOscillator(), this.context.createGain()];
    const now = this.context.currentTime;
    tone.frequency.value = waits ? 330 : 660;
    volume.gain.setValueAtTime(LOUDNESS, now);
    volume.gain.exponentialRampToValueAtTime(0.001, now + SECONDS);
    tone.connect(volume).connect(this.context.destination);
    tone.start(now);
    tone.stop(now + SECONDS);
  }
}

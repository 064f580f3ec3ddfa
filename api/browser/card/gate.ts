// Ties verification, decision and storage together: an answer is stored before anybody sees it (card/gate.py).

import { type Admission, decide, isAdmitted, outOfService, refused } from "./admission.ts";
import type { DeviceClock, Reading } from "./clock.ts";
import type { Keys } from "./cose.ts";
import type { Trusted } from "./device.ts";
import { Memory } from "./memory.ts";
import { append, link } from "./outbox.ts";
import { MAX_TEXT, PassCache, TEXT_PREFIX, type VerifiedToken, verifyToken } from "./presentation.ts";
import { CredentialRefused } from "./refusal.ts";
import { MAX_PLACE } from "./scan.ts";
import { type Storage, StorageUnavailable } from "./storage.ts";
import { localDay, type Tariff, tariffOn } from "./tariff.ts";
import { keysFor } from "./trust.ts";

/** A code on its way from the verdict to the disk. */
interface Judged {
  readonly text: string;
  readonly token: VerifiedToken | null;
  readonly admission: Admission;
  readonly tariff: Tariff | null;
}

/** One scanner's answers, each finished before the next begins, so that no number is given twice. */
export class Gate {
  private readonly deviceId: string;
  private readonly place: string;
  private readonly clock: DeviceClock;
  private readonly storage: Storage;
  private readonly trusted: () => Trusted | null;
  private readonly cache = new PassCache();
  private readonly memory = new Memory();
  private bundle: Trusted | null = null;
  private last: Judged | null = null;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    deviceId: string,
    place: string,
    clock: DeviceClock,
    storage: Storage,
    trusted: () => Trusted | null,
  ) {
    this.deviceId = deviceId;
    this.place = printable(place, MAX_PLACE);
    this.clock = clock;
    this.storage = storage;
    this.trusted = trusted;
  }

  static async open(
    deviceId: string,
    place: string,
    clock: DeviceClock,
    storage: Storage,
    trusted: () => Trusted | null,
  ): Promise<Gate> {
    const gate = new Gate(deviceId, place, clock, storage, trusted);
    gate.memory.load(await storage.stored());
    return gate;
  }

  /** Answer one code that was read, and write the answer down; what is not of this system is refused and never kept. */
  async admit(text: string): Promise<Admission> {
    return this.inTurn(async () => {
      const now = this.clock.read();
      const judged = await this.judge(text, now);
      this.last = judged;
      return text.startsWith(TEXT_PREFIX) ? this.written(judged, now, false) : judged.admission;
    });
  }

  /** Write down that the person refused last was let in all the same; null if nobody was refused last. */
  async override(): Promise<Admission | null> {
    return this.inTurn(async () => {
      const judged = this.last;
      this.last = null;
      if (judged === null || isAdmitted(judged.admission)) return null;
      return this.written({ ...judged, token: null }, this.clock.read(), true);
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => null);
    return done;
  }

  private async judge(text: string, now: Reading): Promise<Judged> {
    const trusted = this.trusted();
    if (trusted !== this.bundle) {
      // A pass that was verified under keys no longer trusted must be verified anew.
      this.cache.clear();
      this.bundle = trusted;
    }
    if (trusted === null) {
      return { text, token: null, admission: refused("no_bundle", now, null, null), tariff: null };
    }
    const { bundle } = trusted;
    const tariff = tariffOn(trusted.tariffs, localDay(now.at));
    if (tariff === null) {
      return { text, token: null, admission: refused("no_tariff", now, bundle, null), tariff };
    }
    const token = await this.verified(text, keysFor(bundle.keySet, "issuer", now.at));
    if (token instanceof CredentialRefused) {
      return { text, token: null, admission: refused(token.reason, now, bundle, tariff), tariff };
    }
    const admission = decide(token, now, bundle, tariff, this.memory.recall(token, now.at));
    return { text, token, admission, tariff };
  }

  private async verified(text: string, keys: Keys): Promise<VerifiedToken | CredentialRefused> {
    try {
      return await verifyToken(text, keys, this.cache);
    } catch (refusal) {
      if (refusal instanceof CredentialRefused) return refusal;
      throw refusal;
    }
  }

  private async written(judged: Judged, now: Reading, override: boolean): Promise<Admission> {
    const { admission } = judged;
    const remembered = isAdmitted(admission) ? judged.token : null;
    try {
      const made = await link(await this.storage.chain(), this.deviceId, {
        at: now.at,
        text: judged.text.startsWith(TEXT_PREFIX) ? printable(judged.text, MAX_TEXT) : "",
        admission: admission.outcome,
        reason: admission.reason,
        companions: admission.companions,
        bundleVersion: this.bundle?.bundle.version ?? 0,
        place: this.place,
        override,
      });
      await this.storage.write((writing) => {
        append(writing, made);
        if (remembered !== null) this.memory.write(writing, remembered, now.at);
      });
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
      const answer = judged.tariff === null ? admission : outOfService(admission, judged.tariff);
      if (remembered !== null && isAdmitted(answer)) this.memory.note(remembered, now.at);
      return answer;
    }
    if (remembered !== null) this.memory.note(remembered, now.at);
    return { ...admission, recorded: true };
  }
}

function printable(text: string, most: number): string {
  // No token has other characters, and neither the record nor the server's database holds all of them.
  const odd = /^(?! )[\p{C}\p{Z}]$/u;
  const shown = Array.from(text, (character) => (odd.test(character) ? "?" : character));
  return shown.slice(0, most).join("");
}

// Keeps what a scanner is in the browser's storage: its key, its place, what it trusts, and the server's last time.

import { type Bytes, sha256 } from "./bytes.ts";
import { postEnrolment } from "./client.ts";
import { type Anchor, DeviceClock } from "./clock.ts";
import { generateKey, type SigningKey, type VerifyingKey, verifyingKey } from "./cose.ts";
import { type EnrolmentCode, isRoot, proveEnrolment } from "./enrolment.ts";
import { CredentialRefused, malformed } from "./refusal.ts";
import type { Storage } from "./storage.ts";
import { readTariff, type Tariff } from "./tariff.ts";
import { readBundle, type TrustBundle } from "./trust.ts";

/** What a device was enrolled as, and which root it trusts. */
export interface Enrolment {
  readonly deviceId: string;
  readonly operator: string;
  readonly place: string;
  readonly root: VerifyingKey;
}

/** A trust bundle with its tariffs read. */
export interface Trusted {
  readonly bundle: TrustBundle;
  readonly tariffs: readonly Tariff[];
}

interface KeptBundle {
  readonly raw: Bytes;
  readonly etag: string | null;
}

/** The trust bundle in `raw` with its tariffs; throws CredentialRefused for one that cannot be used. */
export async function trustedIn(raw: Bytes, enrolment: Enrolment, before: Trusted | null): Promise<Trusted> {
  // Neither an older bundle nor an older key set: it could hold a key that was withdrawn since.
  const [newerThan, oldest] = before === null ? [-1, 0] : [before.bundle.version, before.bundle.keySet.version];
  const bundle = await readBundle(raw, enrolment.root, enrolment.deviceId, newerThan, oldest);
  return { bundle, tariffs: bundle.tariffs.map(readTariff) };
}

export class Device {
  enrolment: Enrolment;
  trusted: Trusted | null = null;
  etag: string | null = null;
  readonly key: SigningKey;
  readonly clock: DeviceClock;
  private readonly storage: Storage;

  private constructor(storage: Storage, enrolment: Enrolment, key: SigningKey, anchor: Anchor | null) {
    this.storage = storage;
    this.enrolment = enrolment;
    this.key = key;
    this.clock = new DeviceClock(anchor);
  }

  /** The device of this browser; null before it is enrolled. */
  static async open(storage: Storage): Promise<Device | null> {
    const enrolment = await storage.kept<Enrolment>("device", "enrolment");
    const key = await storage.kept<SigningKey>("device", "key");
    if (enrolment === undefined || key === undefined) return null;
    const device = new Device(storage, enrolment, key, (await storage.kept<Anchor>("device", "anchor")) ?? null);
    await device.load();
    return device;
  }

  /** Tie a fresh key to the place of a code; throws ServerRefused, ServerUnreachable, CredentialRefused. */
  static async enrol(storage: Storage, code: EnrolmentCode): Promise<Device> {
    const key = await generateKey();
    // Kept before the code is spent.
    await storage.write((writing) => writing.keep("device", "key", key));
    const told = await postEnrolment(code.secret, key.public, await proveEnrolment(code.secret, key));
    // Another root than the code's: whoever answered is not the district's server.
    if (!isRoot(code, await sha256(told.root))) throw malformed();
    const { deviceId, operator, place } = told;
    const enrolment = { deviceId, operator, place, root: await verifyingKey(told.root) };
    await storage.write((writing) => writing.keep("device", "enrolment", enrolment));
    return new Device(storage, enrolment, key, null);
  }

  /** Trust a newer bundle from now on; a bad one changes nothing. Throws CredentialRefused. */
  async takeBundle(raw: Bytes, etag: string | null): Promise<void> {
    const trusted = await trustedIn(raw, this.enrolment, this.trusted);
    this.use(trusted, etag);
    // The root may have a successor, which the old one named: from now on nothing that the old one signs counts.
    this.enrolment = { ...this.enrolment, root: trusted.bundle.root };
    await this.storage.write((writing) => {
      writing.keep("device", "bundle", { raw, etag } satisfies KeptBundle);
      writing.keep("device", "enrolment", this.enrolment);
    });
  }

  async keepAnchor(anchor: Anchor): Promise<void> {
    await this.storage.write((writing) => writing.keep("device", "anchor", anchor));
  }

  private async load(): Promise<void> {
    const kept = await this.storage.kept<KeptBundle>("device", "bundle");
    if (kept === undefined) return;
    try {
      this.use(await trustedIn(kept.raw, this.enrolment, null), kept.etag);
    } catch (refusal) {
      // The next contact brings a good one; until then the gate says that it has none.
      if (!(refusal instanceof CredentialRefused)) throw refusal;
    }
  }

  private use(trusted: Trusted, etag: string | null): void {
    this.trusted = trusted;
    this.etag = etag;
    this.clock.atLeast(trusted.bundle.issuedAt);
  }
}

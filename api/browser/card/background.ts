// Keeps a working gate in touch with its server beside the scanning, so that nobody waits for the network.

import { ServerRefused, ServerUnreachable } from "./client.ts";
import { RoundTripTooLong } from "./clock.ts";
import type { Device } from "./device.ts";
import type { Outbox } from "./outbox.ts";
import { CredentialRefused } from "./refusal.ts";
import { StorageUnavailable } from "./storage.ts";
import { synchronise } from "./sync.ts";

/** How the last contact ended. */
export type Contact = "made" | "away" | "unknown_device" | "failed";

// A revocation is to reach every device that is online within a minute.
const EVERY_MS = 30_000;
const FAILURES = [ServerUnreachable, ServerRefused, CredentialRefused, RoundTripTooLong, StorageUnavailable];
const UNAUTHORIZED = 401;

/** Syncs at once, then every so often, and whenever the network comes back; `told` hears how each contact ended. */
export class BackgroundSync {
  private readonly device: Device;
  private readonly outbox: Outbox;
  private readonly told: (contact: Contact) => void;
  private running: Promise<void> | null = null;

  constructor(device: Device, outbox: Outbox, told: (contact: Contact) => void) {
    this.device = device;
    this.outbox = outbox;
    this.told = told;
  }

  start(): void {
    const contact = (): void => void this.contact();
    setInterval(contact, EVERY_MS);
    addEventListener("online", contact);
    contact();
  }

  /** One contact; a second call waits for the first. */
  contact(): Promise<void> {
    this.running ??= this.attempt().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async attempt(): Promise<void> {
    try {
      await synchronise(this.device, this.outbox);
      this.told("made");
    } catch (error) {
      if (!FAILURES.some((kind) => error instanceof kind)) throw error;
      this.told(outcome(error));
    }
  }
}

function outcome(error: unknown): Contact {
  if (error instanceof ServerUnreachable) return "away";
  return error instanceof ServerRefused && error.status === UNAUTHORIZED ? "unknown_device" : "failed";
}

// Holds every scan until the server has it: numbered, chained by hash, and never a number given twice (card/outbox.py).

import { type Bytes, sha256, toHex } from "./bytes.ts";
import type { SigningKey } from "./cose.ts";
import { encodeScan, encodeUpload, type Scan, signHead } from "./scan.ts";
import type { Chain, Storage, Writing } from "./storage.ts";

export const MAX_BATCH = 1_000;
const KEPT_ACKNOWLEDGED = 10_000;
const MAX_BATCH_BYTES = 1_500_000;

/** What is to be written down of one code; the outbox adds number and chain. */
export type Read = Omit<Scan, "deviceId" | "epoch" | "sequence" | "previous">;

/** Up to which number the server answered, and how many of those it refused. */
export interface Acknowledged {
  readonly upTo: number;
  readonly notTaken: number;
}

/** Consecutive records of one epoch, the first with the number `first`. */
export interface Batch {
  readonly epoch: Bytes;
  readonly first: number;
  readonly records: readonly Bytes[];
}

/** A record at the end of the chain, ready to be written in one transaction. */
export interface Link {
  readonly record: Bytes;
  readonly chain: Chain;
}

/** The record that follows a chain's end; hashing waits, so it is made before the transaction begins. */
export async function link(chain: Chain, deviceId: string, read: Read): Promise<Link> {
  const sequence = chain.sequence + 1;
  const record = encodeScan({ ...read, deviceId, epoch: chain.epoch, sequence, previous: chain.hash });
  return { record, chain: { epoch: chain.epoch, sequence, hash: await sha256(record) } };
}

export function append(writing: Writing, { record, chain }: Link): void {
  writing.append(record, chain);
}

export class Outbox {
  private readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  async acknowledged(): Promise<Acknowledged> {
    return (await this.storage.kept<Acknowledged>("state", "acknowledged")) ?? { upTo: 0, notTaken: 0 };
  }

  /** How many scans the server does not have yet. */
  async waiting(): Promise<number> {
    return (await this.storage.chain()).sequence - (await this.acknowledged()).upTo;
  }

  /** The scans that wait, oldest first, within the limits of an upload; null where none waits. */
  async nextBatch(): Promise<Batch | null> {
    const { epoch } = await this.storage.chain();
    const records: Bytes[] = [];
    let size = 0;
    let first: number | null = null;
    for (const [sequence, record] of await this.storage.scansAfter((await this.acknowledged()).upTo, MAX_BATCH)) {
      first ??= sequence;
      size += record.length;
      // A hole can only come from a damaged database, of which the rest is still worth handing in.
      if (size > MAX_BATCH_BYTES || sequence !== first + records.length) break;
      records.push(record);
    }
    return first === null ? null : { epoch, first, records };
  }

  /** Note that the server answered for every scan up to a number; an answer about other scans changes nothing. */
  async acknowledge(epoch: Bytes, upTo: number, notTaken: number): Promise<void> {
    const [chain, before] = [await this.storage.chain(), await this.acknowledged()];
    if (toHex(chain.epoch) !== toHex(epoch) || upTo <= before.upTo || upTo > chain.sequence) return;
    await this.storage.write((writing) => {
      writing.keep("state", "acknowledged", { upTo, notTaken: before.notTaken + notTaken } satisfies Acknowledged);
      writing.dropScansUpTo(upTo - KEPT_ACKNOWLEDGED);
    });
  }
}

/** What is posted: the records under a head that the device signs over the last of them. */
export async function bodyOf(batch: Batch, deviceId: string, at: number, key: SigningKey): Promise<Bytes> {
  const last = batch.first + batch.records.length - 1;
  const head = await signHead(deviceId, batch.epoch, last, await sha256(batch.records.at(-1)!), at, key);
  return encodeUpload(head, batch.records);
}

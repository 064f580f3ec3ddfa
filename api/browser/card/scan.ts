// What a device writes down of each code it read, and how it hands that over: chained, and signed at the head.

import { type Bytes, fromUuid } from "./bytes.ts";
import { encode, type Key, type Value } from "./canonical.ts";
import { sign1, type SigningKey } from "./cose.ts";
import type { Reason } from "./refusal.ts";
import type { Outcome } from "./tariff.ts";

export const EPOCH_BYTES = 8;
export const HASH_BYTES = 32;
export const MAX_PLACE = 80;
const HEAD_TYPE = "application/vnd.sdc.scan-head+cose";

/** One code that a device read, and what it answered; see `Scan` of card/scan.py. */
export interface Scan {
  readonly deviceId: string;
  readonly epoch: Bytes;
  readonly sequence: number;
  readonly previous: Bytes;
  readonly at: number;
  readonly text: string;
  readonly admission: Outcome;
  readonly reason: Reason | null;
  readonly companions: number;
  readonly bundleVersion: number;
  readonly place: string | null;
  readonly override: boolean;
}

export function encodeScan(scan: Scan): Bytes {
  return numbered(
    fromUuid(scan.deviceId),
    scan.epoch,
    scan.sequence,
    scan.previous,
    scan.at,
    scan.text,
    scan.admission,
    scan.reason,
    scan.companions,
    scan.bundleVersion,
    scan.place,
    scan.override,
  );
}

/** The device's signature over its newest record, so that a chain re-made later does not fit it. */
export async function signHead(
  deviceId: string,
  epoch: Bytes,
  sequence: number,
  recordHash: Bytes,
  at: number,
  key: SigningKey,
): Promise<Bytes> {
  return sign1(numbered(fromUuid(deviceId), epoch, sequence, recordHash, at), key, { typ: HEAD_TYPE });
}

export function encodeUpload(head: Bytes, records: readonly Bytes[]): Bytes {
  return numbered(head, records);
}

function numbered(...values: readonly Value[]): Bytes {
  return encode(new Map<Key, Value>(values.map((value, at) => [at + 1, value])));
}

// Says of every credential with an index whether it is valid, revoked or suspended: the IETF Token Status List, as CWT.

import { type Bytes, join } from "./bytes.ts";
import { bytesOf, decode, integerBelow, mapOf, textOf } from "./canonical.ts";
import { type Keys, verify1 } from "./cose.ts";
import { LATEST_SECONDS } from "./credential.ts";
import { CredentialRefused, malformed } from "./refusal.ts";

export type EntryStatus = "valid" | "revoked" | "suspended";

const STATUS_LIST_TYPE = "application/statuslist+cwt";
const BITS = 2;
const MAX_BYTES = 1 << 18;
const MAX_TOKEN_BYTES = MAX_BYTES + 1_024;
// The browser inflates a piece whole before it can be stopped; a piece of this size becomes half a megabyte at most.
const PIECE_BYTES = 512;
const [SUBJECT, EXPIRES, ISSUED, STATUS_LIST, TTL] = [2, 4, 6, 65533, 65534] as const;
const STATUSES: readonly (EntryStatus | undefined)[] = ["valid", "revoked", "suspended"];

/** A list whose signature holds; from `expiresAt` it says nothing. */
export interface StatusList {
  readonly uri: string;
  readonly expiresAt: number;
  readonly entries: Bytes;
}

/** The list in a token that one of the status `keys` signed; throws CredentialRefused. */
export async function readStatusList(token: Bytes, keys: Keys): Promise<StatusList> {
  const payload = await verify1(token, keys, STATUS_LIST_TYPE, MAX_TOKEN_BYTES);
  const content = mapOf(decode(payload, MAX_TOKEN_BYTES));
  const list = mapOf(content.get(STATUS_LIST));
  if (content.size !== 5 || list.size !== 2 || list.get("bits") !== BITS) throw malformed();
  const uri = textOf(content.get(SUBJECT));
  const packed = bytesOf(list.get("lst"));
  const [, expires] = [ISSUED, EXPIRES, TTL].map((label) => integerBelow(content.get(label), LATEST_SECONDS));
  return { uri, expiresAt: expires! * 1_000, entries: await inflate(packed) };
}

/** What a list says of an index; throws CredentialRefused for one of which it says nothing. */
export function statusOf(list: StatusList, index: number): EntryStatus {
  const byte = list.entries[Math.floor(index / 4)];
  const status = byte === undefined ? undefined : STATUSES[(byte >> (BITS * (index % 4))) & 3];
  if (status === undefined) throw new CredentialRefused("status_unknown");
  return status;
}

/** The byte array of one whole zlib stream; never much more than the cap is inflated. */
export async function inflate(packed: Bytes): Promise<Bytes> {
  let at = 0;
  const pieces = new ReadableStream<Bytes>({
    pull(controller) {
      if (at < packed.length) controller.enqueue(packed.slice(at, (at += PIECE_BYTES)));
      else controller.close();
    },
  });
  const inflated: Bytes[] = [];
  let length = 0;
  try {
    for await (const piece of pieces.pipeThrough(new DecompressionStream("deflate"))) {
      length += piece.length;
      if (length > MAX_BYTES) throw new CredentialRefused("too_large");
      inflated.push(piece);
    }
  } catch (error) {
    throw error instanceof CredentialRefused ? error : malformed();
  }
  return join(...inflated);
}

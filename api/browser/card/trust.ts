// What a scanner believes and why: an offline root signs the key set, the online keys sign all else (card/trust.py).

import { type Bytes, fromUuid, same, toHex } from "./bytes.ts";
import { arrayOf, bytesOf, decode, isInteger, numberedMap, type Value } from "./canonical.ts";
import { check, type Keys, readSign1, verify1, type VerifyingKey, verifyingKey } from "./cose.ts";
import { CredentialRefused, malformed } from "./refusal.ts";
import { readStatusList, type StatusList } from "./statuslist.ts";

const MAX_BUNDLE_BYTES = 4 << 20;
const KEY_SET_TYPE = "application/vnd.sdc.key-set+cose";
const BUNDLE_TYPE = "application/vnd.sdc.trust-bundle+cose";
const TIME_TYPE = "application/vnd.sdc.time+cose";
const MAX_KEY_SET_BYTES = 64 << 10;
const MAX_TIME_BYTES = 256;
const MAX_ROOTS = 4;
// The end of the year 9999, beyond which no calendar of ours goes.
const LATEST_MS = 253_402_300_799_999;
const USES = ["issuer", "status", "bundle"] as const;

export type KeyUse = (typeof USES)[number];

export interface TrustedKey {
  readonly key: VerifyingKey;
  readonly use: KeyUse;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface KeySet {
  readonly version: number | bigint;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly keys: readonly TrustedKey[];
  readonly nextRoot: VerifyingKey | null;
}

/** All that one scanner needs to decide offline; `version` is also when it was issued, in milliseconds. */
export interface TrustBundle {
  readonly version: number;
  readonly issuedAt: number;
  readonly keySet: KeySet;
  readonly statusLists: ReadonlyMap<string, StatusList>;
  readonly tariffs: readonly Bytes[];
  readonly root: VerifyingKey;
}

/** The keys of a use that are believed at an instant; at any instant where none is given. */
export function keysFor(keySet: KeySet, use: KeyUse, at: number | null): Keys {
  const believed = keySet.keys.filter(
    (each) => each.use === use && (at === null || (each.notBefore <= at && at < each.notAfter)),
  );
  return new Map(believed.map((each) => [toHex(each.key.kid), each.key]));
}

/** The key set that `root`, or a root that follows it, signed. Its time is not checked. */
export async function readKeySet(token: Bytes, root: VerifyingKey): Promise<KeySet> {
  const [keySet] = await follow(token, root, MAX_ROOTS);
  return keySet;
}

/** The trust bundle in `raw`, if it is this scanner's and newer than `newerThan`; throws CredentialRefused. */
export async function readBundle(
  raw: Bytes,
  root: VerifyingKey,
  deviceId: string,
  newerThan: number,
  oldestKeySet: number | bigint = 0,
): Promise<TrustBundle> {
  // The key that signed it stands inside, under the root's signature: so the content is read before it is believed.
  const payload = readSign1(raw, MAX_BUNDLE_BYTES).payload;
  const content = numberedMap(decode(payload, payload.length), 5);
  const [keySet, signer] = await follow(bytesOf(content.get(3)), root, MAX_ROOTS);
  const issuedAt = instant(content.get(1));
  if (issuedAt >= keySet.expiresAt) throw new CredentialRefused("expired");
  await verify1(raw, keysFor(keySet, "bundle", issuedAt), BUNDLE_TYPE, MAX_BUNDLE_BYTES);
  const device = content.get(2);
  if (!(device instanceof Uint8Array) || !same(device, fromUuid(deviceId))) {
    throw new CredentialRefused("foreign_device");
  }
  if (issuedAt <= newerThan || keySet.version < oldestKeySet) throw new CredentialRefused("rollback");
  const statusKeys = keysFor(keySet, "status", issuedAt);
  const lists = await Promise.all(arrayOf(content.get(4)).map((each) => readStatusList(bytesOf(each), statusKeys)));
  return {
    version: issuedAt,
    issuedAt,
    keySet,
    statusLists: new Map(lists.map((each) => [each.uri, each])),
    tariffs: arrayOf(content.get(5)).map(bytesOf),
    root: signer,
  };
}

/** The time in `raw`, in milliseconds, signed by one of the bundle `keys` for this nonce. */
export async function readTime(raw: Bytes, nonce: Bytes, keys: Keys): Promise<number> {
  return timeIn(await verify1(raw, keys, TIME_TYPE, MAX_TIME_BYTES), nonce);
}

/** The time in `raw`, whoever signed it: good to ask for the first bundle with, which brings the keys. */
export function claimedTime(raw: Bytes, nonce: Bytes): number {
  return timeIn(readSign1(raw, MAX_TIME_BYTES).payload, nonce);
}

function timeIn(payload: Bytes, nonce: Bytes): number {
  const content = numberedMap(decode(payload, payload.length), 2);
  const asked = content.get(1);
  if (!(asked instanceof Uint8Array) || !same(asked, nonce)) throw new CredentialRefused("wrong_nonce");
  return instant(content.get(2));
}

/** The key set, and the root that signed it: `root`, or one to which its predecessors lead from there. */
async function follow(token: Bytes, root: VerifyingKey, steps: number): Promise<readonly [KeySet, VerifyingKey]> {
  const message = readSign1(token, MAX_KEY_SET_BYTES);
  const content = numberedMap(decode(message.payload, message.payload.length), 6);
  const signer = await signerOf(message, content.get(6), root, steps);
  await verify1(token, signer, KEY_SET_TYPE, MAX_KEY_SET_BYTES);
  const next = content.get(5) ?? null;
  const keySet = {
    version: natural(content.get(1)),
    issuedAt: instant(content.get(2), 1_000),
    expiresAt: instant(content.get(3), 1_000),
    keys: await Promise.all(arrayOf(content.get(4)).map(trustedKey)),
    nextRoot: next === null ? null : await verifyingKey(bytesOf(next)),
  };
  return [keySet, signer];
}

async function signerOf(
  message: ReturnType<typeof readSign1>,
  predecessor: Value | undefined,
  root: VerifyingKey,
  steps: number,
): Promise<VerifyingKey> {
  try {
    await check(message, root);
    return root;
  } catch (refusal) {
    if (!(predecessor instanceof Uint8Array) || steps === 0) throw refusal;
    const [earlier] = await follow(predecessor, root, steps - 1);
    if (earlier.nextRoot === null) throw refusal;
    return earlier.nextRoot;
  }
}

async function trustedKey(entry: Value): Promise<TrustedKey> {
  const [use, publicKey, notBefore, notAfter, ...more] = arrayOf(entry);
  const known = USES.find((each) => each === use);
  if (known === undefined || more.length > 0) throw malformed();
  return {
    key: await verifyingKey(bytesOf(publicKey)),
    use: known,
    notBefore: instant(notBefore, 1_000),
    notAfter: instant(notAfter, 1_000),
  };
}

function instant(value: Value | undefined, milliseconds = 1): number {
  const at = Number(natural(value)) * milliseconds;
  if (at > LATEST_MS) throw malformed();
  return at;
}

function natural(value: Value | undefined): number | bigint {
  if (!isInteger(value) || value < 0) throw malformed();
  return value;
}

// The credential that the issuer signs, a CWT in COSE_Sign1, read claim by claim as card/credential.py does.

import { type Bytes, compare, fromAscii } from "./bytes.ts";
import {
  arrayOf,
  bytesOf,
  decode,
  integerBelow,
  isInteger,
  type Key,
  mapOf,
  textOf,
  type Value,
} from "./canonical.ts";
import { check, MAX_TOKEN_BYTES, type Sign1, type VerifyingKey } from "./cose.ts";
import { KEY_BYTES } from "./curve.ts";
import { malformed } from "./refusal.ts";

export type CredentialKind = "pass" | "online" | "printed";

/** Times are milliseconds since 1970. */
export interface CredentialClaims {
  readonly cti: Bytes;
  readonly kind: CredentialKind;
  readonly pseudonym: Bytes;
  readonly accessClasses: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly holderKey: Bytes | null;
  readonly status: { readonly uri: string; readonly index: number } | null;
  readonly maskedName: string | null;
}

/** A credential whose signature holds; its time and state are still unchecked. */
export interface VerifiedCredential {
  readonly claims: CredentialClaims;
  readonly identity: Bytes;
}

export const LATEST_SECONDS = 2 ** 32;
const PSEUDONYM_BYTES = 16;
const ONLINE_LIFETIME_MS = 30_000;
const SHORT_CLASSES = ["ride", "ride-accompanied", "venue", "venue-accompanied"];
const [EXPIRES, ISSUED, CWT_ID, CONFIRMATION, STATUS] = [4, 6, 7, 8, 65535] as const;
const REGISTERED = new Set<Key>([EXPIRES, ISSUED, CWT_ID, CONFIRMATION, STATUS]);
const KINDS = new Map<Key, CredentialKind>([
  [-65537, "pass"],
  [-65538, "online"],
  [-65539, "printed"],
]);
const [OKP, ED25519] = [1, 6] as const;

/** The credential in a message already taken apart, signed by `key`; throws CredentialRefused. */
export async function verifyMessage(message: Sign1, key: VerifyingKey): Promise<VerifiedCredential> {
  const identity = await check(message, key);
  if (message.typ !== null) throw malformed();
  return { claims: readClaims(message.payload), identity };
}

/** What a credential's payload says, whoever signed it; throws CredentialRefused. */
export function readClaims(payload: Bytes): CredentialClaims {
  const content = mapOf(decode(payload, MAX_TOKEN_BYTES));
  const [label, ...others] = [...content.keys()].filter((key) => !REGISTERED.has(key));
  const kind = label === undefined || others.length > 0 ? undefined : KINDS.get(label);
  if (label === undefined || kind === undefined) throw malformed();
  const expiresAt = instant(content.get(EXPIRES));
  const [pseudonym, classes, name, ...more] = arrayOf(content.get(label));
  if (more.length > 0) throw malformed();
  const claims: CredentialClaims = {
    cti: content.has(CWT_ID) ? bytesOf(content.get(CWT_ID)) : new Uint8Array(),
    kind,
    pseudonym: bytesOf(pseudonym),
    accessClasses: readClasses(classes),
    issuedAt: kind === "online" && !content.has(ISSUED) ? expiresAt - ONLINE_LIFETIME_MS : instant(content.get(ISSUED)),
    expiresAt,
    holderKey: holderKey(content.get(CONFIRMATION)),
    status: status(content.get(STATUS)),
    maskedName: name === undefined || name === null ? null : textOf(name),
  };
  if ((claims.holderKey !== null) !== (kind === "pass")) throw malformed();
  if (claims.holderKey !== null && claims.holderKey.length !== KEY_BYTES) throw malformed();
  if (claims.pseudonym.length !== PSEUDONYM_BYTES || claims.expiresAt <= claims.issuedAt) throw malformed();
  return claims;
}

function readClasses(value: Value | undefined): readonly string[] {
  if (isInteger(value)) {
    const bits = integerBelow(value, 1 << SHORT_CLASSES.length);
    return SHORT_CLASSES.filter((_, place) => (bits >> place) & 1);
  }
  const names = arrayOf(value).map(textOf);
  const ordered = names.every((name, at) => at === 0 || compare(fromAscii(names[at - 1]!), fromAscii(name)) < 0);
  // What can be said by bits is not written out.
  if (names.includes("") || !ordered || names.every((name) => SHORT_CLASSES.includes(name))) throw malformed();
  return names;
}

function holderKey(claim: Value | undefined): Bytes | null {
  if (claim === undefined || claim === null) return null;
  const confirmation = mapOf(claim);
  const key = mapOf(confirmation.get(1));
  if (confirmation.size !== 1 || key.size !== 3 || key.get(1) !== OKP || key.get(-1) !== ED25519) throw malformed();
  return bytesOf(key.get(-2));
}

function status(claim: Value | undefined): CredentialClaims["status"] {
  if (claim === undefined || claim === null) return null;
  const listed = mapOf(mapOf(claim).get("status_list"));
  if (mapOf(claim).size !== 1 || listed.size !== 2) throw malformed();
  return { uri: textOf(listed.get("uri")), index: integerBelow(listed.get("idx"), 2 ** 64) };
}

function instant(value: Value | undefined): number {
  return integerBelow(value, LATEST_SECONDS) * 1_000;
}

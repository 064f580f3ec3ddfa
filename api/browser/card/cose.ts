// Signs and verifies COSE_Sign1 messages (RFC 9052) with Ed25519 by WebCrypto, under the rules of card/cose.py.

import { type Bytes, fromAscii, join, sha256, startsWith, toHex } from "./bytes.ts";
import { byteString, bytesOf, decode, encode, type Key, type Value } from "./canonical.ts";
import { isFullOrder, isSoundKey, KEY_BYTES } from "./curve.ts";
import { CredentialRefused, malformed } from "./refusal.ts";

export const MAX_TOKEN_BYTES = 4_096;
const SIGNATURE_BYTES = 64;
const KID_BYTES = 1;
const SIGN1_TAG = Uint8Array.of(0xd2);
const [ALGORITHM, KID, KCWT, TYPE] = [1, 4, 13, 16] as const;
const EDDSA = -8;
const HEADERS = new Set<Key>([ALGORITHM, KID, TYPE]);
const SIGNATURE1 = join(Uint8Array.of(0x84), encode("Signature1"));
const NO_EXTERNAL_DATA = encode(fromAscii(""));
// Deterministic CBOR leaves no other way to begin such headers.
const KCWT_HEADER = Uint8Array.of(0xa2, ALGORITHM, 0x27, KCWT);

export interface VerifyingKey {
  readonly kid: Bytes;
  readonly public: Bytes;
}

/** The keys of one use by their identifiers in hexadecimal. */
export type Keys = ReadonlyMap<string, VerifyingKey>;

/** A key whose private half WebCrypto keeps and never gives out. */
export interface SigningKey extends VerifyingKey {
  readonly secret: CryptoKey;
}

/** A message taken apart, its signature not checked; `certificate` is the CWT of the header `kcwt`, tagged. */
export interface Sign1 {
  readonly protected: Bytes;
  readonly payload: Bytes;
  readonly signature: Bytes;
  readonly kid: Bytes | null;
  readonly typ: string | null;
  readonly certificate: Bytes | null;
}

/** The key with the identifier that its bytes give it; malformed for a key that is not to be trusted. */
export async function verifyingKey(publicKey: Bytes): Promise<VerifyingKey> {
  if (!isSoundKey(publicKey)) throw malformed();
  return { kid: (await sha256(publicKey)).subarray(0, KID_BYTES), public: publicKey };
}

/** A fresh key that no script can read the private half of. */
export async function generateKey(): Promise<SigningKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { ...(await verifyingKey(publicKey)), secret: pair.privateKey };
}

export async function sign(message: Bytes, key: SigningKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key.secret, message));
}

/** A tagged message with its header protected; see `sign1` of card/cose.py. */
export async function sign1(
  payload: Bytes,
  key: SigningKey,
  named: { typ: string } | { certificate: Bytes },
): Promise<Bytes> {
  const header =
    "certificate" in named
      ? join(KCWT_HEADER, named.certificate.subarray(SIGN1_TAG.length))
      : encode(new Map<Key, Value>([[ALGORITHM, EDDSA], [KID, key.kid], [TYPE, named.typ]]));
  return join(SIGN1_TAG, encode([header, new Map(), payload, await sign(signed(header, payload), key)]));
}

/** The payload of a message that one of `keys`, or the one key given, signed as a `typ`. */
export async function verify1(token: Bytes, keys: Keys | VerifyingKey, typ: string, limit: number): Promise<Bytes> {
  const message = readSign1(token, limit);
  if (message.typ !== typ || message.certificate !== null) throw malformed();
  await check(message, "public" in keys ? keys : keyOf(message, keys));
  return message.payload;
}

export function keyOf(message: Sign1, keys: Keys): VerifyingKey {
  const key = message.kid === null ? undefined : keys.get(toHex(message.kid));
  if (key === undefined) throw new CredentialRefused("unknown_key");
  return key;
}

/** Check the signature; returns the message's identity, the SHA-256 of what is signed. */
export async function check(message: Sign1, key: Pick<VerifyingKey, "public">): Promise<Bytes> {
  const content = signed(message.protected, message.payload);
  if (!(await verifies(key.public, content, message.signature))) throw new CredentialRefused("bad_signature");
  return sha256(content);
}

export function readSign1(token: Bytes, limit: number = MAX_TOKEN_BYTES): Sign1 {
  if (!startsWith(token, SIGN1_TAG)) throw malformed();
  const parts = decode(token.subarray(1), limit - 1);
  if (!Array.isArray(parts) || parts.length !== 4) throw malformed();
  const [header, unprotected, payload, signature] = parts as readonly Value[];
  if (!(unprotected instanceof Map) || unprotected.size > 0) throw malformed();
  return withHeader(bytesOf(header), bytesOf(payload), bytesOf(signature));
}

async function verifies(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  // libsodium refuses points of small order in both places, and browsers do not.
  if (!isFullOrder(publicKey) || !isFullOrder(signature.subarray(0, KEY_BYTES))) return false;
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, signature, message);
}

function signed(header: Bytes, payload: Bytes): Bytes {
  return join(SIGNATURE1, byteString(header), NO_EXTERNAL_DATA, byteString(payload));
}

function withHeader(header: Bytes, payload: Bytes, signature: Bytes): Sign1 {
  const message = { protected: header, payload, signature, kid: null, typ: null, certificate: null };
  if (startsWith(header, KCWT_HEADER)) {
    return { ...message, certificate: join(SIGN1_TAG, header.subarray(KCWT_HEADER.length)) };
  }
  const content = decode(header, MAX_TOKEN_BYTES);
  if (!(content instanceof Map) || ![...content.keys()].every((label) => HEADERS.has(label))) throw malformed();
  if (content.get(ALGORITHM) !== EDDSA) throw new CredentialRefused("wrong_algorithm");
  const kid = content.get(KID) ?? null;
  const typ = content.get(TYPE) ?? null;
  if (kid !== null && !(kid instanceof Uint8Array)) throw malformed();
  if (typ !== null && typeof typ !== "string") throw malformed();
  return { ...message, kid, typ };
}

// What a phone shows: its pass and the time, signed with its key; and how either becomes text (card/presentation.py).

import { type Bytes, toHex } from "./bytes.ts";
import { decode, encode, integerBelow, mapOf } from "./canonical.ts";
import { check, type Keys, keyOf, readSign1, type Sign1, sign1, type SigningKey, type VerifyingKey } from "./cose.ts";
import { LATEST_SECONDS, type VerifiedCredential, verifyMessage } from "./credential.ts";
import { CredentialRefused, malformed } from "./refusal.ts";

export const TEXT_PREFIX = "SDC1:";
export const MAX_TEXT = 1_024;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const ISSUED = 6;

/** A token whose signatures hold at every level; `presentedAt` is null for a bearer code. */
export interface VerifiedToken {
  readonly credential: VerifiedCredential;
  readonly presentedAt: number | null;
  readonly identity: Bytes;
}

/** Remembers the passes verified last, so that a pass shown every day is verified once. */
export class PassCache {
  private readonly entries = new Map<string, readonly [VerifyingKey, VerifiedCredential]>();
  private readonly capacity: number;

  constructor(capacity = 1_024) {
    this.capacity = capacity;
  }

  clear(): void {
    this.entries.clear();
  }

  find(token: Bytes, keys: Keys): VerifiedCredential | null {
    const entry = this.entries.get(toHex(token));
    if (entry === undefined || keys.get(toHex(entry[0].kid)) !== entry[0]) return null;
    return entry[1];
  }

  keep(token: Bytes, key: VerifyingKey, credential: VerifiedCredential): void {
    this.entries.set(toHex(token), [key, credential]);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.capacity) break;
      this.entries.delete(oldest);
    }
  }
}

/** A presentation as COSE bytes: {iat} signed by the phone, with the pass in the header `kcwt` (RFC 9528). */
export async function present(pass: Bytes, key: SigningKey, at: number): Promise<Bytes> {
  return sign1(encode(new Map([[ISSUED, Math.floor(at / 1_000)]])), key, { certificate: pass });
}

export function encodeText(token: Bytes): string {
  let text = TEXT_PREFIX;
  for (let at = 0; at < token.length; at += 2) {
    const last = at + 1 === token.length;
    const value = last ? token[at]! : token[at]! * 256 + token[at + 1]!;
    text += ALPHABET[value % 45]! + ALPHABET[Math.floor(value / 45) % 45]!;
    if (!last) text += ALPHABET[Math.floor(value / 2025)]!;
  }
  return text;
}

/** The token in a text; throws CredentialRefused for any text that `encodeText` does not write. */
export function decodeText(text: string): Bytes {
  if ([...text].length > MAX_TEXT) throw new CredentialRefused("too_large");
  if (!text.startsWith(TEXT_PREFIX)) throw malformed();
  const values = Array.from(text.slice(TEXT_PREFIX.length), (character) => ALPHABET.indexOf(character));
  if (values.includes(-1) || values.length % 3 === 1) throw malformed();
  const token: number[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const [first, second, third] = values.slice(at, at + 3);
    const value = first! + 45 * second! + 2025 * (third ?? 0);
    if (value >= (third === undefined ? 256 : 65536)) throw malformed();
    token.push(...(third === undefined ? [value] : [value >> 8, value & 255]));
  }
  return Uint8Array.from(token);
}

/** The token in a text, each of its signatures checked; its time and state are not. */
export async function verifyToken(text: string, keys: Keys, cache: PassCache | null = null): Promise<VerifiedToken> {
  const message = readSign1(decodeText(text));
  if (message.certificate === null) {
    const bearer = await verifyMessage(message, keyOf(message, keys));
    if (bearer.claims.kind === "pass") throw new CredentialRefused("not_presented");
    return { credential: bearer, presentedAt: null, identity: bearer.identity };
  }
  const credential = await verifiedPass(message.certificate, keys, cache);
  if (credential.claims.holderKey === null) throw malformed();
  const identity = await check(message, { public: credential.claims.holderKey });
  return { credential, presentedAt: presentedAt(message), identity };
}

async function verifiedPass(token: Bytes, keys: Keys, cache: PassCache | null): Promise<VerifiedCredential> {
  const known = cache?.find(token, keys);
  if (known) return known;
  const message = readSign1(token);
  const key = keyOf(message, keys);
  const credential = await verifyMessage(message, key);
  cache?.keep(token, key, credential);
  return credential;
}

function presentedAt(message: Sign1): number {
  const content = mapOf(decode(message.payload, message.payload.length));
  if (content.size !== 1) throw malformed();
  return integerBelow(content.get(ISSUED), LATEST_SECONDS) * 1_000;
}

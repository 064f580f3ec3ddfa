// How a scanner is enrolled: a code that a technician types, and a proof that the scanner holds its key.

import { type Bytes, fromAscii, join, toHex } from "./bytes.ts";
import { sign, type SigningKey } from "./cose.ts";

/** The secret as it is sent, and the SHA-256 of the root's public key. */
export interface EnrolmentCode {
  readonly secret: string;
  readonly root: Bytes;
}

const FINGERPRINT_BYTES = 32;
const DOMAIN = fromAscii("sdc enrolment proof v1\0");
const SECRET = /^[0-9A-HJKMNP-TV-Z]{16}$/;
const FINGERPRINT = /^[A-Z2-7]{52}$/;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The parts of an enrolment code, whatever its case, spaces and hyphens; null for any other text. */
export function splitEnrolmentCode(text: string): EnrolmentCode | null {
  const [typed = "", fingerprint = "", ...more] = text.replaceAll(/\s/g, "").toUpperCase().split(".");
  const secret = typed.replaceAll("-", "").replaceAll(/[IL]/g, "1").replaceAll("O", "0");
  if (more.length > 0 || !SECRET.test(secret) || !FINGERPRINT.test(fingerprint)) return null;
  const root = fromBase32(fingerprint);
  return root === null ? null : { secret: secret.match(/.{4}/g)!.join("-"), root };
}

/** The scanner's proof: its signature over its public key and the secret of its code. */
export async function proveEnrolment(secret: string, key: SigningKey): Promise<Bytes> {
  return sign(join(DOMAIN, key.public, fromAscii(secret)), key);
}

function fromBase32(text: string): Bytes | null {
  let whole = 0n;
  for (const character of text) whole = (whole << 5n) | BigInt(BASE32.indexOf(character));
  // The last character has four bits to spare, which must be 0.
  if (whole & 15n) return null;
  const hex = (whole >> 4n).toString(16).padStart(2 * FINGERPRINT_BYTES, "0");
  return Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** The fingerprint of an enrolment code against the root that a server named. */
export function isRoot(code: EnrolmentCode, hash: Bytes): boolean {
  return toHex(code.root) === toHex(hash);
}

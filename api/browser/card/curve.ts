// Tells sound Ed25519 keys from weak ones as libsodium does: browsers verify signatures, but take any point for a key.

import type { Bytes } from "./bytes.ts";

export const KEY_BYTES = 32;
const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const D = modulo(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

/** A point in extended coordinates (RFC 8032, 5.1.4). */
type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint];
const NEUTRAL: Point = [0n, 1n, 1n, 0n];

/** Whether bytes are a public key in its one encoding, on the curve, and of the group's full prime order. */
export function isSoundKey(encoded: Bytes): boolean {
  const point = read(encoded);
  return point !== null && !isNeutral(times(8n, point)) && isNeutral(times(L, point));
}

/** Whether bytes are a point's one encoding, and the point is not of small order; the least a signature needs. */
export function isFullOrder(encoded: Bytes): boolean {
  const point = read(encoded);
  return point !== null && !isNeutral(times(8n, point));
}

function read(encoded: Bytes): Point | null {
  if (encoded.length !== KEY_BYTES) return null;
  let whole = 0n;
  for (const byte of encoded.toReversed()) whole = (whole << 8n) | BigInt(byte);
  const y = whole & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const u = modulo(y * y - 1n);
  const v = modulo(D * y * y + 1n);
  let x = modulo(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  const square = modulo(v * x * x);
  if (square !== u) {
    if (square !== modulo(-u)) return null;
    x = modulo(x * ROOT_OF_MINUS_1);
  }
  if ((x & 1n) !== whole >> 255n) x = modulo(-x);
  return [x, y, 1n, modulo(x * y)];
}

function isNeutral([x, y, z]: Point): boolean {
  return x === 0n && y === z;
}

function times(factor: bigint, point: Point): Point {
  let sum = NEUTRAL;
  for (let rest = factor, doubled = point; rest > 0n; rest >>= 1n, doubled = add(doubled, doubled)) {
    if (rest & 1n) sum = add(sum, doubled);
  }
  return sum;
}

function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = modulo((y1 - x1) * (y2 - x2));
  const b = modulo((y1 + x1) * (y2 + x2));
  const c = modulo(2n * t1 * t2 * D);
  const d = modulo(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modulo(e * f), modulo(g * h), modulo(f * g), modulo(e * h)];
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = modulo(base); exponent > 0n; exponent >>= 1n, square = modulo(square * square)) {
    if (exponent & 1n) result = modulo(result * square);
  }
  return result;
}

function modulo(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

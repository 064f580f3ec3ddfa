// Reads and writes the one CBOR encoding that everything signed here has, step by step as card/canonical.py does.

import { type Bytes, compare, fromAscii, join } from "./bytes.ts";
import { CredentialRefused, malformed } from "./refusal.ts";

export type Key = number | bigint | string;
export type Value = Key | boolean | null | Bytes | readonly Value[] | ReadonlyMap<Key, Value>;

const [UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP] = [0, 1, 2, 3, 4, 5] as const;
const SIMPLE_VALUES = new Map<number, boolean | null>([
  [0xf4, false],
  [0xf5, true],
  [0xf6, null],
]);
// A first byte carries arguments below 24 by itself; 24 to 27 say that 1, 2, 4 or 8 bytes follow with it.
const DIRECT = 24;
const LAST_SIZE = 27;
const INDEFINITE = 31;
const MAX_DEPTH = 8;

export function encode(value: Value): Bytes {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (typeof value === "number" || typeof value === "bigint") {
    const integer = BigInt(value);
    return integer >= 0n ? head(UNSIGNED, integer) : head(NEGATIVE, -1n - integer);
  }
  if (typeof value === "string") return counted(TEXT, fromAscii(value));
  if (value instanceof Uint8Array) return byteString(value);
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => [encode(key), encode(item)] as const);
    entries.sort(([left], [right]) => compare(left, right));
    return join(head(MAP, BigInt(entries.length)), ...entries.flat());
  }
  const items = value as readonly Value[];
  return join(head(ARRAY, BigInt(items.length)), ...items.map(encode));
}

export function byteString(content: Bytes): Bytes {
  return counted(BYTES, content);
}

/** The value that `raw`, of `limit` bytes at most, is the deterministic encoding of; throws CredentialRefused. */
export function decode(raw: Bytes, limit: number): Value {
  if (raw.length > limit) throw new CredentialRefused("too_large");
  const reader = new Reader(raw);
  const value = reader.item(MAX_DEPTH);
  if (reader.at !== raw.length) throw new CredentialRefused("not_canonical");
  return value;
}

export function isInteger(value: Value | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** An integer from 0 to below `end`; anything else is malformed. */
export function integerBelow(value: Value | undefined, end: number): number {
  if (!isInteger(value) || value < 0 || value >= end) throw malformed();
  return Number(value);
}

export function bytesOf(value: Value | undefined): Bytes {
  if (!(value instanceof Uint8Array)) throw malformed();
  return value;
}

export function textOf(value: Value | undefined): string {
  if (typeof value !== "string") throw malformed();
  return value;
}

export function arrayOf(value: Value | undefined): readonly Value[] {
  if (!Array.isArray(value)) throw malformed();
  return value;
}

export function mapOf(value: Value | undefined): ReadonlyMap<Key, Value> {
  if (!(value instanceof Map)) throw malformed();
  return value;
}

/** The map whose keys are the numbers from 1 to `size`; anything else is malformed. */
export function numberedMap(value: Value, size: number): ReadonlyMap<Key, Value> {
  const map = mapOf(value);
  if (map.size !== size) throw malformed();
  for (let key = 1; key <= size; key++) if (!map.has(key)) throw malformed();
  return map;
}

function counted(major: number, content: Bytes): Bytes {
  return join(head(major, BigInt(content.length)), content);
}

function head(major: number, argument: bigint): Bytes {
  if (argument < DIRECT) return Uint8Array.of((major << 5) | Number(argument));
  const size = argument < 1n << 8n ? 1 : argument < 1n << 16n ? 2 : argument < 1n << 32n ? 4 : 8;
  if (argument >= 1n << 64n) throw new RangeError("an integer needs more than 64 bits");
  const encoded = new Uint8Array(1 + size);
  encoded[0] = (major << 5) | (DIRECT + Math.log2(size));
  for (let at = size; at > 0; at--, argument >>= 8n) encoded[at] = Number(argument & 0xffn);
  return encoded;
}

class Reader {
  at = 0;
  private readonly raw: Bytes;
  private readonly utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(raw: Bytes) {
    this.raw = raw;
  }

  item(depth: number): Value {
    const initial = this.byte();
    const major = initial >> 5;
    const information = initial & 31;
    const argument = information < DIRECT ? information : this.longArgument(information);
    if (major === UNSIGNED) return argument;
    if (major === NEGATIVE) return typeof argument === "number" ? -1 - argument : -1n - argument;
    if (major <= TEXT) return this.string(major, argument);
    if (major <= MAP && depth) return major === ARRAY ? this.array(argument, depth - 1) : this.map(argument, depth - 1);
    const simple = SIMPLE_VALUES.get(initial);
    if (simple === undefined) throw malformed();
    return simple;
  }

  private byte(): number {
    const byte = this.raw[this.at++];
    if (byte === undefined) throw malformed();
    return byte;
  }

  private longArgument(information: number): number | bigint {
    if (information === INDEFINITE) throw new CredentialRefused("not_canonical");
    if (information > LAST_SIZE) throw malformed();
    const size = 1 << (information - DIRECT);
    let argument = 0n;
    for (let count = 0; count < size; count++) argument = (argument << 8n) | BigInt(this.byte());
    if (argument < (size === 1 ? DIRECT : 1n << BigInt(4 * size))) throw new CredentialRefused("not_canonical");
    return argument <= Number.MAX_SAFE_INTEGER ? Number(argument) : argument;
  }

  private string(major: number, length: number | bigint): Value {
    if (length > this.raw.length - this.at) throw malformed();
    const content = this.raw.subarray(this.at, (this.at += Number(length)));
    if (major === BYTES) return content;
    try {
      return this.utf8.decode(content);
    } catch {
      throw malformed();
    }
  }

  private array(length: number | bigint, depth: number): Value {
    const items: Value[] = [];
    for (let count = 0; count < length; count++) items.push(this.item(depth));
    return items;
  }

  private map(length: number | bigint, depth: number): Value {
    const entries = new Map<Key, Value>();
    let last: Bytes = new Uint8Array();
    for (let count = 0; count < length; count++) {
      const start = this.at;
      const key = this.item(0);
      if (!isInteger(key) && typeof key !== "string") throw malformed();
      const encoded = this.raw.subarray(start, this.at);
      // Each key must be greater than the one before, so a key that comes twice is refused here as well.
      if (compare(encoded, last) <= 0) throw new CredentialRefused("not_canonical");
      last = encoded;
      entries.set(key, this.item(depth));
    }
    return entries;
  }
}

// Speaks to the server that served this page, each call bounded in time, each answer checked for its shape.

import { type Bytes, fromBase64url, toBase64url } from "./bytes.ts";

const TIMEOUT_MS = 10_000;

/** No answer, or one that is not of this service; trying again later may help. */
export class ServerUnreachable extends Error {}

/** The server answered that it does not do this: `reason` is its word for why. */
export class ServerRefused extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** What the server says of a device that it has just enrolled; `root` is not checked yet. */
export interface Enrolled {
  readonly deviceId: string;
  readonly operator: string;
  readonly place: string;
  readonly root: Bytes;
}

export interface FetchedBundle {
  readonly raw: Bytes;
  readonly etag: string | null;
}

export interface ScanAnswer {
  readonly epoch: string;
  readonly sequence: number;
  readonly outcome: string;
}

/** The server's signed time for a nonce, not checked yet. */
export async function fetchTime(nonce: Bytes): Promise<Bytes> {
  return bytesIn(await post("/v1/time", { nonce: toBase64url(nonce) }));
}

export async function postEnrolment(secret: string, publicKey: Bytes, proof: Bytes): Promise<Enrolled> {
  const answer = await post("/v1/devices/enrol", {
    code: secret,
    key: toBase64url(publicKey),
    proof: toBase64url(proof),
  });
  return shaped(answer, (told) => ({
    deviceId: text(told["device_id"]),
    operator: text(told["operator"]),
    place: text(told["place"]),
    root: fromBase64url(text(told["root"])),
  }));
}

/** The device's trust bundle; null if it is still the one with this tag. */
export async function fetchBundle(assertion: string, etag: string | null): Promise<FetchedBundle | null> {
  const headers = { ...bearer(assertion), ...(etag === null ? {} : { "If-None-Match": etag }) };
  const answer = await call("/v1/devices/bundle", { headers });
  return answer.status === 304 ? null : { raw: await bytesIn(answer), etag: answer.headers.get("etag") };
}

/** Hand in an upload body; the answer names what became of each scan, in the order of the upload. */
export async function postScans(assertion: string, body: Bytes): Promise<readonly ScanAnswer[]> {
  const packed = new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip")));
  const answer = await call("/v1/devices/scans", {
    method: "POST",
    headers: { ...bearer(assertion), "Content-Type": "application/cbor", "Content-Encoding": "gzip" },
    body: await packed.arrayBuffer(),
  });
  return shaped(answer, (told) => {
    if (!Array.isArray(told["results"])) throw new TypeError("array expected");
    return told["results"].map((each: Record<string, unknown>) => ({
      epoch: text(each["epoch"]),
      sequence: Number(each["sequence"]),
      outcome: text(each["outcome"]),
    }));
  });
}

async function post(path: string, body: Record<string, string>): Promise<Response> {
  return call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function call(path: string, request: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...request, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new ServerUnreachable("no answer", { cause: error });
  }
  if (!answer.ok && answer.status !== 304) throw await refusal(answer);
  return answer;
}

async function refusal(answer: Response): Promise<Error> {
  try {
    const told = (await answer.json()) as Record<string, unknown>;
    return new ServerRefused(answer.status, text(told["reason"]), text(told["message"]));
  } catch {
    return new ServerUnreachable(`an answer of another kind (HTTP ${answer.status})`);
  }
}

async function shaped<T>(answer: Response, read: (told: Record<string, unknown>) => T): Promise<T> {
  try {
    return read((await answer.json()) as Record<string, unknown>);
  } catch (error) {
    throw new ServerUnreachable("an answer of another kind", { cause: error });
  }
}

async function bytesIn(answer: Response): Promise<Bytes> {
  try {
    return new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    throw new ServerUnreachable("the answer was cut off", { cause: error });
  }
}

function bearer(assertion: string): Record<string, string> {
  return { Authorization: `Bearer ${assertion}` };
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("text expected");
  return value;
}

// Brings a device together with its server: first the time, then what to trust, then what waits (card/sync.py).

import { signAssertion } from "./assertion.ts";
import { random, toHex } from "./bytes.ts";
import { fetchBundle, fetchTime, postScans, type ScanAnswer } from "./client.ts";
import { RoundTripTooLong } from "./clock.ts";
import type { Device } from "./device.ts";
import { type Batch, bodyOf, type Outbox } from "./outbox.ts";
import { CredentialRefused } from "./refusal.ts";
import { claimedTime, keysFor, readTime } from "./trust.ts";

const NONCE_BYTES = 16;
// The server has these scans, whatever it thinks of the second one of the same number.
const TAKEN = new Set(["stored", "repeated", "conflict"]);
const UNREAD = "malformed";

/** Set the clock, fetch the bundle if there is a newer one, and hand in what waits; what was done stays done. */
export async function synchronise(device: Device, outbox: Outbox): Promise<void> {
  try {
    await setTime(device);
    await renewBundle(device);
    // The keys that sign the time came with the first bundle.
    if (device.clock.read().state !== "signed") await setTime(device);
  } catch (error) {
    // The server answers, so what waits need not wait for the rest to be mended.
    if (error instanceof CredentialRefused || error instanceof RoundTripTooLong) await upload(device, outbox);
    throw error;
  }
  await upload(device, outbox);
}

async function setTime(device: Device): Promise<void> {
  if (device.trusted === null) return;
  const [nonce, asked] = [random(NONCE_BYTES), device.clock.elapsed()];
  const raw = await fetchTime(nonce);
  // Whatever their period: it cannot be judged by a clock that is only now being set.
  const keys = keysFor(device.trusted.bundle.keySet, "bundle", null);
  await device.keepAnchor(device.clock.set(await readTime(raw, nonce, keys), asked));
}

async function renewBundle(device: Device): Promise<void> {
  const fetched = await fetchBundle(await assertionOf(device), device.etag);
  if (fetched !== null) await device.takeBundle(fetched.raw, fetched.etag);
}

/** Hand in the scans that wait. */
export async function upload(device: Device, outbox: Outbox): Promise<void> {
  for (let batch = await outbox.nextBatch(); batch !== null; batch = await outbox.nextBatch()) {
    const body = await bodyOf(batch, device.enrolment.deviceId, device.clock.read().at, device.key);
    const heard = answeredWithoutHole(batch, await postScans(await assertionOf(device), body));
    const refused = heard.filter((each) => !TAKEN.has(each.outcome)).length;
    await outbox.acknowledge(batch.epoch, batch.first + heard.length - 1, refused);
    if (heard.length < batch.records.length) return;
  }
}

/** The answers from the first scan on until one is missing; a record that could not be read is not named. */
function answeredWithoutHole(batch: Batch, answers: readonly ScanAnswer[]): readonly ScanAnswer[] {
  const epoch = toHex(batch.epoch);
  const isAnswer = (each: ScanAnswer, at: number): boolean =>
    each.outcome === UNREAD || (each.epoch === epoch && each.sequence === batch.first + at);
  const hole = answers.findIndex((each, at) => !isAnswer(each, at));
  return answers.slice(0, Math.min(hole < 0 ? answers.length : hole, batch.records.length));
}

async function assertionOf(device: Device): Promise<string> {
  let { at } = device.clock.read();
  if (device.trusted === null) {
    // A device fresh from its box may be years off, and the server would not know it by such an assertion.
    const nonce = random(NONCE_BYTES);
    at = claimedTime(await fetchTime(nonce), nonce);
  }
  return signAssertion(device.enrolment.deviceId, device.key, at);
}

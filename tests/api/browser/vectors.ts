// Lets a test call the page's modules by name, with values that JSON has; bundled and run inside the browser.

import { fromHex, toHex } from "../../../api/browser/card/bytes.ts";
import { decode } from "../../../api/browser/card/canonical.ts";
import type { Reading } from "../../../api/browser/card/clock.ts";
import { type Keys, verifyingKey } from "../../../api/browser/card/cose.ts";
import { isSoundKey } from "../../../api/browser/card/curve.ts";
import { trustedIn } from "../../../api/browser/card/device.ts";
import { splitEnrolmentCode } from "../../../api/browser/card/enrolment.ts";
import { Gate } from "../../../api/browser/card/gate.ts";
import { encodeText, verifyToken } from "../../../api/browser/card/presentation.ts";
import { CredentialRefused } from "../../../api/browser/card/refusal.ts";
import { inflate, readStatusList, statusOf } from "../../../api/browser/card/statuslist.ts";
import { Storage } from "../../../api/browser/card/storage.ts";
import { isOpen, readTariff, ruleFor } from "../../../api/browser/card/tariff.ts";
import { keysFor, readBundle, readKeySet, readTime } from "../../../api/browser/card/trust.ts";
import { display } from "../../../api/browser/scanner/display.ts";
import { REFUSALS } from "../../../api/browser/view/messages.ts";

interface GateVector {
  readonly bundle: string;
  readonly reads: readonly { readonly text: string; readonly at: number; readonly clock: Reading["state"] }[];
}

/** What `work` gives, or the reason for which it refuses. */
async function orReason(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (refusal) {
    if (refusal instanceof CredentialRefused) return refusal.reason;
    throw refusal;
  }
}

/** Where only a refusal has to be told. */
function accepted(_: unknown): null {
  return null;
}

async function keysOf(publics: readonly string[]): Promise<Keys> {
  const keys = await Promise.all(publics.map((each) => verifyingKey(fromHex(each))));
  return new Map(keys.map((key) => [toHex(key.kid), key]));
}

const CALLS = {
  /** Each token's claims, or why it is refused. */
  async tokens(issuers: readonly string[], texts: readonly string[]) {
    const keys = await keysOf(issuers);
    return Promise.all(texts.map((text) => orReason(async () => claimsIn(text, keys))));
  },

  async texts(tokens: readonly string[]) {
    return tokens.map((token) => encodeText(fromHex(token)));
  },

  async bundles(root: string, deviceId: string, cases: readonly (readonly [bundle: string, newerThan: number])[]) {
    const trusted = await verifyingKey(fromHex(root));
    return Promise.all(
      cases.map(([raw, newerThan]) =>
        orReason(async () => accepted(await readBundle(fromHex(raw), trusted, deviceId, newerThan))),
      ),
    );
  },

  /** The states of some indexes, and the signed time, under a key set. */
  async signed(root: string, keySet: string, list: string, indexes: readonly number[], time: string, nonce: string) {
    const keys = await readKeySet(fromHex(keySet), await verifyingKey(fromHex(root)));
    const statuses = await readStatusList(fromHex(list), keysFor(keys, "status", keys.issuedAt));
    const at = await readTime(fromHex(time), fromHex(nonce), keysFor(keys, "bundle", keys.issuedAt));
    return { at, states: indexes.map((index) => statusOf(statuses, index)) };
  },

  /** What gates with a fresh memory answer, code after code. */
  async gates(root: string, deviceId: string, vectors: readonly GateVector[]) {
    const enrolment = { deviceId, operator: "", place: "", root: await verifyingKey(fromHex(root)) };
    const answers = [];
    for (const vector of vectors) {
      const trusted = await trustedIn(fromHex(vector.bundle), enrolment, null);
      let reading: Reading = { at: 0, state: "unknown" };
      const clock = { read: () => reading } as Parameters<typeof Gate.open>[2];
      const storage = await Storage.open(crypto.randomUUID());
      const gate = await Gate.open(deviceId, "", clock, storage, () => trusted);
      for (const { text, at, clock: state } of vector.reads) {
        reading = { at, state };
        const admission = await gate.admit(text);
        answers.push({ ...admission, displayed: display({ ...admission, recorded: true }) });
      }
    }
    return answers;
  },

  async tariffs(raw: readonly string[]) {
    return Promise.all(raw.map((each) => orReason(() => accepted(readTariff(fromHex(each))))));
  },

  /** Whether a tariff is open at each instant, and the outcome of the rule that holds. */
  async granted(raw: string, asked: readonly { access_classes: readonly string[]; at: number }[]) {
    const tariff = readTariff(fromHex(raw));
    const rules = asked.map(({ access_classes: classes, at }) => ({
      open: isOpen(tariff, at * 1_000),
      outcome: ruleFor(tariff, classes, at * 1_000)?.outcome ?? null,
    }));
    return { operator: tariff.operator, monthly_cap: tariff.monthlyCap, rules };
  },

  async decoded(raw: readonly string[]) {
    return Promise.all(raw.map((each) => orReason(() => accepted(decode(fromHex(each), 4_096)))));
  },

  async inflated(packed: readonly string[]) {
    return Promise.all(packed.map((each) => orReason(async () => (await inflate(fromHex(each))).length)));
  },

  async sound(keys: readonly string[]) {
    return keys.map((key) => isSoundKey(fromHex(key)));
  },

  async codes(texts: readonly string[]) {
    return texts.map((text) => {
      const code = splitEnrolmentCode(text);
      return code && [code.secret, toHex(code.root)];
    });
  },

  async refusals() {
    return REFUSALS;
  },
};

async function claimsIn(text: string, keys: Keys): Promise<unknown> {
  const token = await verifyToken(text, keys);
  const { claims } = token.credential;
  return {
    kind: claims.kind,
    cti: toHex(claims.cti),
    pseudonym: toHex(claims.pseudonym),
    access_classes: claims.accessClasses,
    issued_at: claims.issuedAt / 1_000,
    expires_at: claims.expiresAt / 1_000,
    masked_name: claims.maskedName,
    holder_key: claims.holderKey && toHex(claims.holderKey),
    status: claims.status,
    presented_at: token.presentedAt === null ? null : token.presentedAt / 1_000,
    identity: toHex(token.identity),
  };
}

Object.assign(globalThis, { calls: CALLS });

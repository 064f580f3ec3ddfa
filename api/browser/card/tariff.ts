// What one operator grants from a day on: data, so that rules change without new software (card/tariff.py).

import type { Bytes } from "./bytes.ts";
import { arrayOf, decode, integerBelow, mapOf, numberedMap, textOf, type Value } from "./canonical.ts";
import type { CredentialKind } from "./credential.ts";
import { malformed } from "./refusal.ts";

const OUTCOMES = ["free", "reduced", "full", "refused"] as const;
const TERMS = ["none", "free", "paying", "required", "required_paying"] as const;
const OUT_OF_SERVICE = ["board", "refuse"] as const;
const BEARER_KINDS = ["online", "printed"] as const;

export type Outcome = (typeof OUTCOMES)[number];
export type CompanionTerms = (typeof TERMS)[number];

/** Hours of the week in the district: a bit for each day from Monday, minutes after midnight, the last not included. */
export interface Window {
  readonly days: number;
  readonly begins: number;
  readonly ends: number;
}

/** `share` is the share of the price that is paid, in ten-thousandths; a rule of a place elsewhere is never `here`. */
export interface TariffRule {
  readonly accessClass: string;
  readonly outcome: Outcome;
  readonly share: number;
  readonly companions: number;
  readonly companionTerms: CompanionTerms;
  readonly here: boolean;
  readonly window: Window | null;
}

export interface BearerRule {
  readonly dailyCap: number | null;
  readonly visualCheck: boolean;
  readonly whenStale: boolean;
}

/** The rules of one operator from a day in the district on; times are milliseconds, see `Tariff` of card/tariff.py. */
export interface Tariff {
  readonly operator: string;
  readonly effective: string;
  readonly rules: readonly TariffRule[];
  readonly window: number;
  readonly skew: number;
  readonly passBack: number;
  readonly dailyCap: number | null;
  readonly bearer: ReadonlyMap<CredentialKind, BearerRule>;
  readonly staleAfter: number;
  readonly refuseAfter: number | null;
  readonly outOfService: (typeof OUT_OF_SERVICE)[number];
  readonly monthlyCap: number | null;
  readonly opening: readonly Window[];
}

export const SHARE_UNIT = 10_000;
export const MAX_COMPANIONS = 9;
const MAX_TARIFF_BYTES = 16 * 1024;
const MAX_RULES = 64;
const MAX_TEXT = 80;
const MAX_WINDOW_SECONDS = 600;
const DAY_SECONDS = 86_400;
const MAX_SECONDS = 366 * DAY_SECONDS;
const MAX_CAP = 1_000;
const MAX_OPENINGS = 64;
const DAY_MINUTES = 1_440;
const PLACES = ["line", "venue", "area"] as const;
// The second format has what follows key 12, places and windows of rules, and when a bearer code is too stale.
const KEYS = [12, 14] as const;
// China has kept one time all year since 1992.
const DISTRICT_OFFSET_MS = 8 * 3_600_000;

/** The day it is in the district at an instant. */
export function localDay(at: number): string {
  return new Date(at + DISTRICT_OFFSET_MS).toISOString().slice(0, 10);
}

/** The newest of an operator's tariffs that is in force on a day; null before the first. */
export function tariffOn(tariffs: readonly Tariff[], on: string): Tariff | null {
  let newest: Tariff | null = null;
  for (const each of tariffs) {
    if (each.effective <= on && (newest === null || each.effective > newest.effective)) newest = each;
  }
  return newest;
}

/** The first rule, in the tariff's order, for one of these classes that holds; at an unknown time (null) none is over. */
export function ruleFor(tariff: Tariff, accessClasses: readonly string[], at: number | null): TariffRule | null {
  const holds = (rule: TariffRule): boolean => rule.here && (rule.window === null || covers(rule.window, at));
  return tariff.rules.find((rule) => accessClasses.includes(rule.accessClass) && holds(rule)) ?? null;
}

/** Whether people are admitted at an instant; at an unknown time (null) they are. */
export function isOpen(tariff: Tariff, at: number | null): boolean {
  return tariff.opening.length === 0 || tariff.opening.some((window) => covers(window, at));
}

function covers(window: Window, at: number | null): boolean {
  if (at === null) return true;
  const local = new Date(at + DISTRICT_OFFSET_MS);
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  const day = (local.getUTCDay() + 6) % 7;
  return (window.days >> day & 1) === 1 && window.begins <= minute && minute < window.ends;
}

/** The tariff in its bytes; throws CredentialRefused for anything that no tariff is written as. */
export function readTariff(raw: Bytes): Tariff {
  const decoded = decode(raw, MAX_TARIFF_BYTES);
  const second = mapOf(decoded).get(1) === 2;
  const content = numberedMap(decoded, KEYS[second ? 1 : 0]);
  const seconds = (key: number, most: number): number => integerBelow(content.get(key), most + 1);
  require(second || content.get(1) === 1);
  const freshness = seconds(5, MAX_WINDOW_SECONDS);
  const skew = seconds(6, MAX_WINDOW_SECONDS);
  const staleAfter = seconds(10, MAX_SECONDS);
  const refuseAfter = content.get(11) === null ? null : seconds(11, MAX_SECONDS);
  const rules = arrayOf(content.get(4)).map((entry) => readRule(entry, second));
  const bearer = new Map(
    [...mapOf(content.get(9))].map(([kind, rule]) => [oneOf(BEARER_KINDS, kind), readBearer(rule, second)]),
  );
  const monthlyCap = second ? cap(content.get(13)) : null;
  const opening = second ? arrayOf(content.get(14)).map(readOpening) : [];
  require(opening.length <= MAX_OPENINGS);
  // What the first format can say is written in it.
  const needed =
    monthlyCap !== null ||
    opening.length > 0 ||
    [...bearer.values()].some((each) => !each.whenStale) ||
    rules.some((rule) => !rule.here || rule.window !== null);
  require(second === needed);
  require(freshness > 0 && freshness + skew <= MAX_WINDOW_SECONDS);
  require(refuseAfter === null || staleAfter <= refuseAfter);
  require(rules.length <= MAX_RULES);
  return {
    operator: shortText(content.get(2)),
    effective: day(content.get(3)),
    rules,
    window: (freshness + skew) * 1_000,
    skew: skew * 1_000,
    passBack: seconds(7, DAY_SECONDS) * 1_000,
    dailyCap: cap(content.get(8)),
    bearer,
    staleAfter: staleAfter * 1_000,
    refuseAfter: refuseAfter === null ? null : refuseAfter * 1_000,
    outOfService: oneOf(OUT_OF_SERVICE, content.get(12)),
    monthlyCap,
    opening,
  };
}

function readRule(entry: Value, second: boolean): TariffRule {
  const parts = arrayOf(entry);
  require(parts.length === (second ? 7 : 5));
  const [place, window] = second ? [parts[5], parts[6]] : [null, null];
  const rule = {
    accessClass: shortText(parts[0]),
    outcome: oneOf(OUTCOMES, parts[1]),
    share: integerBelow(parts[2], SHARE_UNIT + 1),
    companions: integerBelow(parts[3], MAX_COMPANIONS + 1),
    companionTerms: oneOf(TERMS, parts[4]),
    here: isHere(place),
    window: window === null ? null : readWindow(window),
  };
  require((rule.companionTerms === "none") === (rule.companions === 0));
  switch (rule.outcome) {
    case "free":
      require(rule.share === 0);
      break;
    case "reduced":
      require(rule.share > 0 && rule.share < SHARE_UNIT);
      break;
    default:
      require(rule.share === SHARE_UNIT);
  }
  return rule;
}

function readBearer(entry: Value, second: boolean): BearerRule {
  const [dailyCap, visualCheck, ...more] = arrayOf(entry);
  require(dailyCap !== undefined && more.length === (second ? 1 : 0));
  const whenStale = second ? more[0] : true;
  if (typeof visualCheck !== "boolean" || typeof whenStale !== "boolean") throw malformed();
  return { dailyCap: cap(dailyCap), visualCheck, whenStale };
}

/** Whether a place is null, which is everywhere; it must be one of ours otherwise. */
function isHere(place: Value | undefined): boolean {
  if (place === null) return true;
  const parts = arrayOf(place);
  require(parts.length === 2);
  oneOf(PLACES, parts[0]);
  shortText(parts[1]);
  return false;
}

function readWindow(entry: Value | undefined): Window {
  const parts = arrayOf(entry);
  require(parts.length === 3);
  const days = integerBelow(parts[0], 1 << 7);
  const begins = integerBelow(parts[1], DAY_MINUTES);
  const ends = integerBelow(parts[2], DAY_MINUTES + 1);
  require(days > 0 && begins < ends);
  return { days, begins, ends };
}

function readOpening(entry: Value): Window {
  const parts = arrayOf(entry);
  require(parts.length === 2);
  isHere(parts[0]);
  return readWindow(parts[1]);
}

function day(value: Value | undefined): string {
  const text = textOf(value);
  require(/^\d{4}-\d\d-\d\d$/.test(text) && !text.startsWith("0000"));
  const at = new Date(`${text}T00:00:00Z`);
  require(!Number.isNaN(at.getTime()) && at.toISOString().startsWith(text));
  return text;
}

function shortText(value: Value | undefined): string {
  const text = textOf(value);
  require(text !== "" && [...text].length <= MAX_TEXT);
  return text;
}

function cap(value: Value | undefined): number | null {
  if (value === null) return null;
  const most = integerBelow(value, MAX_CAP + 1);
  require(most > 0);
  return most;
}

function oneOf<T extends string>(choices: readonly T[], value: Value | undefined): T {
  const known = choices.find((each) => each === value);
  if (known === undefined) throw malformed();
  return known;
}

function require(condition: boolean): void {
  if (!condition) throw malformed();
}

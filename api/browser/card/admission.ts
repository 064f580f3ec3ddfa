// Decides from values alone what the bearer of a verified token gets, by the same rules as card/admission.py.

import type { ClockState, Reading } from "./clock.ts";
import type { CredentialClaims } from "./credential.ts";
import type { VerifiedToken } from "./presentation.ts";
import { CredentialRefused, type Reason } from "./refusal.ts";
import { statusOf } from "./statuslist.ts";
import { type CompanionTerms, isOpen, type Outcome, ruleFor, SHARE_UNIT, type Tariff, type TariffRule } from "./tariff.ts";
import type { TrustBundle } from "./trust.ts";

/** What is heard or felt: whoever passes sounds alike; at `look` the display is read before letting the person on. */
export type Cue = "go" | "look" | "wait";

/** What a gate remembers that bears on one token; see `Recollection` of card/admission.py. */
export interface Recollection {
  readonly admitted: boolean;
  readonly forgotten: boolean;
  readonly rides: number;
  readonly monthRides: number;
  readonly lastAt: number | null;
}

/** What a gate answers: nothing of category, grade, name or number, and a masked name only for a visual check. */
export interface Admission {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly share: number;
  readonly companions: number;
  readonly companionTerms: CompanionTerms;
  readonly cue: Cue;
  readonly maskedName: string | null;
  readonly clock: ClockState;
  readonly bundleAge: number | null;
  readonly bundleStale: boolean;
  readonly recorded: boolean;
}

const NOBODY = { share: SHARE_UNIT, companions: 0, companionTerms: "none", cue: "wait", maskedName: null } as const;

export function isAdmitted(admission: Admission): boolean {
  return admission.outcome !== "refused";
}

export function refused(
  reason: Reason,
  now: Reading,
  bundle: TrustBundle | null,
  tariff: Tariff | null,
): Admission {
  return { outcome: "refused", reason, ...NOBODY, ...circumstances(now, bundle, tariff) };
}

export function decide(
  token: VerifiedToken,
  now: Reading,
  bundle: TrustBundle,
  tariff: Tariff,
  past: Recollection,
): Admission {
  const claims = token.credential.claims;
  const reason =
    trust(now, bundle, tariff) ??
    period(token, now, tariff) ??
    status(claims, now, bundle) ??
    replay(past) ??
    bearer(claims, now, bundle, tariff) ??
    caps(claims, now.at, tariff, past);
  if (reason !== null) return refused(reason, now, bundle, tariff);
  const at = now.state === "unknown" ? null : now.at;
  if (!isOpen(tariff, at)) return refused("closed", now, bundle, tariff);
  const rule = ruleFor(tariff, claims.accessClasses, at);
  if (rule === null || rule.outcome === "refused") return refused("no_access", now, bundle, tariff);
  return admitted(claims, rule, now, bundle, tariff);
}

/** The answer that could not be written down, as the tariff wants it: let in and counted by hand, or refused. */
export function outOfService(admission: Admission, tariff: Tariff): Admission {
  if (!isAdmitted(admission) || tariff.outOfService !== "refuse") return admission;
  return { ...admission, outcome: "refused", reason: "out_of_service", ...NOBODY };
}

function admitted(
  claims: CredentialClaims,
  rule: TariffRule,
  now: Reading,
  bundle: TrustBundle,
  tariff: Tariff,
): Admission {
  const visualCheck = claims.holderKey === null && (tariff.bearer.get(claims.kind)?.visualCheck ?? false);
  const look = visualCheck || rule.companionTerms === "required" || rule.companionTerms === "required_paying";
  return {
    outcome: rule.outcome,
    reason: null,
    share: rule.share,
    companions: rule.companions,
    companionTerms: rule.companionTerms,
    cue: look ? "look" : "go",
    maskedName: visualCheck ? claims.maskedName : null,
    ...circumstances(now, bundle, tariff),
  };
}

function circumstances(
  now: Reading,
  bundle: TrustBundle | null,
  tariff: Tariff | null,
): Pick<Admission, "clock" | "bundleAge" | "bundleStale" | "recorded"> {
  const bundleAge = bundle === null ? null : now.at - bundle.issuedAt;
  const bundleStale = bundleAge !== null && tariff !== null && bundleAge > tariff.staleAfter;
  return { clock: now.state, bundleAge, bundleStale, recorded: false };
}

function trust(now: Reading, bundle: TrustBundle, tariff: Tariff): Reason | null {
  if (now.state === "unknown" && tariff.outOfService === "refuse") return "clock_unknown";
  const tooOld = tariff.refuseAfter !== null && now.at - bundle.issuedAt > tariff.refuseAfter;
  return tooOld || now.at >= bundle.keySet.expiresAt ? "bundle_stale" : null;
}

function period(token: VerifiedToken, now: Reading, tariff: Tariff): Reason | null {
  const { expiresAt, issuedAt } = token.credential.claims;
  if (now.at >= expiresAt + tariff.skew) return "expired";
  // The true time is later than `now`, so neither "too early" nor "still fresh" can be told.
  if (now.state === "unknown") return null;
  if (issuedAt > now.at + tariff.skew) return "not_yet_valid";
  if (token.presentedAt === null) return null;
  if (token.presentedAt > now.at + tariff.skew) return "future";
  return now.at - token.presentedAt > tariff.window ? "stale" : null;
}

function status(claims: CredentialClaims, now: Reading, bundle: TrustBundle): Reason | null {
  if (claims.status === null) return null;
  const list = bundle.statusLists.get(claims.status.uri);
  if (list === undefined || now.at >= list.expiresAt) return "status_unknown";
  try {
    const state = statusOf(list, claims.status.index);
    return state === "valid" ? null : state;
  } catch (refusal) {
    if (refusal instanceof CredentialRefused) return refusal.reason;
    throw refusal;
  }
}

function replay(past: Recollection): Reason | null {
  if (past.admitted) return "replayed";
  return past.forgotten ? "stale" : null;
}

function bearer(claims: CredentialClaims, now: Reading, bundle: TrustBundle, tariff: Tariff): Reason | null {
  // A pass is bound to its phone; every other kind is a bearer code and needs a rule of its own.
  if (claims.holderKey !== null) return null;
  const rule = tariff.bearer.get(claims.kind);
  if (rule === undefined) return "bearer_not_accepted";
  const stale = now.at - bundle.issuedAt > tariff.staleAfter;
  return stale && !rule.whenStale ? "bundle_stale" : null;
}

function caps(claims: CredentialClaims, at: number, tariff: Tariff, past: Recollection): Reason | null {
  if (past.lastAt !== null && Math.abs(at - past.lastAt) < tariff.passBack) return "pass_back";
  const daily = [tariff.dailyCap];
  if (claims.holderKey === null) daily.push(tariff.bearer.get(claims.kind)?.dailyCap ?? null);
  if (daily.some((cap) => isSpent(cap, past.rides))) return "daily_cap";
  return isSpent(tariff.monthlyCap, past.monthRides) ? "monthly_cap" : null;
}

function isSpent(cap: number | null, rides: number): boolean {
  return cap !== null && rides >= cap;
}

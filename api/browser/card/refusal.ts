// Names every reason for which a token, a trust bundle or an admission is refused, as card/refusal.py does.

const REASONS = [
  "malformed",
  "too_large",
  "not_canonical",
  "unknown_key",
  "wrong_algorithm",
  "bad_signature",
  "not_presented",
  "expired",
  "not_yet_valid",
  "stale",
  "future",
  "revoked",
  "suspended",
  "status_unknown",
  "replayed",
  "pass_back",
  "no_access",
  "daily_cap",
  "monthly_cap",
  "closed",
  "bearer_not_accepted",
  "no_bundle",
  "no_tariff",
  "bundle_stale",
  "clock_unknown",
  "out_of_service",
  "rollback",
  "foreign_device",
  "wrong_nonce",
] as const;

export type Reason = (typeof REASONS)[number];

/** A token or bundle is not accepted; its text is the reason and nothing of the token. */
export class CredentialRefused extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason);
    this.reason = reason;
  }
}

export function malformed(): CredentialRefused {
  return new CredentialRefused("malformed");
}

/** The end of a switch over all cases. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected: ${String(value)}`);
}

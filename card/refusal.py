"""Names every reason for which a token, a trust bundle or an admission is refused, so that none is left unexplained."""

from enum import StrEnum


class RefusalReason(StrEnum):
    """Why a token was not accepted or a person not admitted. Values are stable: scans and uploads carry them."""

    # The bytes
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    NOT_CANONICAL = "not_canonical"
    # The signature
    UNKNOWN_KEY = "unknown_key"
    WRONG_ALGORITHM = "wrong_algorithm"
    BAD_SIGNATURE = "bad_signature"
    NOT_PRESENTED = "not_presented"  # a pass without the signature of the phone it is bound to
    # The time
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    STALE = "stale"  # shown longer ago than the tariff allows
    FUTURE = "future"  # shown, it claims, later than the skew allows
    # The state of the credential
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    STATUS_UNKNOWN = "status_unknown"
    # The gate's memory and its tariff
    REPLAYED = "replayed"
    PASS_BACK = "pass_back"  # noqa: S105 - a person who comes again too soon, no password
    NO_ACCESS = "no_access"
    DAILY_CAP = "daily_cap"
    MONTHLY_CAP = "monthly_cap"
    CLOSED = "closed"  # outside the hours in which the tariff lets people in
    BEARER_NOT_ACCEPTED = "bearer_not_accepted"
    # The gate itself
    NO_BUNDLE = "no_bundle"
    NO_TARIFF = "no_tariff"
    BUNDLE_STALE = "bundle_stale"
    CLOCK_UNKNOWN = "clock_unknown"
    OUT_OF_SERVICE = "out_of_service"
    # A trust bundle or a signed time
    ROLLBACK = "rollback"  # older than what the device holds
    FOREIGN_DEVICE = "foreign_device"
    WRONG_NONCE = "wrong_nonce"


class CredentialRefused(Exception):
    """A token or bundle is not accepted; the only exception that bytes of unknown origin ever raise.

    Its text is the reason and nothing of the token, so that it may be logged.
    """

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason

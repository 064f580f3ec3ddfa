"""Replaces keys without a gap: a new one is believed before it signs, an old one until what it signed has ended."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from card.cose import SigningKey, VerifyingKey
from card.trust import sign_key_set
from services.keys import SECRET_BYTES, FormerKey, Keys, KeysInvalid, public_halves, renew_key_set

# A pass lives seven days at most, and a device may be a day behind.
FORMER_LIFETIME = timedelta(days=8)


def publish_issuer(keys: Keys, root: SigningKey, at: datetime) -> Keys:
    """Let devices believe a fresh issuer key that signs nothing yet.

    Raises:
        KeysInvalid: one waits already, or `root` is not the devices' root.
    """
    if keys.next_issuer is not None:
        raise KeysInvalid("A new issuer key is published already: switch to it with `sdc keys switch`.")
    taken = {keys.issuer.kid, *(VerifyingKey.of(former.public).kid for former in keys.former_issuers)}
    return renew_key_set(replace(keys, next_issuer=SigningKey.generate(taken)), root, at)


def switch_issuer(keys: Keys, root: SigningKey, at: datetime, *, withdraw: bool = False) -> Keys:
    """Sign with the published key from now on; the one before is believed until its last pass has ended.

    With `withdraw` it is believed no longer at all, which is what a stolen key needs: every phone fetches a new pass.

    Raises:
        KeysInvalid: none was published, or `root` is not the devices' root.
    """
    if keys.next_issuer is None:
        raise KeysInvalid("No new issuer key is published yet: do that with `sdc keys publish`, and let devices sync.")
    former = FormerKey(keys.issuer.verifying_key.public, at + FORMER_LIFETIME)
    known = tuple(each for each in keys.former_issuers if each.until > at)
    switched = replace(
        keys,
        issuer=keys.next_issuer,
        next_issuer=None,
        former_issuers=() if withdraw else (*known, former),
    )
    return renew_key_set(switched, root, at)


def succeed_root(keys: Keys, root: SigningKey, successor: SigningKey, at: datetime) -> Keys:
    """Let the successor sign from now on; devices that know only `root` follow, because it names its successor.

    Raises:
        KeysInvalid: `root` is not the devices' root.
    """
    if root.verifying_key != keys.root:
        raise KeysInvalid("This root key is not the one that the server's devices trust: give the right file.")
    named = sign_key_set(public_halves(keys, at, successor.verifying_key), root, keys.predecessor)
    return renew_key_set(replace(keys, root=successor.verifying_key, predecessor=named), successor, at)


def add_master(keys: Keys) -> Keys:
    """The same keys with a fresh master key, whose version is the newest and wraps from now on; the older ones stay."""
    return replace(keys, master={**keys.master, max(keys.master) + 1: secrets.token_bytes(SECRET_BYTES)})

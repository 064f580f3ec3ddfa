"""The server's secrets: one file, made once, read at the start; the root key is a file of its own and stays offline."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from card.cose import SigningKey, VerifyingKey
from card.refusal import CredentialRefused
from card.trust import KeySet, KeyUse, TrustedKey, read_key_set, sign_key_set

KEY_SET_LIFETIME = timedelta(days=400)
SECRET_BYTES = 32


class KeysInvalid(Exception):
    """The keys file cannot be used; the message says why and what to do, and holds no secret."""


@dataclass(frozen=True)
class FormerKey:
    """A public key of 32 bytes that signs nothing any more, and until when what it signed is believed."""

    public: bytes
    until: datetime


@dataclass(frozen=True)
class Keys:
    """What signs and seals. `master` wraps the residents' data keys by version; the newest version wraps new ones.

    `key_set` is the root's signature over the public halves, as devices get it. `next_issuer` is published in it before
    it signs, and `former_issuers` are believed until the passes that they signed have ended. `predecessor` is the key
    set in which the root before this one named it, None under a first root.
    """

    demo: bool
    master: Mapping[int, bytes] = field(repr=False)
    blind_index: bytes = field(repr=False)
    session: bytes = field(repr=False)
    pseudonym: bytes = field(repr=False)
    issuer: SigningKey = field(repr=False)
    status: SigningKey = field(repr=False)
    bundle: SigningKey = field(repr=False)
    root: VerifyingKey
    key_set: bytes = field(repr=False)
    next_issuer: SigningKey | None = field(default=None, repr=False)
    former_issuers: tuple[FormerKey, ...] = ()
    predecessor: bytes | None = field(default=None, repr=False)

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose of the sessions, so that no secret serves two."""
        return hmac.digest(self.session, purpose.encode(), hashlib.sha256)

    def trusted(self, at: datetime) -> Mapping[bytes, VerifyingKey]:
        """The issuer keys that the key set names at an instant: what the server itself believes of a code."""
        return read_key_set(self.key_set, self.root).keys_for(KeyUse.ISSUER, at)


def make_keys(root: SigningKey, *, demo: bool, at: datetime) -> Keys:
    """Fresh secrets for one server, their public halves signed by the root."""
    return renew_key_set(
        Keys(
            demo=demo,
            master={1: secrets.token_bytes(SECRET_BYTES)},
            blind_index=secrets.token_bytes(SECRET_BYTES),
            session=secrets.token_bytes(SECRET_BYTES),
            pseudonym=secrets.token_bytes(SECRET_BYTES),
            issuer=SigningKey.generate(),
            status=SigningKey.generate(),
            bundle=SigningKey.generate(),
            root=root.verifying_key,
            key_set=b"",
        ),
        root,
        at,
    )


def renew_key_set(keys: Keys, root: SigningKey, at: datetime) -> Keys:
    """The same keys under a key set that lasts `KEY_SET_LIFETIME` from `at`.

    Raises:
        KeysInvalid: this is not the root that the devices of this server trust.
    """
    if root.verifying_key != keys.root:
        raise KeysInvalid("This root key is not the one that the server's devices trust: give the right file.")
    return replace(keys, key_set=sign_key_set(public_halves(keys, at), root, keys.predecessor))


def public_halves(keys: Keys, at: datetime, next_root: VerifyingKey | None = None) -> KeySet:
    """What the root vouches for from an instant on: every key of the server that somebody has to believe."""
    # From a day back, so that a device whose clock is a little slow trusts them as well.
    begins, ends = at - timedelta(days=1), at + KEY_SET_LIFETIME
    online = [(KeyUse.ISSUER, keys.issuer), (KeyUse.STATUS, keys.status), (KeyUse.BUNDLE, keys.bundle)]
    if keys.next_issuer is not None:
        online.append((KeyUse.ISSUER, keys.next_issuer))
    trusted = [TrustedKey(key.verifying_key, use, begins, ends) for use, key in online]
    trusted += [
        TrustedKey(VerifyingKey.of(former.public), KeyUse.ISSUER, begins, former.until)
        for former in keys.former_issuers
        if former.until > at
    ]
    return KeySet(int(at.timestamp() * 1000), at.replace(microsecond=0), ends, tuple(trusted), next_root)


def write_keys(path: Path, keys: Keys) -> None:
    """Keep the keys in a new file that only its owner may read.

    Raises:
        KeysInvalid: there is a file already; keys are never overwritten, because they open the register.
    """
    content = {
        "demo": keys.demo,
        "master": {str(version): _text(key) for version, key in keys.master.items()},
        "blind_index": _text(keys.blind_index),
        "session": _text(keys.session),
        "pseudonym": _text(keys.pseudonym),
        "issuer": _text(keys.issuer.seed),
        "status": _text(keys.status.seed),
        "bundle": _text(keys.bundle.seed),
        "root": _text(keys.root.public),
        "key_set": _text(keys.key_set),
        "next_issuer": None if keys.next_issuer is None else _text(keys.next_issuer.seed),
        "former_issuers": {_text(each.public): each.until.isoformat() for each in keys.former_issuers},
        "predecessor": None if keys.predecessor is None else _text(keys.predecessor),
    }
    _write_new(path, content)


def read_keys(path: Path, at: datetime) -> Keys:
    """The keys of a file that `write_keys` made.

    Raises:
        KeysInvalid: see there.
    """
    content = _read(path)
    try:
        keys = Keys(
            demo=content["demo"] is not False,
            master={int(version): _bytes(key) for version, key in content["master"].items()},
            blind_index=_bytes(content["blind_index"]),
            session=_bytes(content["session"]),
            pseudonym=_bytes(content["pseudonym"]),
            issuer=_signing_key(content["issuer"]),
            status=_signing_key(content["status"]),
            bundle=_signing_key(content["bundle"]),
            root=VerifyingKey.of(_bytes(content["root"])),
            key_set=base64.b64decode(content["key_set"], validate=True),
            next_issuer=None if content["next_issuer"] is None else _signing_key(content["next_issuer"]),
            former_issuers=tuple(
                FormerKey(_bytes(public), datetime.fromisoformat(until))
                for public, until in content["former_issuers"].items()
            ),
            predecessor=None
            if content["predecessor"] is None
            else base64.b64decode(content["predecessor"], validate=True),
        )
        max(keys.master)
        expires_at = read_key_set(keys.key_set, keys.root).expires_at
    except (KeyError, TypeError, ValueError, AttributeError, CredentialRefused):
        raise KeysInvalid(f"{path} is damaged or is no keys file: bring it back from its safe copy.") from None
    if at >= expires_at:
        raise KeysInvalid(f"The key set in {path} ended on {expires_at:%Y-%m-%d}: renew it with `sdc keys renew`.")
    return keys


def write_root(path: Path, root: SigningKey) -> None:
    """Keep a root key in a new file, to be taken offline.

    Raises:
        KeysInvalid: there is a file already.
    """
    _write_new(path, {"root_seed": _text(root.seed)})


def read_root(path: Path) -> SigningKey:
    """The root key of a file that `write_root` made.

    Raises:
        KeysInvalid: see there.
    """
    try:
        return _signing_key(_read(path)["root_seed"])
    except (KeyError, TypeError, ValueError):
        raise KeysInvalid(f"{path} is damaged or is no root key file: bring it back from its safe copy.") from None


def replace_keys(path: Path, keys: Keys) -> None:
    """Put renewed keys in the place of the old file, whole or not at all."""
    renewed = path.with_name(f"{path.name}.new")
    renewed.unlink(missing_ok=True)
    write_keys(renewed, keys)
    renewed.replace(path)


def _write_new(path: Path, content: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeysInvalid(f"{path} exists already, and keys are never overwritten: name another file.") from None
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise KeysInvalid(f"{path} cannot be read ({type(error).__name__}): name the keys file.") from None
    if not isinstance(content, dict):
        raise KeysInvalid(f"{path} is no keys file: name the right one.")
    return content


def _signing_key(text: str) -> SigningKey:
    return SigningKey.from_seed(_bytes(text))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if len(raw) != SECRET_BYTES:
        raise ValueError("length")
    return raw

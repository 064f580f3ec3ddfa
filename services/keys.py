"""The server's secrets: one file, made once, read at the start; the root key is a file of its own and stays offline."""

from dataclasses import dataclass, field
from datetime import timedelta

from card.cose import SigningKey

KEY_SET_LIFETIME = timedelta(days=400)
_SECRETS = ("blind_index", "session", "pseudonym")


class KeysInvalid(Exception):
    """The keys file cannot be used; the message says why and what to do, and holds no secret."""


@dataclass(frozen=True)
class Keys:
    """What signs and seals. `master` wraps the residents' data keys by version; the newest version wraps new ones."""

    demo: bool
    master: dict[int, bytes] = field(repr=False)
    blind_index: bytes = field(repr=False)
    session: bytes = field(repr=False)
    pseudonym: bytes = field(repr=False)
    issuer: SigningKey = field(repr=False)
    status: SigningKey = field(repr=False)
    bundle: SigningKey = field(repr=False)
    root_public: bytes
    key_set: bytes

    @property
    def master_version(self) -> int:
        """The version that wraps new data keys."""
        return max(self.master)

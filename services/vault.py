"""Keeps personal data unreadable at rest: sealed under a key of each resident, found by keyed blind indexes."""

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_BLOCK = 16


class VaultRefused(Exception):
    """Sealed data cannot be opened: another key, another resident's row, or altered bytes."""


class Sealed(StrEnum):
    """The fields that are sealed; the name is bound into the ciphertext, so columns cannot be exchanged."""

    NAME = "name"
    ID_NUMBER = "id_number"
    CARD_NUMBER = "card_number"
    PHONE = "phone"
    ADDRESS = "address"
    FACT = "fact"
    GUARDIAN_NAME = "guardian_name"
    GUARDIAN_PHONE = "guardian_phone"
    APPEAL = "appeal"
    REFERRAL = "referral"
    CARD_REASON = "card_reason"
    NOTICE = "notice"
    FILE_TEXT = "file_text"
    NOTE = "note"
    OBJECTION = "objection"
    CERTIFICATE = "certificate"


class Indexed(StrEnum):
    """The fields that can be looked up by their exact value."""

    NAME = "name"
    ID_NUMBER = "id_number"
    CARD_NUMBER = "card_number"
    PHONE = "phone"
    OPENID = "openid"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a field
    BINDING_CODE = "binding_code"
    ENROLMENT_CODE = "enrolment_code"
    STAFF_CODE = "staff_code"
    CERTIFICATE = "certificate"
    ADDRESS_OF_CLIENT = "address_of_client"
    CALENDAR = "calendar"


_EXACT = {Indexed.OPENID, Indexed.REFRESH_TOKEN, Indexed.ADDRESS_OF_CLIENT, Indexed.CALENDAR}


@dataclass(frozen=True)
class DataKey:
    """The key of one resident's sealed fields, open in memory."""

    resident_id: UUID
    secret: bytes = field(repr=False)

    def seal(self, what: Sealed, text: str) -> bytes:
        """Nonce and ciphertext of `text` (AES-256-GCM), bound to the resident and the field."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, text.encode(), self._bound_to(what))

    def open(self, what: Sealed, sealed: bytes) -> str:
        """The text that `seal` was given.

        Raises:
            VaultRefused: see there.
        """
        try:
            return (
                AESGCM(self.secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound_to(what)).decode()
            )
        except (InvalidTag, ValueError) as error:
            raise VaultRefused(what) from error

    def _bound_to(self, what: Sealed) -> bytes:
        return self.resident_id.bytes + what.encode()


@dataclass(frozen=True)
class Vault:
    """Makes and opens data keys, and computes blind indexes; `master` holds the wrapping keys by version."""

    master: Mapping[int, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    pseudonym_key: bytes = field(repr=False)

    def new_data_key(self, resident_id: UUID) -> tuple[DataKey, bytes, int]:
        """A fresh data key, the same wrapped for its column, and the version of the master key that wraps it."""
        key = DataKey(resident_id, os.urandom(32))
        return key, *self.wrap(key)

    def wrap(self, key: DataKey) -> tuple[bytes, int]:
        """A data key wrapped by the newest master key, and that one's version."""
        version = max(self.master)
        nonce = os.urandom(NONCE_BYTES)
        wrapped = AESGCM(self.master[version]).encrypt(nonce, key.secret, key.resident_id.bytes)
        return nonce + wrapped, version

    def data_key(self, resident_id: UUID, wrapped: bytes, version: int) -> DataKey:
        """Open a wrapped data key.

        Raises:
            VaultRefused: the master key of that version is gone, or the row was altered.
        """
        try:
            secret = AESGCM(self.master[version]).decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], resident_id.bytes
            )
        except (KeyError, InvalidTag, ValueError) as error:
            raise VaultRefused("data key") from error
        return DataKey(resident_id, secret)

    def index(self, what: Indexed, text: str) -> bytes:
        """The 32 bytes under which `text` is found; what people type may differ in spaces, case and width."""
        plain = text if what in _EXACT else "".join(unicodedata.normalize("NFKC", text).split()).upper()
        # JSON can carry halves of characters, which belong to nobody's name but must not stop the server.
        content = f"{what}:{plain}".encode(errors="surrogatepass")
        return hmac.digest(self.index_key, content, hashlib.sha256)

    def pseudonym(self, resident_id: UUID, month: date) -> bytes:
        """The 16 bytes that stand for a resident at every gate in the month of `month`.

        One AES block under a key of that month: nobody without the key links two months or finds the resident, and the
        server turns it back without a table.
        """
        encryptor = self._month_cipher(month).encryptor()
        return encryptor.update(resident_id.bytes) + encryptor.finalize()

    def resident_of(self, pseudonym: bytes, month: date) -> UUID:
        """The resident id behind a pseudonym of that month (16 bytes); meaningless for bytes that are none."""
        return self.residents_of([pseudonym], month)[0]

    def residents_of(self, pseudonyms: Sequence[bytes], month: date) -> Sequence[UUID]:
        """The same for many of one month, in their order."""
        decryptor = self._month_cipher(month).decryptor()
        ids = decryptor.update(b"".join(pseudonyms)) + decryptor.finalize()
        return [UUID(bytes=ids[start : start + _BLOCK]) for start in range(0, len(ids), _BLOCK)]

    def _month_cipher(self, month: date) -> Cipher[modes.ECB]:
        return _cipher(self.pseudonym_key, f"{month:%Y-%m}")


# Few months are asked for, again and again.
@lru_cache(maxsize=16)
def _cipher(pseudonym_key: bytes, month: str) -> Cipher[modes.ECB]:
    key = hmac.digest(pseudonym_key, month.encode(), hashlib.sha256)
    # One block of one unique value under one key is what ECB is safe for.
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305

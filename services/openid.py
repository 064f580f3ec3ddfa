"""Keeps the WeChat name of an account unreadable at rest, yet at hand when a message goes to it."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.keys import Keys
from services.vault import NONCE_BYTES


def seal_openid(keys: Keys, index: bytes, openid: str) -> bytes:
    """Nonce and ciphertext of an openid, bound to its blind index; made anew at each sign-in."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(keys).encrypt(nonce, openid.encode(errors="surrogatepass"), index)


def open_openid(keys: Keys, index: bytes, sealed: bytes) -> str | None:
    """The openid; None where another key sealed it, until its owner signs in again."""
    try:
        opened = _cipher(keys).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], index)
    except InvalidTag:
        return None
    return opened.decode(errors="surrogatepass")


def _cipher(keys: Keys) -> AESGCM:
    return AESGCM(keys.derived("openid"))

"""Reads and writes the one CBOR encoding that everything signed here has, so that one content has one form of bytes.

The encoding is RFC 8949's core deterministic one (section 4.2.1): shortest lengths, definite lengths, map keys sorted
by their encoded bytes. Of CBOR's types only those that the format needs exist: integers, byte and text strings,
arrays, maps with integer or text keys, true, false and null.

Why not a library: cbor2 acts on tags (regular expressions, big numbers, shared references) before anybody can refuse
them, and what it calls canonical is the order of the older RFC 7049. The tests hold this module against it.
"""

from typing import Any, Final

from card.refusal import CredentialRefused, RefusalReason

# The major types of RFC 8949, section 3.1; tags and numbers with a fraction have no place here.
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = range(6)
_SIMPLE_VALUES: Final = {0xF4: False, 0xF5: True, 0xF6: None}
# A first byte carries arguments below 24 by itself; 24 to 27 say that 1, 2, 4 or 8 bytes follow with it.
_DIRECT, _LAST_SIZE, _INDEFINITE = 24, 27, 31
# The format's own structures are three levels deep.
_MAX_DEPTH: Final = 8


def encode(value: Any) -> bytes:
    """The deterministic encoding of a value.

    Raises:
        TypeError: the format has no such type.
        OverflowError: an integer needs more than 64 bits.
    """
    match value:
        case bool() | None:
            return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
        case int():
            return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
        case bytes():
            return byte_string(value)
        case str():
            encoded = value.encode()
            return _head(_TEXT, len(encoded)) + encoded
        case list() | tuple():
            return _head(_ARRAY, len(value)) + b"".join(map(encode, value))
        case dict():
            entries = sorted((_encoded_key(key), encode(item)) for key, item in value.items())
            return _head(_MAP, len(entries)) + b"".join(key + item for key, item in entries)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in the format")


def byte_string(content: bytes) -> bytes:
    """What `encode` makes of bytes, without asking first what they are."""
    return _head(_BYTES, len(content)) + content


def decode(raw: bytes, limit: int) -> Any:
    """The value that `raw`, of `limit` bytes at most, is the deterministic encoding of.

    Maps come as dict, arrays as list.

    Raises:
        CredentialRefused: TOO_LARGE before anything is read; NOT_CANONICAL for another encoding of a value, trailing
            bytes among them; MALFORMED for everything else.
    """
    if len(raw) > limit:
        raise CredentialRefused(RefusalReason.TOO_LARGE)
    try:
        value, end = _item(raw, 0, _MAX_DEPTH)
    except (IndexError, UnicodeDecodeError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None
    if end != len(raw):
        raise CredentialRefused(RefusalReason.NOT_CANONICAL)
    return value


def _head(major: int, argument: int) -> bytes:
    if argument < _DIRECT:
        return bytes((major << 5 | argument,))
    for information, size in ((24, 1), (25, 2), (26, 4)):
        if argument < 1 << 8 * size:
            return bytes((major << 5 | information,)) + argument.to_bytes(size, "big")
    return bytes((major << 5 | _LAST_SIZE,)) + argument.to_bytes(8, "big")


def _encoded_key(key: Any) -> bytes:
    if type(key) not in (int, str):
        raise TypeError("the format's maps have integers and text for keys")
    return encode(key)


def _item(raw: bytes, start: int, depth: int) -> tuple[Any, int]:
    """The item that begins at `start`, and where it ends."""
    initial, at = raw[start], start + 1
    major, argument = initial >> 5, initial & 31
    if argument >= _DIRECT:
        argument, at = _long_argument(raw, argument, at)
    if major == _UNSIGNED:
        return argument, at
    if major == _NEGATIVE:
        return -1 - argument, at
    if major <= _TEXT:
        end = at + argument
        if end > len(raw):
            raise CredentialRefused(RefusalReason.MALFORMED)
        content = raw[at:end]
        return (content if major == _BYTES else content.decode()), end
    if major <= _MAP and depth:
        return (_array if major == _ARRAY else _map)(raw, argument, at, depth - 1)
    if initial in _SIMPLE_VALUES:
        return _SIMPLE_VALUES[initial], at
    raise CredentialRefused(RefusalReason.MALFORMED)


def _long_argument(raw: bytes, information: int, at: int) -> tuple[int, int]:
    """An argument that did not fit the first byte, and where the content begins (RFC 8949, section 3)."""
    if information > _LAST_SIZE:
        raise CredentialRefused(RefusalReason.NOT_CANONICAL if information == _INDEFINITE else RefusalReason.MALFORMED)
    size = 1 << information - _DIRECT
    end = at + size
    if end > len(raw):
        raise CredentialRefused(RefusalReason.MALFORMED)
    argument = int.from_bytes(raw[at:end], "big")
    if argument < (_DIRECT if size == 1 else 1 << 4 * size):
        raise CredentialRefused(RefusalReason.NOT_CANONICAL)
    return argument, end


def _array(raw: bytes, length: int, at: int, depth: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(length):
        item, at = _item(raw, at, depth)
        items.append(item)
    return items, at


def _map(raw: bytes, length: int, at: int, depth: int) -> tuple[dict[int | str, Any], int]:
    entries: dict[int | str, Any] = {}
    last_key = b""
    for _ in range(length):
        start = at
        # Most keys are one byte long and need no call.
        key, at = (raw[start], start + 1) if raw[start] < _DIRECT else _item(raw, start, 0)
        if type(key) is not int and type(key) is not str:
            raise CredentialRefused(RefusalReason.MALFORMED)
        encoded_key = raw[start:at]
        # Each key must be greater than the one before, so a key that comes twice is refused here as well.
        if encoded_key <= last_key:
            raise CredentialRefused(RefusalReason.NOT_CANONICAL)
        last_key = encoded_key
        entries[key], at = _item(raw, at, depth)
    return entries, at

"""Shows that a statement is read as it was signed, and that nothing else is read as one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from card.canonical import decode, encode
from card.cose import SigningKey, read_sign1, sign1
from card.refusal import CredentialRefused, RefusalReason
from card.statement import Statement, hash_lines, read_statement, sign_statement
from card.trust import KeySet, KeyUse, TrustedKey

KEY = SigningKey.from_seed(bytes(32))
CLOSED = datetime(2026, 4, 1, 2, tzinfo=UTC)
KEYS = KeySet(
    version=1,
    issued_at=CLOSED,
    expires_at=CLOSED + timedelta(days=400),
    keys=(TrustedKey(KEY.verifying_key, KeyUse.BUNDLE, CLOSED, CLOSED + timedelta(days=400)),),
    next_root=None,
)
TYPE = "application/vnd.sdc.statement+cose"
STATEMENT = Statement(
    id=UUID(int=1),
    operator_id=UUID(int=2),
    month=date(2026, 3, 1),
    closed_at=CLOSED,
    taps=3,
    root=bytes(range(32)),
    rides={"holder_signed": 2, "bearer": 1},
    lines=hash_lines([("1 路", "2026-03-01", "free", "bearer", 1)]),
)


def altered(**changes: object) -> bytes:
    """A statement that the right key signed, some of its content as no statement has it."""
    content = decode(read_sign1(sign_statement(STATEMENT, KEY)).payload, 2_048)
    return sign1(encode(content | {int(key[1:]): value for key, value in changes.items()}), KEY, typ=TYPE)


def test_a_statement_is_read_as_it_was_signed() -> None:
    """All of it, under the key that signed it."""
    assert read_statement(sign_statement(STATEMENT, KEY), KEYS) == STATEMENT


def test_another_key_signs_no_statement() -> None:
    """A stranger's signature is refused, and so is one over something else by the right key."""
    stranger = SigningKey.from_seed(bytes(range(32)))

    with pytest.raises(CredentialRefused) as unknown:
        read_statement(sign_statement(STATEMENT, stranger), KEYS)
    with pytest.raises(CredentialRefused) as other_type:
        read_statement(sign1(read_sign1(sign_statement(STATEMENT, KEY)).payload, KEY), KEYS)
    with pytest.raises(CredentialRefused) as before_the_key:
        read_statement(sign_statement(replace(STATEMENT, closed_at=CLOSED - timedelta(seconds=1)), KEY), KEYS)

    assert unknown.value.reason is RefusalReason.UNKNOWN_KEY
    assert other_type.value.reason is RefusalReason.MALFORMED
    assert before_the_key.value.reason is RefusalReason.UNKNOWN_KEY


@pytest.mark.parametrize(
    "changes",
    [
        {"k1": 2},
        {"k2": b"short"},
        {"k4": "2026-03-02"},
        {"k4": "20260301"},
        {"k4": 3},
        {"k5": -1},
        {"k6": -1},
        {"k6": True},
        {"k7": b""},
        {"k7": "x" * 32},
        {"k8": []},
        {"k8": {"bearer": "1"}},
        {"k9": b""},
        {"k10": 0},
    ],
)
def test_what_is_no_statement_is_refused(changes: dict[str, object]) -> None:
    """Whatever the content is, nothing but MALFORMED is raised."""
    with pytest.raises(CredentialRefused) as refused:
        read_statement(altered(**changes), KEYS)

    assert refused.value.reason is RefusalReason.MALFORMED


def test_lines_hash_by_content_and_order() -> None:
    """Another number or another order is another hash."""
    one, two = ("1 路", "2026-03-01", "free", "bearer", 1), ("2 路", "2026-03-01", "free", "bearer", 1)

    hashes = {hash_lines(lines) for lines in ([one, two], [two, one], [one], [(*one[:4], 2), two])}

    assert len(hashes) == 4
    assert replace(STATEMENT, lines=hash_lines([one, two])) != STATEMENT

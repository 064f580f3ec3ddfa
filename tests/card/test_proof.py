"""Shows that a proof convinces whoever trusts the root, and that nothing altered in it does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from card.canonical import decode, encode
from card.cose import SigningKey
from card.merkle import leaf_hash, path_of, root_of
from card.proof import MAX_PROOF_BYTES, encode_proof, read_proof
from card.refusal import CredentialRefused, RefusalReason
from card.statement import Statement, sign_statement
from card.trust import KeySet, KeyUse, TrustedKey, sign_key_set

AT = datetime(2026, 4, 1, 2, tzinfo=UTC)
ROOT, BUNDLE = SigningKey.from_seed(bytes(32)), SigningKey.from_seed(bytes(range(32)))
KEY_SET = sign_key_set(
    KeySet(
        1,
        AT,
        AT + timedelta(days=400),
        (TrustedKey(BUNDLE.verifying_key, KeyUse.BUNDLE, AT, AT + timedelta(days=400)),),
        None,
    ),
    ROOT,
)
RECORDS = [f"record {number}".encode() for number in range(5)]
LEAVES = [leaf_hash(record) for record in RECORDS]
STATEMENT = Statement(UUID(int=1), UUID(int=2), date(2026, 3, 1), AT, 5, root_of(LEAVES), {"bearer": 5}, bytes(32))
PROOF = encode_proof(KEY_SET, sign_statement(STATEMENT, BUNDLE), RECORDS[3], 3, path_of(LEAVES, 3))


def test_a_proof_shows_its_record_and_statement() -> None:
    """Both are given back as they were signed."""
    proven = read_proof(PROOF, ROOT.verifying_key)

    assert (proven.record, proven.statement) == (RECORDS[3], STATEMENT)


def test_a_stranger_proves_nothing() -> None:
    """Another root's key set is not believed."""
    with pytest.raises(CredentialRefused) as refused:
        read_proof(PROOF, BUNDLE.verifying_key)

    assert refused.value.reason is RefusalReason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content | {3: RECORDS[2]}, RefusalReason.BAD_SIGNATURE),
        (lambda content: content | {4: 2}, RefusalReason.BAD_SIGNATURE),
        (lambda content: content | {5: content[5][:-1]}, RefusalReason.BAD_SIGNATURE),
        (lambda content: content | {2: sign_statement(replace(STATEMENT, taps=6), ROOT)}, RefusalReason.UNKNOWN_KEY),
        (lambda content: content | {4: "3"}, RefusalReason.MALFORMED),
        (lambda content: content | {5: [b"short"]}, RefusalReason.BAD_SIGNATURE),
        (lambda content: content | {5: ["text"]}, RefusalReason.MALFORMED),
        (lambda content: content | {5: 1}, RefusalReason.MALFORMED),
        (lambda content: content | {3: "text"}, RefusalReason.MALFORMED),
        (lambda content: content | {6: 1}, RefusalReason.MALFORMED),
        (lambda _: [], RefusalReason.MALFORMED),
        (lambda content: content | {3: bytes(MAX_PROOF_BYTES)}, RefusalReason.TOO_LARGE),
    ],
)
def test_an_altered_proof_is_refused(change: Callable[[dict[Any, Any]], Any], reason: RefusalReason) -> None:
    """Whatever is exchanged in it, the reason says what is wrong."""
    altered = encode(change(decode(PROOF, MAX_PROOF_BYTES)))

    with pytest.raises(CredentialRefused) as refused:
        read_proof(altered, ROOT.verifying_key)

    assert refused.value.reason is reason

"""Proves to either side, without a database, that a scan's record is counted in a signed statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from card.canonical import decode, encode
from card.cose import VerifyingKey
from card.merkle import proves
from card.refusal import CredentialRefused, RefusalReason
from card.statement import Statement, read_statement
from card.trust import read_key_set

MAX_PROOF_BYTES: Final = 128 << 10


@dataclass(frozen=True)
class ProvenScan:
    """A record (`card.scan`) and the statement that counts it."""

    record: bytes
    statement: Statement


def encode_proof(key_set: bytes, statement: bytes, record: bytes, index: int, path: Sequence[bytes]) -> bytes:
    """The proof as deterministic CBOR: {1: key set, 2: statement, 3: record, 4: index, 5: [hash, …]}."""
    return encode({1: key_set, 2: statement, 3: record, 4: index, 5: list(path)})


def read_proof(raw: bytes, root: VerifyingKey) -> ProvenScan:
    """What a proof shows to whoever trusts `root`.

    Raises:
        CredentialRefused: BAD_SIGNATURE where the path does not lead to the statement's root; what `read_key_set` and
            `read_statement` raise; MALFORMED for anything that no proof is written as.
    """
    match decode(raw, MAX_PROOF_BYTES):
        case {
            1: bytes() as key_set,
            2: bytes() as signed,
            3: bytes() as record,
            4: int() as index,
            5: [*path],
            **more,
        } if not more and all(type(each) is bytes for each in path):
            statement = read_statement(signed, read_key_set(key_set, root))
            if not proves(statement.root, record, index, statement.taps, path):
                raise CredentialRefused(RefusalReason.BAD_SIGNATURE)
            return ProvenScan(record, statement)
    raise CredentialRefused(RefusalReason.MALFORMED)

"""The gate's memory: what was let in is known again, after a power cut, whatever the clock did."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from card.admission import Recollection
from card.credential import CredentialKind
from card.memory import Memory
from card.presentation import VerifiedToken, verify_token
from card.storage import Storage
from card.trust import KeyUse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.card.conftest import District

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A fresh database."""
    with closing(Storage.open(tmp_path / "gate.sqlite")) as opened:
        yield opened


def verified(district: District, text: str) -> VerifiedToken:
    """A token with its signatures checked."""
    return verify_token(text, district.trusted().bundle.key_set.keys_for(KeyUse.ISSUER, NOON))


def loaded(storage: Storage) -> Memory:
    """The memory as a started process has it."""
    memory = Memory()
    memory.load(storage.connection)
    return memory


def admit(storage: Storage, memory: Memory, token: VerifiedToken, at: datetime) -> None:
    """What a gate does with an admission."""
    with storage.transaction() as connection:
        memory.write(connection, token, at)
    memory.note(token, at)


def test_a_fresh_memory_recalls_nothing(district: District) -> None:
    """A new gate knows nobody."""
    token = verified(district, district.presentation())

    assert Memory().recall(token, NOON) == Recollection()
    assert len(Memory()) == 0


def test_an_admission_survives_a_restart(storage: Storage, district: District) -> None:
    """Code, count and time are there again after the process was killed."""
    token = verified(district, district.presentation())
    memory = loaded(storage)
    admit(storage, memory, token, NOON)
    expected = Recollection(admitted=True, rides=1, month_rides=1, last_at=NOON)

    assert memory.recall(token, NOON) == expected
    assert loaded(storage).recall(token, NOON) == expected
    assert len(memory) == 1


def test_codes_of_every_kind_count_for_one_person(storage: Storage, district: District) -> None:
    """Phone, online and printed code carry one pseudonym, and one count."""
    memory = loaded(storage)
    shown = verified(district, district.presentation())
    online = verified(district, district.bearer(CredentialKind.ONLINE))
    printed = verified(district, district.bearer(CredentialKind.PRINTED))
    for token in (shown, online, printed, printed):
        admit(storage, memory, token, NOON)

    assert memory.recall(online, NOON) == Recollection(admitted=True, rides=4, month_rides=4, last_at=NOON)
    assert not memory.recall(printed, NOON).admitted
    assert loaded(storage).recall(printed, NOON).rides == 4


def test_the_count_begins_anew_at_midnight_in_the_district(storage: Storage, district: District) -> None:
    """A day is the district's, and the last admission is still known for the pass-back interval."""
    memory = loaded(storage)
    token = verified(district, district.bearer(CredentialKind.PRINTED))
    late = datetime(2026, 11, 24, 15, 59, tzinfo=UTC)
    admit(storage, memory, token, late)

    assert memory.recall(token, late).rides == 1
    assert memory.recall(token, late + MINUTE) == Recollection(rides=0, month_rides=1, last_at=late)


def test_the_month_is_counted_to_its_end(storage: Storage, district: District) -> None:
    """On its last evening all its rides are still known, also after a power cut; at midnight they count no more."""
    memory = loaded(storage)
    token = verified(district, district.bearer(CredentialKind.PRINTED))
    first, last = datetime(2026, 10, 1, 4, tzinfo=UTC), datetime(2026, 10, 31, 15, 59, tzinfo=UTC)
    for at in (first, first, last):
        admit(storage, memory, token, at)

    for known in (memory, loaded(storage)):
        assert known.recall(token, last) == Recollection(rides=1, month_rides=3, last_at=last)
        assert known.recall(token, last + MINUTE) == Recollection(last_at=last)


def test_what_is_dropped_is_refused_not_forgiven(storage: Storage, district: District) -> None:
    """Codes are dropped after an hour and persons after a month, in RAM and on disk; such codes count as forgotten."""
    memory = loaded(storage)
    old = verified(district, district.presentation())
    admit(storage, memory, old, NOON)
    later = NOON + timedelta(days=33)
    new = verified(district, district.presentation(later, pseudonym=token_bytes(16)))

    admit(storage, memory, new, later)

    for known in (memory, loaded(storage)):
        assert known.recall(old, later) == Recollection(forgotten=True)
        assert known.recall(new, later) == Recollection(admitted=True, rides=1, month_rides=1, last_at=later)
        assert len(known) == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-300, 300), st.booleans()), max_size=30))
def test_no_code_is_admitted_twice_whatever_the_clock_does(
    tmp_path: Path, district: District, steps: list[tuple[int, int, bool]]
) -> None:
    """Clocks jump back and forth, processes restart: a code that was let in is recalled as such, or as forgotten."""
    tokens = [verified(district, district.presentation(NOON + shown * 40 * MINUTE)) for shown in range(6)]
    admitted: set[int] = set()
    with closing(Storage.open(tmp_path / token_bytes(8).hex())) as storage:
        memory = loaded(storage)
        for index, minutes, restart in steps:
            at = NOON + minutes * MINUTE
            past = memory.recall(tokens[index], at)
            assert past.admitted or past.forgotten or index not in admitted
            if not past.admitted and not past.forgotten:
                admit(storage, memory, tokens[index], at)
                admitted.add(index)
            memory = loaded(storage) if restart else memory

"""The gate: verified, decided, and on the disk before anybody sees the answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from card import messages
from card.admission import Cue
from card.clock import ClockState
from card.gate import Gate, Trusted
from card.outbox import Outbox
from card.refusal import CredentialRefused, RefusalReason
from card.scan import read_scan
from card.storage import Storage, StorageProblem, StorageUnavailable
from card.tariff import Outcome, OutOfServiceRule, encode_tariff
from card.trust import read_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from card.scan import Scan
    from tests.card.conftest import District, FakeTime

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Bus:
    """A gate with its time, its trust and its database, each for the test to change."""

    def __init__(self, path: Path, district: District, time: FakeTime) -> None:
        self.path, self.district, self.time = path, district, time
        self.trusted: Trusted | None = district.trusted()
        self.clock = time.clock()
        self.clock.set(NOON, self.clock.elapsed())
        self.gate = self.started()

    def started(self) -> Gate:
        """Another process on the same database."""
        self.gate = Gate(self.district.device_id, self.path, self.clock, lambda: self.trusted)
        return self.gate

    def scans(self) -> list[Scan]:
        """What waits in the outbox."""
        with closing(Storage.open(self.path)) as storage:
            return [read_scan(record) for batch in Outbox(storage).batches() for record in batch.records]


@pytest.fixture
def bus(tmp_path: Path, district: District, fake_time: FakeTime) -> Iterator[Bus]:
    """A bus at noon."""
    made = Bus(tmp_path / "gate.sqlite", district, fake_time)
    yield made
    made.gate.close()


def test_an_admission_is_recorded_with_its_place(bus: Bus) -> None:
    """The answer carries the number of the scan, and the scan says what was read, answered, trusted and where."""
    assert bus.trusted is not None
    text = bus.district.presentation()

    admission = bus.gate.admit(text, "人民路")

    (scan,) = bus.scans()
    assert (admission.outcome, admission.recorded, admission.sequence) == (Outcome.FREE, True, 1)
    assert admission.clock is ClockState.SIGNED
    assert (scan.device_id, scan.at, scan.text, scan.place) == (bus.district.device_id, NOON, text, "人民路")
    assert (scan.admission, scan.reason, scan.companions) == (Outcome.FREE, None, 1)
    assert scan.bundle_version == bus.trusted.bundle.version


def test_the_same_code_is_refused_at_once_and_after_a_power_cut(bus: Bus) -> None:
    """A replay at this gate is known, also by the process that comes after."""
    text = bus.district.presentation()
    first = bus.gate.admit(text)
    again = bus.gate.admit(text)
    after_cut = bus.started().admit(text)

    assert first.admitted
    assert (again.reason, after_cut.reason) == (RefusalReason.REPLAYED, RefusalReason.REPLAYED)
    assert [scan.reason for scan in bus.scans()] == [None, RefusalReason.REPLAYED, RefusalReason.REPLAYED]


def test_a_screenshot_is_dead_after_41_seconds(bus: Bus) -> None:
    """Somebody else's picture of a code is worth nothing."""
    text = bus.district.presentation()
    bus.time.pass_by(41 * SECOND)

    assert bus.gate.admit(text).reason is RefusalReason.STALE


def test_a_refused_code_is_not_remembered_as_used(bus: Bus) -> None:
    """Whoever came too early with a right code is let in a moment later."""
    text = bus.district.presentation(NOON + 15 * SECOND)
    early = bus.gate.admit(text)
    bus.time.pass_by(10 * SECOND)

    assert early.reason is RefusalReason.FUTURE
    assert bus.gate.admit(text).admitted


def test_what_is_not_of_this_system_is_never_kept(bus: Bus) -> None:
    """Somebody's payment code is refused, and leaves no trace in the outbox."""
    admission = bus.gate.admit("https://pay.example/secret")

    assert admission.reason is RefusalReason.MALFORMED
    assert not admission.recorded
    assert bus.scans() == []


def test_odd_characters_do_not_stop_a_gate(bus: Bus) -> None:
    """Control characters, lone surrogates and overlong texts are refused and recorded as far as a record holds them."""
    bus.gate.admit("SDC1:\0\ud800" + "x" * 2_000, "站\0" * 100)

    (scan,) = bus.scans()
    assert scan.text == "SDC1:??" + "x" * 1_017
    assert scan.place == "站?" * 40


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200).map("SDC1:".__add__) | st.text(max_size=50))
def test_any_text_gets_an_answer(bus: Bus, text: str) -> None:
    """Whatever a reader reads, the gate answers with a reason that has a sentence."""
    admission = bus.gate.admit(text)

    assert admission.reason is not None
    assert messages.display(admission) == messages.REFUSALS[admission.reason]


def test_a_gate_without_trust_admits_nobody(bus: Bus) -> None:
    """Before the first bundle, and before the first tariff, nobody can be judged; the scan is kept all the same."""
    bus.trusted = None
    nothing = bus.gate.admit(bus.district.presentation())
    bus.trusted = bus.district.trusted(tariffs=[])
    no_tariff = bus.gate.admit(bus.district.presentation())

    assert (nothing.reason, nothing.bundle_age) == (RefusalReason.NO_BUNDLE, None)
    assert no_tariff.reason is RefusalReason.NO_TARIFF
    assert bus.scans()[0].bundle_version == 0


def test_an_unreadable_tariff_spoils_the_bundle(district: District) -> None:
    """A bundle is taken whole or not at all."""
    raw = district.bundle(tariffs=[b"?"])
    bundle = read_bundle(raw, district.root.verifying_key, district.device_id, -1)

    with pytest.raises(CredentialRefused):
        Trusted.of(bundle)


def test_a_withdrawn_issuer_key_ends_cached_passes(bus: Bus) -> None:
    """A pass that was verified under a key is refused from the bundle on in which the key is missing."""
    first, second = bus.district.presentation(), bus.district.presentation(NOON + SECOND)
    before = bus.gate.admit(first)
    bus.district.issuer = type(bus.district.issuer).generate(taken=[bus.district.issuer.kid])
    bus.trusted = bus.district.trusted()

    assert before.admitted
    assert bus.gate.admit(second).reason is RefusalReason.UNKNOWN_KEY


def test_a_refused_person_let_in_is_a_scan_too(bus: Bus) -> None:
    """The driver's override is written down with the refusal that it overrode, once."""
    bus.time.pass_by(50 * SECOND)
    bus.gate.admit(bus.district.presentation())

    override, again = bus.gate.override(), bus.gate.override()

    assert override is not None
    assert (override.recorded, override.sequence) == (True, 2)
    assert messages.overridden(override) == "人工放行"
    assert again is None
    assert [(scan.override, scan.reason) for scan in bus.scans()] == [
        (False, RefusalReason.STALE),
        (True, RefusalReason.STALE),
    ]


def test_nobody_is_let_in_who_was_not_refused(bus: Bus) -> None:
    """An override follows a refusal; after an admission there is nothing to override."""
    bus.gate.admit(bus.district.presentation())

    assert bus.gate.override() is None


def test_a_stranger_s_code_is_overridden_without_its_text(bus: Bus) -> None:
    """Letting somebody in who showed another system's code is counted, and the code is not kept."""
    bus.gate.admit("https://pay.example/secret")
    bus.gate.override()

    (scan,) = bus.scans()
    assert (scan.text, scan.override) == ("", True)


class Broken:
    """A storage whose disk fails."""

    def __init__(self, storage: Storage, problem: StorageProblem) -> None:
        self.storage, self.problem = storage, problem

    def transaction(self) -> None:
        """Fail as the disk does."""
        raise StorageUnavailable(self.problem, self.storage.path)

    def close(self) -> None:
        """As the storage does."""
        self.storage.close()


@pytest.mark.parametrize("rule", OutOfServiceRule)
def test_a_disk_that_cannot_be_written_follows_the_tariff(bus: Bus, rule: OutOfServiceRule) -> None:
    """The gate says so; people board and are counted by hand, or are refused. A replay is still known."""
    bus.trusted = bus.district.trusted(tariffs=[encode_tariff(bus.district.tariff(out_of_service=rule))])
    working = bus.gate._storage
    assert working is not None
    bus.gate._storage = Broken(working, StorageProblem.FULL)  # type: ignore[assignment]  # a full disk cannot be had
    text = bus.district.presentation()

    admission, again = bus.gate.admit(text), bus.gate.admit(text)

    assert not admission.recorded
    assert bus.gate.problem is not None
    assert "the disk is full" in str(bus.gate.problem)
    if rule is OutOfServiceRule.BOARD:
        assert messages.display(admission) == "免费 · 本人+1 · 请进 · 请人工计数"
        assert again.reason is RefusalReason.REPLAYED
    else:
        assert (admission.reason, admission.cue) == (RefusalReason.OUT_OF_SERVICE, Cue.WAIT)
        assert again.reason is RefusalReason.OUT_OF_SERVICE
    bus.gate._storage = working
    assert bus.gate.admit(bus.district.presentation(NOON + SECOND)).recorded
    assert bus.gate.problem is None


def test_an_override_that_cannot_be_written_is_counted_by_hand(bus: Bus) -> None:
    """Also without a bundle and a disk the driver gets an answer."""
    bus.trusted = None
    assert bus.gate._storage is not None
    bus.gate._storage = Broken(bus.gate._storage, StorageProblem.FULL)  # type: ignore[assignment]  # as above
    bus.gate.admit(bus.district.presentation())

    override = bus.gate.override()

    assert override is not None
    assert messages.overridden(override) == "人工放行 · 请人工计数"


def test_a_missing_disk_does_not_stop_a_gate_and_is_tried_again(
    tmp_path: Path, district: District, fake_time: FakeTime
) -> None:
    """A bus whose disk is not mounted at the start answers, and records as soon as the disk is there."""
    bus = Bus(tmp_path / "disk" / "gate.sqlite", district, fake_time)
    without = bus.gate.admit(district.presentation())
    problem = bus.gate.problem
    bus.path.parent.mkdir()
    with_disk = bus.gate.admit(district.presentation(NOON + SECOND))
    bus.gate.close()

    assert (without.admitted, without.recorded) == (True, False)
    assert problem is not None
    assert problem.problem is StorageProblem.UNREACHABLE
    assert with_disk.recorded
    assert with_disk.sequence == 1


def test_a_database_torn_at_the_start_is_set_aside(bus: Bus) -> None:
    """A damaged file is kept under another name; a new one begins a new epoch, and the bus goes on."""
    bus.gate.admit(bus.district.presentation())
    (before,) = bus.scans()
    bus.gate.close()
    bus.path.write_bytes(os.urandom(8_192))

    admission = bus.started().admit(bus.district.presentation(NOON + SECOND))

    (after,) = bus.scans()
    assert (admission.recorded, admission.sequence) == (True, 1)
    assert before.epoch != after.epoch
    assert [path.exists() for path in bus.gate.set_aside] == [True]


def test_a_database_that_breaks_while_in_use_is_replaced(bus: Bus) -> None:
    """One code goes unrecorded, and says so; from the next on a new epoch is written."""
    assert bus.gate._storage is not None
    bus.gate._storage = Broken(bus.gate._storage, StorageProblem.DAMAGED)  # type: ignore[assignment]  # as above
    first = bus.gate.admit(bus.district.presentation())
    bus.path.write_bytes(os.urandom(8_192))
    second = bus.gate.admit(bus.district.presentation(NOON + SECOND))

    assert (first.admitted, first.recorded) == (True, False)
    assert second.recorded
    assert len(bus.gate.set_aside) == 1


def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    """A process killed at any instant has on disk every scan that it answered for, none twice, in one chain."""
    program = (
        "import json, sys\n"
        "from card.outbox import Read, append\n"
        "from card.storage import Storage\n"
        "from card.tariff import Outcome\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from uuid import UUID\n"
        "storage = Storage.open(Path(sys.argv[1]))\n"
        "read = Read(datetime.now(UTC), 'SDC1:', Outcome.FREE, None, 0, 1, None)\n"
        "while True:\n"
        "    with storage.transaction() as connection:\n"
        "        sequence = append(connection, UUID(int=1), read)\n"
        "    print(json.dumps(sequence), flush=True)\n"
    )
    path, answered = tmp_path / "gate.sqlite", 0
    for lines in (1, 7, 30):
        process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout:
            for _ in range(lines):
                answered = json.loads(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            answered = max([answered, *(int(line) for line in process.stdout if line.endswith("\n"))])
        process.wait()

    with closing(Storage.open(path)) as storage:
        stored = [read_scan(record) for batch in Outbox(storage).batches() for record in batch.records]
    # One scan may have been stored whose answer the kill cut off; none that was answered may be missing.
    assert answered <= len(stored) <= answered + 3
    assert [scan.sequence for scan in stored] == list(range(1, len(stored) + 1))
    assert len({scan.previous for scan in stored}) == len(stored)

"""The device's clock: signed time where there is one, and honest words where there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from card import clock
from card.clock import Anchor, ClockState, DeviceClock, Reading, RoundTripTooLong, boot_id, elapsed_since_boot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.card.conftest import FakeTime

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_signed_time_is_counted_on_by_the_monotonic_clock(fake_time: FakeTime) -> None:
    """Once the server has said the time, changes of the wall clock no longer matter."""
    device = fake_time.clock()
    device.set(NOON + timedelta(hours=1), device.elapsed())

    fake_time.pass_by(30 * SECOND)
    fake_time.wall = datetime(1970, 1, 1, tzinfo=UTC)

    assert device.read() == Reading(NOON + timedelta(hours=1, seconds=30), ClockState.SIGNED)


def test_half_the_round_trip_is_added(fake_time: FakeTime) -> None:
    """The server's time was true somewhere between question and answer."""
    device = fake_time.clock()
    asked = device.elapsed()
    fake_time.pass_by(2 * SECOND)

    anchor = device.set(NOON, asked)

    assert anchor.at == NOON + SECOND
    assert device.signed_at == NOON + SECOND


def test_a_slow_answer_leaves_the_clock_as_it_was(fake_time: FakeTime) -> None:
    """An answer after more than four seconds says too little about the time."""
    device = fake_time.clock()
    asked = device.elapsed()
    fake_time.pass_by(5 * SECOND)

    with pytest.raises(RoundTripTooLong):
        device.set(NOON, asked)

    assert device.signed_at is None


def test_a_restarted_process_goes_on_with_the_signed_time(fake_time: FakeTime) -> None:
    """Within one boot the monotonic clock runs on, so the kept time is as good as before."""
    device = fake_time.clock()
    kept = device.set(NOON, device.elapsed()).to_text()
    fake_time.pass_by(timedelta(minutes=3))

    restarted = fake_time.clock(Anchor.from_text(kept))

    assert restarted.read() == Reading(NOON + timedelta(minutes=3), ClockState.SIGNED)


def test_after_a_reboot_the_wall_clock_is_unconfirmed(fake_time: FakeTime) -> None:
    """A reboot loses the monotonic time: the wall clock serves, and says that nobody confirmed it."""
    device = fake_time.clock()
    kept = device.set(NOON, device.elapsed())
    fake_time.pass_by(timedelta(minutes=3))

    rebooted = fake_time.clock(kept, boot="boot-2")

    assert rebooted.read() == Reading(NOON + timedelta(minutes=3), ClockState.UNCONFIRMED)


def test_a_wall_clock_behind_the_last_signed_time_is_unknown(fake_time: FakeTime) -> None:
    """A clock in 1970 after a reboot is plainly wrong: time is counted on from the last known instant, and flagged."""
    device = fake_time.clock()
    kept = device.set(NOON, device.elapsed())
    fake_time.wall = datetime(1970, 1, 1, tzinfo=UTC)
    rebooted = fake_time.clock(kept, boot="boot-2")

    fake_time.pass_by(10 * SECOND)

    assert rebooted.read() == Reading(NOON + 10 * SECOND, ClockState.UNKNOWN)


def test_a_clock_that_never_heard_anything_is_unknown(fake_time: FakeTime) -> None:
    """Without a signed time and without a bundle there is nothing to hold the wall clock against."""
    assert fake_time.clock().read() == Reading(NOON, ClockState.UNKNOWN)


def test_time_is_never_behind_the_newest_bundle(fake_time: FakeTime) -> None:
    """What the server signed has passed, whatever the clock says; an older bundle changes nothing."""
    device = fake_time.clock()
    device.at_least(NOON + timedelta(hours=2))
    device.at_least(NOON)

    unset = device.read()
    device.set(NOON, device.elapsed())

    assert unset == Reading(NOON + timedelta(hours=2), ClockState.UNKNOWN)
    assert device.read() == Reading(NOON + timedelta(hours=2), ClockState.SIGNED)


@pytest.mark.parametrize(("ahead", "warned"), [(4, False), (5, True), (-5, True)])
def test_a_difference_of_five_seconds_is_warned_of(fake_time: FakeTime, ahead: int, warned: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The difference is that between what the clock said and what the server says now."""
    device = fake_time.clock()
    device.at_least(NOON - timedelta(days=1))

    anchor = device.set(NOON - ahead * SECOND, device.elapsed())

    assert anchor.difference == ahead * SECOND
    assert device.warning is warned


def test_a_clock_set_for_the_first_time_has_no_difference(fake_time: FakeTime) -> None:
    """A clock that knew no time cannot have been wrong."""
    device = fake_time.clock()

    anchor = device.set(NOON, device.elapsed())

    assert anchor.difference is None
    assert not device.warning
    assert device.anchor == Anchor.from_text(anchor.to_text())


def test_a_kept_difference_survives(fake_time: FakeTime) -> None:
    """The warning is still there for `status` after a restart."""
    anchor = Anchor(NOON, fake_time.elapsed, "boot-1", -7 * SECOND)

    restarted = fake_time.clock(Anchor.from_text(anchor.to_text()))

    assert restarted.warning


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"at": -1, "elapsed": 0, "boot": "", "difference": null}', '{"at": 1e99, "difference": null}',
     '{"at": 1, "elapsed": 1e30, "boot": "", "difference": null}'],
)  # fmt: skip
def test_a_torn_time_file_is_refused(text: str) -> None:
    """What is no kept time is a ValueError and nothing else."""
    with pytest.raises(ValueError):  # noqa: PT011 - the class is the contract, the text is not
        Anchor.from_text(text)


def test_the_machine_has_a_boot_and_a_monotonic_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The real clocks run, and a system that does not name its boots gets a new name at each start."""
    named = boot_id()
    monkeypatch.setattr(clock, "_BOOT_ID", tmp_path / "missing")

    assert len(named) == 36
    assert boot_id() != boot_id()
    assert elapsed_since_boot() <= elapsed_since_boot()
    assert DeviceClock().read().state is ClockState.UNKNOWN

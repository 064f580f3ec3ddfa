"""Tells a device the time from the server's signature, because a scanner's own clock cannot be trusted to be set."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import uuid4

from card.scan import instant, milliseconds

WARN_DIFFERENCE: Final = timedelta(seconds=5)
# Half of it is what a signed time may be off by, and that has to stay well below the skew that tariffs allow.
MAX_ROUND_TRIP: Final = timedelta(seconds=4)
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ClockState(StrEnum):
    """How far the time can be relied on."""

    SIGNED = "signed"  # the server's signed time of this boot, counted on by the monotonic clock
    UNCONFIRMED = "unconfirmed"  # no signed time since the boot; the device's own clock, which is at least not behind
    UNKNOWN = "unknown"  # the device's own clock is behind what is known to have passed: the time is later than this


@dataclass(frozen=True)
class Reading:
    """What time it is (aware), and how far that can be relied on."""

    at: datetime
    state: ClockState


@dataclass(frozen=True)
class Anchor:
    """A signed time (aware) with what the monotonic clock of that boot said then.

    `difference` is what the clock had said more than the server when it was last set, None if it had known no time.
    """

    at: datetime
    elapsed: timedelta
    boot: str
    difference: timedelta | None

    def to_text(self) -> str:
        """One line of JSON to keep over a restart of the process."""
        return json.dumps(
            {
                "at": milliseconds(self.at),
                "elapsed": self.elapsed // timedelta(milliseconds=1),
                "boot": self.boot,
                "difference": None if self.difference is None else self.difference // timedelta(milliseconds=1),
            }
        )

    @classmethod
    def from_text(cls, text: str) -> "Anchor":
        """The anchor of `to_text`.

        Raises:
            ValueError: the text is not one.
        """
        try:
            kept = json.loads(text)
            difference = kept["difference"]
            return cls(
                instant(kept["at"]),
                timedelta(milliseconds=kept["elapsed"]),
                str(kept["boot"]),
                None if difference is None else timedelta(milliseconds=difference),
            )
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError("not a kept time") from error


class RoundTripTooLong(Exception):
    """The server's answer took so long that its time says too little; the clock stays as it was."""


class DeviceClock:
    """Signed time at contact, monotonic in between, never behind the newest bundle.

    The monotonic clock runs through suspension and restarts of the process; only a reboot loses it. Then the wall clock
    is read, flagged as unconfirmed; and if even that is behind the last known instant, that instant is counted on from,
    flagged as unknown: the true time is later.
    """

    def __init__(
        self,
        anchor: Anchor | None = None,
        *,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed: Callable[[], timedelta] | None = None,
        boot: str | None = None,
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed or elapsed_since_boot
        self._boot = boot or boot_id()
        self._anchor = anchor
        # Instants known to have passed, and since when (monotonic) they are known.
        self._floor = (anchor.at if anchor else _UNIX_EPOCH, self._elapsed())

    @property
    def anchor(self) -> Anchor | None:
        """The newest signed time, to be kept."""
        return self._anchor

    @property
    def signed_at(self) -> datetime | None:
        """When the server's signed time was last taken; None if never."""
        return None if self._anchor is None else self._anchor.at

    @property
    def warning(self) -> bool:
        """Whether the clock differed from the server's by `WARN_DIFFERENCE` or more when it was last set."""
        difference = None if self._anchor is None else self._anchor.difference
        return difference is not None and abs(difference) >= WARN_DIFFERENCE

    def elapsed(self) -> timedelta:
        """The monotonic time, to measure a round trip by."""
        return self._elapsed()

    def at_least(self, at: datetime) -> None:
        """Learn that an instant has passed, from something that the server signed then."""
        if at > self._known():
            self._floor = (at, self._elapsed())

    def read(self) -> Reading:
        """The time, and how far it can be relied on."""
        known, anchor = self._known(), self._anchor
        if anchor is not None and anchor.boot == self._boot:
            return Reading(max(anchor.at + (self._elapsed() - anchor.elapsed), known), ClockState.SIGNED)
        wall = self._wall()
        if wall < known or self._floor[0] == _UNIX_EPOCH:
            return Reading(max(known, wall), ClockState.UNKNOWN)
        return Reading(wall, ClockState.UNCONFIRMED)

    def set(self, signed: datetime, asked: timedelta) -> Anchor:
        """Take the server's signed time; `asked` is what `elapsed` said before the question was sent.

        Raises:
            RoundTripTooLong: see there.
        """
        now = self._elapsed()
        if now - asked > MAX_ROUND_TRIP:
            raise RoundTripTooLong
        before = self.read()
        at = signed + (now - asked) / 2
        difference = None if before.state is ClockState.UNKNOWN else before.at - at
        self._anchor = Anchor(at, now, self._boot, difference)
        return self._anchor

    def _known(self) -> datetime:
        floor, since = self._floor
        return floor + (self._elapsed() - since)


def elapsed_since_boot() -> timedelta:
    """Time since the device was started, suspension included where the system counts it (Linux)."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return timedelta(microseconds=time.clock_gettime_ns(clock) // 1_000)


def boot_id() -> str:
    """What tells this boot from another; where the system does not say, each start of a process counts as one."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return str(uuid4())

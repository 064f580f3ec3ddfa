"""The gate as a program: codes in, one a line; answers out, one a line; the server kept up with beside it."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final

from card import messages
from card.admission import Admission
from card.background import BackgroundSync
from card.client import Server
from card.commands.exits import ExitStatus
from card.device import Device
from card.gate import Gate

OVERRIDE: Final = "@override"
# Longer than any token; the rest of such a line is thrown away unread.
_MAX_LINE: Final = 8 * 1024


def scan(device: Device, options: argparse.Namespace) -> ExitStatus:
    """Answer each line of standard input with a JSON line, until its end; then hand in what waits."""
    gate = Gate(device.enrolment.device_id, device.database, device.clock, lambda: device.trusted)
    watch = _Watch(gate)
    watch.look()
    background = None
    if not options.offline:
        background = BackgroundSync(device, Server(device.enrolment.server), options.every, _say)
        background.start()
    place = options.place or device.enrolment.place
    try:
        for line in lines(sys.stdin.buffer):
            answer = gate.override() if line == OVERRIDE else gate.admit(line, place)
            print(_answer(answer, gate, overridden=line == OVERRIDE), flush=True)
            watch.look()
    finally:
        gate.close()
        if background is not None:
            background.finish()
    return ExitStatus.DONE


def lines(stream: BinaryIO) -> Iterator[str]:
    """The lines that are not blank, without their ends; what is no UTF-8 is replaced, what is overlong is cut."""
    while raw := stream.readline(_MAX_LINE):
        rest = raw
        while not rest.endswith(b"\n") and (rest := stream.readline(_MAX_LINE)):
            pass
        if line := raw.decode(errors="replace").strip("\r\n"):
            yield line


def _answer(admission: Admission | None, gate: Gate, *, overridden: bool) -> str:
    if admission is None:
        return _json({"outcome": None, "message": messages.NOTHING_TO_OVERRIDE})
    age = admission.bundle_age
    return _json(
        {
            "outcome": admission.outcome,
            "reason": admission.reason,
            "override": overridden,
            "price_share": str(admission.price_share),
            "companions": admission.companions,
            "companion_terms": admission.companion_terms,
            "cue": admission.cue,
            "masked_name": admission.masked_name,
            "message": messages.overridden(admission) if overridden else messages.display(admission),
            "sequence": admission.sequence,
            "recorded": admission.recorded,
            "out_of_service": gate.problem.problem if gate.problem else None,
            "clock": admission.clock,
            "bundle_age_seconds": None if age is None else int(age.total_seconds()),
            "bundle_stale": admission.bundle_stale,
        }
    )


def _json(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Watch:
    """Tells the technician, on standard error and once each, what the gate found about its disk."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._told: str | None = None
        self._aside = 0

    def look(self) -> None:
        for path in self._gate.set_aside[self._aside :]:
            _say(f"storage: the damaged database was moved to {path}; a new epoch begins.")
        self._aside = len(self._gate.set_aside)
        problem = str(self._gate.problem) if self._gate.problem else None
        if problem != self._told:
            _say(f"storage: {problem or 'scans are stored again'}")
        self._told = problem


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)

"""Says how a scanner is: its clock, what it trusts, its disk, and the scans that wait."""

import argparse
import json
import shutil
from datetime import datetime
from typing import Any

from card.clock import ClockState
from card.commands.exits import NO_BUNDLE, NO_TARIFF, ExitStatus
from card.device import Device
from card.outbox import Outbox
from card.storage import Storage, StorageUnavailable
from card.tariff import DISTRICT_ZONE, local_day, tariff_on


def status(device: Device, options: argparse.Namespace) -> ExitStatus:
    """Print the state for a person, or with `--json` for a program; the exit status names what is worst."""
    told = describe(device)
    if options.json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for section, values in told.items():
            print(section)
            for name, value in values.items():
                print(f"  {name.replace('_', ' '):22} {_plain(value)}")
    if told["storage"]["problem"]:
        return ExitStatus.STORAGE
    if told["trust"]["problem"]:
        return ExitStatus.TRUST
    return ExitStatus.CLOCK if told["clock"]["state"] == ClockState.UNKNOWN else ExitStatus.DONE


def describe(device: Device) -> dict[str, dict[str, Any]]:
    """The state as plain values: times in the district's zone, durations in seconds, sizes in bytes."""
    return {
        "device": _device(device),
        "clock": _clock(device),
        "trust": _trust(device),
        "storage": _storage(device),
    }


def _device(device: Device) -> dict[str, Any]:
    enrolment = device.enrolment
    return {
        "id": str(enrolment.device_id),
        "operator": enrolment.operator,
        "place": enrolment.place,
        "kind": enrolment.kind,
        "server": enrolment.server,
    }


def _clock(device: Device) -> dict[str, Any]:
    reading, anchor = device.clock.read(), device.clock.anchor
    return {
        "now": _local(reading.at),
        "state": reading.state,
        "signed_at": None if anchor is None else _local(anchor.at),
        "difference_seconds": None
        if anchor is None or anchor.difference is None
        else anchor.difference.total_seconds(),
        "warning": device.clock.warning,
    }


def _trust(device: Device) -> dict[str, Any]:
    trusted, now = device.trusted, device.clock.read().at
    if trusted is None:
        return {"bundle": None, "problem": device.bundle_problem or NO_BUNDLE}
    bundle, tariff = trusted.bundle, tariff_on(trusted.tariffs, local_day(now))
    age = (now - bundle.issued_at).total_seconds()
    problem = None
    if tariff is None:
        problem = NO_TARIFF
    elif now >= bundle.key_set.expires_at or age > (tariff.refuse_after_seconds or age):
        problem = "the bundle is too old to admit anybody: run `python -m card sync`."
    return {
        "bundle": bundle.version,
        "issued_at": _local(bundle.issued_at),
        "age_seconds": age,
        "stale": tariff is not None and age > tariff.stale_after_seconds,
        "keys_expire_at": _local(bundle.key_set.expires_at),
        "tariff_since": None if tariff is None else tariff.effective.isoformat(),
        "problem": problem,
    }


def _storage(device: Device) -> dict[str, Any]:
    told: dict[str, Any] = {
        "free_bytes": shutil.disk_usage(device.directory).free,
        "set_aside": sorted(path.name for path in device.directory.glob(f"{device.database.name}.damaged-*")),
        "problem": None,
    }
    try:
        storage = Storage.open(device.database)
        try:
            state = Outbox(storage).state()
            with storage.transaction():
                pass  # Only a transaction shows whether the disk can be written.
        finally:
            storage.close()
    except StorageUnavailable as unavailable:
        return told | {"problem": str(unavailable)}
    return told | {
        "epoch": state.epoch.hex(),
        "scans": state.sequence,
        "scans_waiting": state.waiting,
        "scans_not_taken": state.not_taken,
        "parcels_waiting": state.parcels_waiting,
        "parcels_not_taken": state.parcels_not_taken,
    }


def _local(at: datetime) -> str:
    return at.astimezone(DISTRICT_ZONE).isoformat(timespec="seconds")


def _plain(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "-" if isinstance(value, list) else str(value)

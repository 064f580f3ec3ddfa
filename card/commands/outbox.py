"""Lists, carries and hands in the scans of a device, also of one whose modem or life has ended."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from card.client import Server
from card.commands.exits import CommandFailed, ExitStatus
from card.device import Device, write_whole
from card.outbox import Batch, Outbox
from card.parcel import MAX_PARCEL_BYTES, read_parcel, salvaged
from card.refusal import CredentialRefused
from card.scan import read_scan
from card.storage import Storage
from card.sync import UploadReport, upload


def list_scans(device: Device, options: argparse.Namespace) -> ExitStatus:
    """Print the scans that wait; what was read is not shown, because it is about a person."""
    storage = Storage.open(device.database)
    try:
        for batch in Outbox(storage).batches(everything=options.all):
            for record in batch.records:
                scan = read_scan(record)
                row = {
                    "epoch": scan.epoch.hex(),
                    "sequence": scan.sequence,
                    "at": scan.at.isoformat(),
                    "admission": scan.admission.value,
                    "reason": scan.reason,
                    "override": scan.override,
                    "place": scan.place,
                }
                print(json.dumps(row, ensure_ascii=False) if options.json else _line(row))
    finally:
        storage.close()
    return ExitStatus.DONE


def export(device: Device, options: argparse.Namespace) -> ExitStatus:
    """Write the scans that wait into files of a directory, signed by the device, each whole or not at all."""
    if options.source is not None:
        if not options.source.is_file():
            raise CommandFailed(ExitStatus.STORAGE, f"{options.source} is no file.")
        _write(device, salvaged(options.source), options.directory)
        return ExitStatus.DONE
    storage = Storage.open(device.database)
    try:
        _write(device, Outbox(storage).batches(everything=options.all), options.directory)
    finally:
        storage.close()
    return ExitStatus.DONE


def import_files(device: Device, options: argparse.Namespace) -> ExitStatus:
    """Take exported files into the outbox; a file that is torn is refused, the others are taken."""
    refused = 0
    storage = Storage.open(device.database)
    try:
        outbox = Outbox(storage)
        for path in options.files:
            try:
                body = _read(path)
                parcel = read_parcel(body)
            except (CredentialRefused, OSError) as error:
                refused += 1
                print(f"{path}: refused ({error}): it is torn or no export; copy it again.")
                continue
            new = outbox.add_parcel(body)
            scans = f"scans {parcel.first} to {parcel.last} of device {parcel.device_id}"
            print(f"{path}: {scans}, {'taken' if new else 'carried already'}.")
    finally:
        storage.close()
    return ExitStatus.REFUSED if refused else ExitStatus.DONE


def upload_now(device: Device, _options: argparse.Namespace) -> ExitStatus:
    """Hand in what waits, now."""
    report = upload(device, Server(device.enrolment.server))
    print(describe(report))
    return ExitStatus.SERVER_REFUSED if report.not_taken or report.parcels_not_taken else ExitStatus.DONE


def describe(report: UploadReport) -> str:
    """An upload in one sentence."""
    parts = [f"{report.scans} scans handed in"]
    if report.not_taken:
        parts.append(f"{report.not_taken} of them not taken by the server")
    if report.parcels or report.parcels_not_taken:
        parts.append(f"{report.parcels} parcels handed in, {report.parcels_not_taken} not taken")
    return ", ".join(parts) + f"; the chain is {report.chain}."


def _write(device: Device, batches: Iterable[Batch], directory: Path) -> None:
    count = 0
    for batch in batches:
        name = f"scans-{device.enrolment.device_id}-{batch.epoch.hex()}-{batch.first}-{batch.last}.cbor"
        body = batch.body(device.enrolment.device_id, device.clock.read().at, device.key)
        write_whole(directory / name, body)
        count += len(batch.records)
        print(directory / name)
    print(f"{count} scans exported; they stay in the outbox until the server has them.")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_PARCEL_BYTES + 1)


def _line(row: dict[str, object]) -> str:
    reason = f" ({row['reason']})" if row["reason"] else ""
    override = ", let in by the driver" if row["override"] else ""
    place = f" at {row['place']}" if row["place"] else ""
    return f"{row['sequence']:>8}  {row['at']}  {row['admission']}{reason}{override}{place}"

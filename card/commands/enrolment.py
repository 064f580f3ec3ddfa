"""Makes a machine a scanner of one place, and brings it up to date."""

import argparse
import hashlib

from card.client import Server
from card.commands.exits import CommandFailed, ExitStatus
from card.commands.outbox import describe
from card.cose import SigningKey, VerifyingKey
from card.device import Device, Enrolment, NotEnrolled, keep_key
from card.enrolment import prove_enrolment, split_enrolment_code
from card.sync import SyncReport, rotate_key, synchronise


def enrol(options: argparse.Namespace) -> ExitStatus:
    """Tie a new key to the place of the code, check the server's root against the code, and fetch what to trust."""
    try:
        server = Server(options.server)
        secret, fingerprint = split_enrolment_code(options.code)
    except ValueError as error:
        raise CommandFailed(ExitStatus.USAGE, f"{error}.") from error
    _must_be_free(options)
    key = SigningKey.generate()
    keep_key(options.state, key)
    enrolled = server.enrol(secret, key.verifying_key.public, prove_enrolment(secret, key))
    if hashlib.sha256(enrolled.root).digest() != fingerprint:
        raise CommandFailed(
            ExitStatus.TRUST,
            "the server's root key is not the one of the enrolment code: this is not the right server. "
            "Nothing was kept; ask the office for a new code.",
        )
    described = (enrolled.operator, enrolled.place, enrolled.kind)
    device = Device.create(
        options.state,
        Enrolment(enrolled.device_id, options.server, *described, VerifyingKey.of(enrolled.root)),
        key,
    )
    print(f"Enrolled as {enrolled.kind} scanner of {enrolled.operator}, {enrolled.place}: {enrolled.device_id}")
    _tell(synchronise(device, server))
    return ExitStatus.DONE


def sync(device: Device, _options: argparse.Namespace) -> ExitStatus:
    """Set the clock, fetch the bundle and hand in what waits."""
    report = synchronise(device, Server(device.enrolment.server))
    _tell(report)
    return ExitStatus.DONE


def rotate(device: Device, _options: argparse.Namespace) -> ExitStatus:
    """Have the server know this device by a fresh key."""
    rotate_key(device, Server(device.enrolment.server))
    print("The server knows this device by its new key; the old one is refused.")
    return ExitStatus.DONE


def _must_be_free(options: argparse.Namespace) -> None:
    try:
        Device.open(options.state)
    except NotEnrolled:
        return
    raise CommandFailed(ExitStatus.USAGE, f"{options.state} is an enrolled device already: name another directory.")


def _tell(report: SyncReport) -> None:
    if report.difference is None:
        print("Clock: set by the server's signed time.")
    else:
        print(f"Clock: was {report.difference.total_seconds():+.1f} s from the server's signed time, and is set.")
    print(f"Trust bundle: {report.bundle_version}, {'new' if report.bundle_new else 'still the newest'}.")
    print(f"Outbox: {describe(report.upload)}")

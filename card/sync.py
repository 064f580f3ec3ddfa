"""Brings a device together with its server: the time first, then what to trust, then the scans that wait."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile
from secrets import token_bytes
from typing import Final

from card.assertion import sign_assertion
from card.client import Chain, OnlineAnswer, ScanAnswer, Server, ServerRefused, UploadAnswer
from card.clock import ClockState, RoundTripTooLong
from card.cose import SigningKey
from card.device import Device, StateUnusable
from card.enrolment import prove_rotation
from card.outbox import MAX_BATCH, Batch, Outbox
from card.parcel import MAX_PARCEL_BYTES
from card.refusal import CredentialRefused
from card.scan import read_upload
from card.storage import Storage
from card.trust import KeyUse, claimed_time, read_time

_NONCE_BYTES: Final = 16
# The server has these scans, whatever it thinks of the second one of the same number.
_TAKEN: Final = frozenset({"stored", "repeated", "conflict"})
_CHAINS: Final = tuple(Chain)
_UNREAD: Final = "malformed"
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True)
class UploadReport:
    """Scans and parcels that the server answered for; `chain` is its worst finding."""

    scans: int = 0
    not_taken: int = 0
    parcels: int = 0
    parcels_not_taken: int = 0
    chain: Chain = Chain.WHOLE


@dataclass(frozen=True)
class SyncReport:
    """What a contact changed. `difference` is what the clock had said more than the server, None if it knew no time."""

    difference: timedelta | None
    bundle_version: int
    bundle_new: bool
    upload: UploadReport


def synchronise(device: Device, server: Server) -> SyncReport:
    """Set the clock, fetch the bundle if there is a newer one, and hand in what waits.

    Raises:
        ServerUnreachable, ServerRefused, CredentialRefused, RoundTripTooLong, StateUnusable, StorageUnavailable:
            what was done before stays done.
    """
    try:
        set_time(device, server)
        new = fetch_bundle(device, server)
        if device.clock.read().state is not ClockState.SIGNED:
            # The keys that sign the time came with the first bundle.
            set_time(device, server)
    except (CredentialRefused, RoundTripTooLong, StateUnusable):
        # The server answers, so what waits need not wait for the rest to be mended.
        upload(device, server)
        raise
    trusted = device.trusted
    anchor = device.clock.anchor
    return SyncReport(
        difference=None if anchor is None else anchor.difference,
        bundle_version=0 if trusted is None else trusted.bundle.version,
        bundle_new=new,
        upload=upload(device, server),
    )


def set_time(device: Device, server: Server) -> None:
    """Take the server's signed time; before the first bundle there is no key to check it by, and nothing is taken.

    Raises:
        ServerUnreachable, ServerRefused, CredentialRefused, RoundTripTooLong, StateUnusable: the clock stays as it was.
    """
    if device.trusted is None:
        return
    nonce, asked = token_bytes(_NONCE_BYTES), device.clock.elapsed()
    raw = server.time(nonce)
    # Whatever their period: it cannot be judged by a clock that is only now being set.
    keys = {each.key.kid: each.key for each in device.trusted.bundle.key_set.keys if each.use is KeyUse.BUNDLE}
    device.keep_anchor(device.clock.set(read_time(raw, nonce, keys), asked))


def fetch_bundle(device: Device, server: Server) -> bool:
    """Trust the server's bundle if there is a newer one; returns whether there was.

    Raises:
        ServerUnreachable, ServerRefused, CredentialRefused, StateUnusable: the last good bundle stays in use.
    """
    fetched = server.bundle(_assertion(device, server), device.etag)
    if fetched is None:
        return False
    device.take_bundle(fetched.raw, fetched.etag)
    return True


def rotate_key(device: Device, server: Server) -> None:
    """Sign with a fresh key from now on; scans that wait are handed in under it.

    Raises:
        ServerUnreachable, ServerRefused, StateUnusable, StorageUnavailable: run it again; the old key counts until the
            server took the new one, and a new one whose answer was lost is taken up.
    """
    fresh = device.next_key()
    proof = prove_rotation(device.enrolment.device_id, fresh)
    try:
        server.rotate(_assertion(device, server), fresh.verifying_key.public, proof)
    except ServerRefused as refusal:
        if refusal.status != _UNAUTHORIZED:
            raise
        # Perhaps it knows the new key already, from a time when its answer did not arrive.
        server.rotate(_assertion(device, server, fresh), fresh.verifying_key.public, proof)
    device.take_next_key(fresh)


def verify(device: Device, server: Server, sequence: int) -> OnlineAnswer:
    """Ask what the bearer of a scan gets who still waits; the scan goes with the next upload all the same.

    The server's `timeout` should be as short as people wait; without an answer the gate's own counts.

    Raises:
        ServerUnreachable, ServerRefused, StorageUnavailable: there is no answer, and nothing changed here.
        KeyError: the outbox has no scan of this number.
    """
    storage = Storage.open(device.database)
    try:
        record = Outbox(storage).record(sequence)
    finally:
        storage.close()
    return server.verify(_assertion(device, server), record)


def upload(device: Device, server: Server) -> UploadReport:
    """Hand in the scans that wait, and the parcels of other devices.

    Raises:
        ServerUnreachable, ServerRefused, StorageUnavailable: what the server had answered for is noted.
    """
    storage = Storage.open(device.database)
    try:
        outbox, report = Outbox(storage), UploadReport()
        for batch in outbox.batches():
            answer = server.scans(
                _assertion(device, server), batch.body(device.enrolment.device_id, device.clock.read().at, device.key)
            )
            taken, refused = _answered(batch, answer)
            outbox.acknowledge(batch.epoch, batch.first + taken + refused - 1, refused)
            report = _added(report, answer, scans=taken + refused, not_taken=refused)
            if taken + refused < len(batch.records):
                break
        return _parcels(device, server, outbox, report)
    finally:
        storage.close()


def _parcels(device: Device, server: Server, outbox: Outbox, report: UploadReport) -> UploadReport:
    for parcel, body in outbox.parcels():
        try:
            answer = server.scans(_assertion(device, server), body)
        except ServerRefused as refusal:
            if refusal.status == _UNAUTHORIZED:
                raise
            outbox.parcel_not_taken(parcel, refusal.reason)
            report = replace(report, parcels_not_taken=report.parcels_not_taken + 1)
            continue
        refused = [each.outcome for each in answer.results if each.outcome not in _TAKEN]
        whole = len(answer.results) >= len(read_upload(body, MAX_PARCEL_BYTES, MAX_BATCH).records)
        if whole and not refused:
            outbox.parcel_delivered(parcel)
            report = _added(report, answer, parcels=1)
        elif whole:
            outbox.parcel_not_taken(parcel, ", ".join(sorted(set(refused))))
            report = _added(report, answer, parcels_not_taken=1)
    return report


def _answered(batch: Batch, answer: UploadAnswer) -> tuple[int, int]:
    """How many scans from the first on the server answered for without a hole: those it has, and those it refused.

    It answers in the order of the upload, and cannot repeat the number of a record that it could not read.
    """
    numbered = zip(range(batch.first, batch.last + 1), answer.results, strict=False)
    heard = [
        each.outcome for _, each in takewhile(lambda pair: pair[1].outcome == _UNREAD or _names(batch, *pair), numbered)
    ]
    taken = sum(outcome in _TAKEN for outcome in heard)
    return taken, len(heard) - taken


def _names(batch: Batch, sequence: int, answer: ScanAnswer) -> bool:
    return (answer.epoch, answer.sequence) == (batch.epoch, sequence)


def _added(report: UploadReport, answer: UploadAnswer, **more: int) -> UploadReport:
    counts = {name: getattr(report, name) + value for name, value in more.items()}
    return replace(report, **counts, chain=max(report.chain, answer.chain, key=_CHAINS.index))


def _assertion(device: Device, server: Server, key: SigningKey | None = None) -> str:
    at = device.clock.read().at
    if device.trusted is None:
        # A device fresh from its box may be years off, and the server would not know it by such an assertion.
        nonce = token_bytes(_NONCE_BYTES)
        at = claimed_time(server.time(nonce), nonce)
    return sign_assertion(device.enrolment.device_id, key or device.key, at)

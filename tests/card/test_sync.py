"""The device and its server: time, trust and scans, over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from card import background as background_module
from card.background import BackgroundSync
from card.client import Chain, Server, ServerRefused
from card.clock import ClockState
from card.device import Device
from card.gate import Gate
from card.outbox import MAX_BATCH, Outbox, Read, append
from card.refusal import CredentialRefused, RefusalReason
from card.storage import Storage
from card.sync import fetch_bundle, rotate_key, set_time, synchronise, upload, verify
from card.tariff import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.card.conftest import District, Reply, RestServer

STRANGER = UUID(int=1)
READ = Read(datetime(2026, 11, 24, 4, tzinfo=UTC), "SDC1:ABC", Outcome.REFUSED, RefusalReason.STALE, 0, 1, None)


@pytest.fixture
def device(tmp_path: Path, district: District, rest_server: RestServer) -> Device:
    """A device of the server, just enrolled."""
    return district.device(tmp_path / "state", rest_server.url)


@pytest.fixture
def server(rest_server: RestServer) -> Server:
    """The client of the server."""
    return Server(rest_server.url)


@pytest.fixture
def storage(device: Device) -> Iterator[Storage]:
    """The device's database with three scans that wait."""
    with closing(Storage.open(device.database)) as opened:
        fill(opened, device, 3)
        yield opened


def fill(storage: Storage, device: Device, count: int) -> None:
    """Append scans."""
    with storage.transaction() as connection:
        for _ in range(count):
            append(connection, device.enrolment.device_id, READ)


def changed(**fields: object) -> Callable[[Reply], Reply]:
    """An answer like the real one with other fields."""

    def change(real: Reply) -> Reply:
        return replace(real, body=json.dumps(json.loads(real.body) | fields).encode())

    return change


def test_a_key_is_rotated_and_scans_go_on_under_it(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """The server knows the new key, also after a restart of the device, and takes what waited under its head."""
    old = device.key

    rotate_key(device, server)

    again = Device.open(device.directory)
    assert again.key.verifying_key == rest_server.enrolled != old.verifying_key
    assert synchronise(again, server).upload.scans == 3
    assert Outbox(storage).state().waiting == 0


def test_a_rotation_whose_answer_was_lost_is_taken_up(device: Device, server: Server, rest_server: RestServer) -> None:
    """The server took the key and nobody heard of it: the same key is found and proven again."""
    rest_server.replies["/v1/devices/key"] = lambda _: rest_server.refusal(503, "unavailable")
    with pytest.raises(ServerRefused):
        rotate_key(device, server)
    taken = rest_server.enrolled
    del rest_server.replies["/v1/devices/key"]

    rotate_key(device, server)

    assert device.key.verifying_key == taken == rest_server.enrolled
    assert synchronise(device, server).bundle_new


def test_the_first_contact_brings_time_trust_and_scans_together(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """A device fresh from its box, its clock unknown, ends with signed time and a bundle, and its scans handed in."""
    report = synchronise(device, server)

    assert device.clock.read().state is ClockState.SIGNED
    assert device.trusted is not None
    assert report.bundle_new
    assert report.bundle_version == device.trusted.bundle.version
    assert (report.upload.scans, report.upload.not_taken, report.upload.chain) == (3, 0, Chain.WHOLE)
    assert Outbox(storage).state().waiting == 0
    assert len(rest_server.stored) == 3


def test_a_device_years_off_is_enrolled_all_the_same(device: Device, server: Server, rest_server: RestServer) -> None:
    """The server's unchecked time is good enough to ask for the bundle with, whose keys then check it."""
    rest_server.ahead = timedelta(days=20)

    report = synchronise(device, server)

    assert abs(device.clock.read().at - rest_server.now()) < timedelta(minutes=1)
    assert report.bundle_new


def test_a_second_contact_finds_the_bundle_unchanged(device: Device, server: Server, rest_server: RestServer) -> None:
    """The tag spares the way; nothing new is said to be new."""
    synchronise(device, server)
    report = synchronise(device, server)

    assert not report.bundle_new
    assert report.upload.scans == 0
    assert report.difference is not None
    assert rest_server.asked.count("/v1/devices/bundle") == 2


def test_a_repeated_upload_is_answered_and_forgotten(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """An answer lost on the way is asked for again, and the server stores nothing twice."""
    synchronise(device, server)
    storage.connection.execute("UPDATE state SET acknowledged = 0")

    report = upload(device, server)

    assert report.scans == 3
    assert len(rest_server.stored) == 3


def test_a_scan_is_asked_for_and_still_goes_with_the_upload(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """The server's answer is told while the bearer waits, and the outbox keeps what it had."""
    synchronise(device, server)
    fill(storage, device, 1)

    answer = verify(device, server, 4)
    waiting = Outbox(storage).state().waiting
    report = upload(device, server)

    assert (answer.outcome, answer.admission, answer.reason) == ("stored", Outcome.REFUSED, RefusalReason.PASS_BACK)
    assert (waiting, report.scans, report.not_taken) == (1, 1, 0)
    assert len(rest_server.stored) == 4


def test_only_a_scan_that_was_written_down_is_asked_for(device: Device, server: Server, storage: Storage) -> None:
    """A number without a scan is a slip of the caller's."""
    with pytest.raises(KeyError):
        verify(device, server, Outbox(storage).state().sequence + 1)


def test_a_long_backlog_goes_in_several_uploads(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """More scans than one upload takes are handed in by one contact."""
    fill(storage, device, MAX_BATCH)

    assert synchronise(device, server).upload.scans == MAX_BATCH + 3
    assert rest_server.asked.count("/v1/devices/scans") == 2


@pytest.mark.parametrize(
    ("outcomes", "acknowledged", "not_taken"),
    [
        (["stored", "conflict", "repeated"], 3, 0),
        (["stored", "foreign", "stored"], 3, 1),
        (["stored", "malformed", "stored"], 3, 1),
        (["stored", "other-sequence", "stored"], 1, 0),
        (["stored"], 1, 0),
        ([], 0, 0),
    ],
)
def test_only_what_the_server_answered_for_is_acknowledged(
    device: Device,
    server: Server,
    storage: Storage,
    rest_server: RestServer,
    outcomes: list[str],
    acknowledged: int,
    not_taken: int,
) -> None:
    """The mark stops before the first scan without an answer; a refused scan is counted and blocks nothing."""
    fetch_bundle(device, server)
    epoch = Outbox(storage).state().epoch.hex()
    results = [
        {"epoch": "", "sequence": 0, "outcome": outcome}
        if outcome == "malformed"
        else {"epoch": epoch, "sequence": 99 if outcome == "other-sequence" else place, "outcome": outcome}
        for place, outcome in enumerate(outcomes, start=1)
    ]
    rest_server.replies["/v1/devices/scans"] = changed(results=results, chain="gap")

    report = upload(device, server)

    state = Outbox(storage).state()
    assert (state.acknowledged, state.not_taken) == (acknowledged, not_taken)
    assert report.chain is Chain.GAP


def until(condition: Callable[[], bool]) -> None:
    """Wait for another thread; the suite's time limit ends a wait in vain."""
    while not condition():
        time.sleep(0.002)


def parcel(device: Device, storage: Storage) -> bytes:
    """What the device exports."""
    (batch,) = Outbox(storage).batches(everything=True)
    return batch.body(device.enrolment.device_id, READ.at, device.key)


def test_a_parcel_is_handed_in_once(device: Device, server: Server, storage: Storage, rest_server: RestServer) -> None:
    """Scans carried by hand arrive like the device's own."""
    Outbox(storage).add_parcel(parcel(device, storage))
    report = synchronise(device, server).upload

    assert (report.parcels, report.parcels_not_taken) == (1, 0)
    assert Outbox(storage).parcels() == []
    assert len(rest_server.stored) == 3


def carried(device: Device, server: Server, storage: Storage) -> Outbox:
    """An outbox whose own scans are handed in, with one parcel of three scans that waits."""
    synchronise(device, server)
    outbox = Outbox(storage)
    outbox.add_parcel(parcel(device, storage))
    return outbox


def test_a_parcel_refused_as_a_whole_is_kept_and_not_sent_again(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """The server does not know the head's device, say: a person has to look at it."""
    outbox = carried(device, server, storage)
    rest_server.replies["/v1/devices/scans"] = rest_server.refusal(422, "foreign")

    report = upload(device, server)

    assert (report.parcels, report.parcels_not_taken) == (0, 1)
    assert outbox.state().parcels_not_taken == 1
    assert upload(device, server).parcels_not_taken == 0


def test_a_parcel_refused_in_part_is_kept_and_not_sent_again(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """One scan that the server does not take is enough for a person to look."""
    outbox = carried(device, server, storage)
    answers = [{"epoch": "", "sequence": 0, "outcome": outcome} for outcome in ("stored", "foreign", "stored")]
    rest_server.replies["/v1/devices/scans"] = changed(results=answers)

    report = upload(device, server)

    assert (report.parcels, report.parcels_not_taken) == (0, 1)
    assert outbox.parcels() == []


def test_a_parcel_without_all_its_answers_waits(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """An answer that is cut short proves nothing."""
    outbox = carried(device, server, storage)
    rest_server.replies["/v1/devices/scans"] = changed(results=[])

    report = upload(device, server)

    assert (report.parcels, report.parcels_not_taken) == (0, 0)
    assert len(outbox.parcels()) == 1


def test_a_device_that_is_cut_off_keeps_its_parcels(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """Being unknown to the server is the carrier's trouble, not the parcel's."""
    outbox = carried(device, server, storage)
    rest_server.replies["/v1/devices/scans"] = rest_server.refusal(401, "device_unknown")

    with pytest.raises(ServerRefused):
        upload(device, server)

    assert len(outbox.parcels()) == 1


def test_a_refused_bundle_leaves_the_last_good_one_and_the_scans_still_go(
    device: Device, server: Server, storage: Storage, rest_server: RestServer, district: District
) -> None:
    """A bundle for another device is refused; trust stays as it was, and the outbox is emptied all the same."""
    synchronise(device, server)
    fill(storage, device, 2)
    before = device.trusted
    foreign = district.bundle(rest_server.now(), device_id=STRANGER)
    rest_server.replies["/v1/devices/bundle"] = lambda real: replace(real, status=200, body=foreign, headers={})

    with pytest.raises(CredentialRefused) as refusal:
        synchronise(device, server)

    assert refusal.value.reason is RefusalReason.FOREIGN_DEVICE
    assert device.trusted is before
    assert Outbox(storage).state().waiting == 0


def test_time_signed_by_a_stranger_is_refused(device: Device, server: Server, district: District) -> None:
    """Only the keys of the key set tell the time."""
    fetch_bundle(device, server)
    district.bundler = district.holder

    with pytest.raises(CredentialRefused):
        set_time(device, server)

    assert device.clock.signed_at is None


def test_the_time_is_not_taken_before_there_is_a_key_to_check_it(device: Device, server: Server) -> None:
    """Without a bundle the clock stays as it is."""
    set_time(device, server)

    assert device.clock.signed_at is None


def test_the_background_syncs_and_hands_in_at_the_end(
    device: Device, server: Server, storage: Storage, rest_server: RestServer
) -> None:
    """A gate that runs gets its trust and loses its backlog without anybody waiting; the end hands in the rest."""
    said: list[str] = []
    background = BackgroundSync(device, server, 0.01, said.append)
    background.start()
    until(lambda: not Outbox(storage).state().waiting and len(rest_server.asked) > 12)
    with closing(Gate(device.enrolment.device_id, device.database, device.clock, lambda: device.trusted)) as gate:
        gate.admit("SDC1:", "站")

    background.finish()

    assert said == []
    assert Outbox(storage).state().waiting == 0
    assert len(rest_server.stored) == 4


def test_the_background_says_once_that_the_server_is_gone_and_once_that_it_is_back(
    device: Device, server: Server, rest_server: RestServer
) -> None:
    """A technician's log is not flooded by a tunnel."""
    said: list[str] = []
    rest_server.replies["/v1/time"] = rest_server.refusal(503, "unavailable")
    background = BackgroundSync(device, server, 0.01, said.append)
    background.start()
    until(lambda: len(rest_server.asked) > 3)
    rest_server.replies.clear()
    until(lambda: len(said) > 1)
    background.finish()

    assert said == ["sync: the server refused (503 unavailable): 不行", "sync: the server answers again"]


def test_a_background_that_hangs_is_left_behind(
    device: Device, rest_server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the input is the end of the process, whatever the network does."""
    release = threading.Event()
    monkeypatch.setattr(background_module, "_LAST_WAIT_SECONDS", 0.01)

    def hang(real: Reply) -> Reply:
        release.wait(30)
        return real

    rest_server.replies["/v1/time"] = hang
    background = BackgroundSync(device, Server(rest_server.url), 60, lambda _: None)
    background.start()
    until(lambda: bool(rest_server.asked))

    background.finish()

    assert "/v1/devices/scans" not in rest_server.asked
    release.set()

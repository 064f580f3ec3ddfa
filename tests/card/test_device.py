"""The state directory: private, whole or not at all, and never without its last good bundle."""

from __future__ import annotations

import errno
import json
import os
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from card.clock import ClockState
from card.cose import SigningKey
from card.device import Device, NotEnrolled, StateUnusable, write_whole
from card.refusal import CredentialRefused, RefusalReason
from card.trust import KeySet, KeyUse, TrustedKey, sign_bundle, sign_key_set

if TYPE_CHECKING:
    from pathlib import Path

    from tests.card.conftest import District

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_device_is_the_same_after_a_restart(tmp_path: Path, district: District) -> None:
    """Identity, key, bundle, tag and signed time are all read back."""
    device = district.device(tmp_path)
    device.take_bundle(district.bundle(), '"tag"')
    device.keep_anchor(device.clock.set(NOON, device.clock.elapsed()))

    again = Device.open(tmp_path)

    assert again.enrolment == device.enrolment
    assert again.key == device.key
    assert again.etag == '"tag"'
    assert again.trusted == device.trusted
    assert again.clock.read().state is ClockState.SIGNED


def test_files_are_for_their_owner_alone(tmp_path: Path, district: District) -> None:
    """Nobody else on the machine reads the key, or anything else."""
    district.device(tmp_path / "state").take_bundle(district.bundle(), None)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}

    assert modes == dict.fromkeys(["device.json", "device.key", "bundle.cose", "bundle.etag"], 0o600)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_an_empty_directory_is_not_enrolled(tmp_path: Path) -> None:
    """The message says which command comes first."""
    with pytest.raises(NotEnrolled, match="enrol CODE"):
        Device.open(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("device.json", "{"),
        ("device.json", "{}"),
        ("device.json", "[]"),
        ("device.key", "AAAA"),
        ("device.key", "!"),
    ],
)
def test_a_torn_description_or_key_is_said_so(tmp_path: Path, district: District, name: str, content: str) -> None:
    """The message names the directory and what to do."""
    district.device(tmp_path)
    (tmp_path / name).write_text(content)

    with pytest.raises(StateUnusable, match="enrol the device anew"):
        Device.open(tmp_path)


def test_a_weak_root_is_not_believed(tmp_path: Path, district: District) -> None:
    """A root key of small order, for which signatures can be made up, is damage."""
    district.device(tmp_path)
    described = json.loads((tmp_path / "device.json").read_text())
    (tmp_path / "device.json").write_text(json.dumps(described | {"root": "A" * 43}))

    with pytest.raises(StateUnusable):
        Device.open(tmp_path)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("foreign", RefusalReason.FOREIGN_DEVICE),
        ("stranger", RefusalReason.UNKNOWN_KEY),
        ("rollback", RefusalReason.ROLLBACK),
        ("tariff", RefusalReason.MALFORMED),
        ("torn", RefusalReason.MALFORMED),
    ],
)
def test_a_bad_bundle_leaves_the_last_good_one(
    tmp_path: Path, district: District, case: str, reason: RefusalReason
) -> None:
    """In RAM and on disk: what was trusted before is trusted still."""
    device = district.device(tmp_path)
    good = device.take_bundle(district.bundle(), "good")
    stranger = SigningKey.generate(taken=[district.bundler.kid])
    later = NOON + SECOND
    bad = {
        "foreign": lambda: district.bundle(later, device_id=type(district.device_id)(int=1)),
        "stranger": lambda: sign_bundle(
            device_id=district.device_id,
            key_set=district.key_set(),
            status_lists=[],
            tariffs=[],
            at=later,
            key=stranger,
        ),
        "rollback": lambda: district.bundle(NOON - SECOND),
        "tariff": lambda: district.bundle(later, tariffs=[b"\x80"]),
        "torn": lambda: district.bundle(later)[:-10],
    }[case]()

    with pytest.raises(CredentialRefused) as refusal:
        device.take_bundle(bad, "bad")

    assert refusal.value.reason is reason
    assert device.trusted is good
    assert Device.open(tmp_path).trusted == good
    assert Device.open(tmp_path).etag == "good"


def test_an_older_key_set_is_a_rollback(tmp_path: Path, district: District) -> None:
    """A newer bundle with an older key set could bring a withdrawn key back."""
    device = district.device(tmp_path)
    old_keys = district.key_set(NOON - timedelta(days=1))
    device.take_bundle(district.bundle(), None)
    raw = sign_bundle(
        device_id=district.device_id,
        key_set=old_keys,
        status_lists=[],
        tariffs=[],
        at=NOON + SECOND,
        key=district.bundler,
    )

    with pytest.raises(CredentialRefused) as refusal:
        device.take_bundle(raw, None)

    assert refusal.value.reason is RefusalReason.ROLLBACK


def test_a_successor_of_the_root_is_followed_for_good(tmp_path: Path, district: District) -> None:
    """Once a bundle came under the new root, what only the old one signed no longer counts."""
    device = district.device(tmp_path)
    successor = SigningKey.generate()
    begin, end = NOON - timedelta(days=1), NOON + timedelta(days=300)
    keys = (TrustedKey(district.bundler.verifying_key, KeyUse.BUNDLE, begin, end),)
    named = sign_key_set(KeySet(1, begin, end, keys, successor.verifying_key), district.root)
    followed = sign_key_set(KeySet(2, begin, end, keys, None), successor, predecessor=named)

    def bundle(key_set: bytes, at: datetime) -> bytes:
        return sign_bundle(
            device_id=district.device_id, key_set=key_set, status_lists=[], tariffs=[], at=at, key=district.bundler
        )

    device.take_bundle(bundle(followed, NOON), None)

    assert Device.open(tmp_path).enrolment.root == successor.verifying_key
    old_root = sign_key_set(KeySet(3, begin, end, keys, None), district.root)
    with pytest.raises(CredentialRefused):
        Device.open(tmp_path).take_bundle(bundle(old_root, NOON + SECOND), None)


def test_a_kept_bundle_that_was_torn_is_said_so(tmp_path: Path, district: District) -> None:
    """A damaged file is no bundle: the device says so, and asks for a whole one without the old tag."""
    district.device(tmp_path).take_bundle(district.bundle(), "tag")
    (tmp_path / "bundle.cose").write_bytes(b"torn")

    device = Device.open(tmp_path)

    assert device.trusted is None
    assert device.etag is None
    assert "python -m card sync" in str(device.bundle_problem)
    device.take_bundle(district.bundle(), None)
    assert device.bundle_problem is None


def test_lost_side_files_cost_nothing_but_a_question(tmp_path: Path, district: District) -> None:
    """Without tag and time the device asks again, and its clock says that nobody confirmed it."""
    device = district.device(tmp_path)
    device.take_bundle(district.bundle(), "tag")
    (tmp_path / "bundle.etag").unlink()
    (tmp_path / "time.json").write_text("torn")

    again = Device.open(tmp_path)

    assert again.trusted is not None
    assert again.etag is None
    assert again.clock.read().state is not ClockState.SIGNED
    assert again.clock.read().at >= NOON


def test_a_bundle_that_cannot_be_kept_is_used_all_the_same(
    tmp_path: Path, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a read-only disk the running process trusts the newest bundle, and the caller is told."""
    device = district.device(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(StateUnusable, match="Read-only file system"):
        device.take_bundle(district.bundle(), None)
    assert device.trusted is not None


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is replaced whole, or stays as it was."""
    path = tmp_path / "file"
    write_whole(path, b"old")

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(StateUnusable, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"

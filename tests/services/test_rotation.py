"""Proves that keys change without a gap for devices, and at once where one was stolen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from card.cose import SigningKey
from card.trust import KeyUse, read_key_set
from services.keys import Keys, KeysInvalid, read_keys, replace_keys, write_keys
from services.rotation import FORMER_LIFETIME, publish_issuer, succeed_root, switch_issuer

AT = datetime(2026, 3, 11, 2, tzinfo=UTC)
LATER = AT + timedelta(days=2)


def believed(keys: Keys, at: datetime) -> set[bytes]:
    """The public issuer keys that a device with this key set believes at an instant."""
    trusted = read_key_set(keys.key_set, keys.root).keys_for(KeyUse.ISSUER, at)
    return {key.public for key in trusted.values()}


def public(key: SigningKey | None) -> bytes:
    """The public half."""
    assert key is not None
    return key.verifying_key.public


def test_a_published_key_is_believed_before_it_signs(keys: Keys, root: SigningKey) -> None:
    """Devices learn the next key while the old one still signs."""
    published = publish_issuer(keys, root, AT)

    assert published.issuer == keys.issuer
    assert believed(published, AT) == {public(keys.issuer), public(published.next_issuer)}


def test_the_old_key_is_believed_until_its_last_pass_has_ended(keys: Keys, root: SigningKey) -> None:
    """After the switch both are believed for eight days, then the new one alone."""
    published = publish_issuer(keys, root, AT)

    switched = switch_issuer(published, root, LATER)

    assert switched.issuer == published.next_issuer
    last = LATER + FORMER_LIFETIME - timedelta(seconds=1)
    assert believed(switched, last) == {public(keys.issuer), public(switched.issuer)}
    assert believed(switched, LATER + FORMER_LIFETIME) == {public(switched.issuer)}


def test_a_stolen_key_is_believed_no_longer(keys: Keys, root: SigningKey) -> None:
    """With the next key set the withdrawn key is gone."""
    switched = switch_issuer(publish_issuer(keys, root, AT), root, AT, withdraw=True)

    assert believed(switched, AT) == {public(switched.issuer)}


def test_a_key_long_out_of_use_leaves_the_file(keys: Keys, root: SigningKey) -> None:
    """A second rotation forgets the key of which no pass can be valid any more, and keeps the one just left."""
    first = switch_issuer(publish_issuer(keys, root, AT), root, AT)
    then = AT + FORMER_LIFETIME

    second = switch_issuer(publish_issuer(first, root, then), root, then)

    assert [former.public for former in second.former_issuers] == [public(first.issuer)]
    assert believed(publish_issuer(second, root, then + FORMER_LIFETIME), then + FORMER_LIFETIME).isdisjoint(
        {public(keys.issuer), public(first.issuer)}
    )


def test_steps_out_of_order_are_named(keys: Keys, root: SigningKey) -> None:
    """Nothing to switch to, and one waiting already, each say what to do."""
    with pytest.raises(KeysInvalid, match="sdc keys publish"):
        switch_issuer(keys, root, AT)
    with pytest.raises(KeysInvalid, match="sdc keys switch"):
        publish_issuer(publish_issuer(keys, root, AT), root, AT)


def test_devices_of_the_old_root_follow_its_successor(keys: Keys, root: SigningKey) -> None:
    """A device that knows only the first root believes what the third one signs, and a stranger's heir nobody."""
    second, third = SigningKey.generate(), SigningKey.generate()

    succeeded = succeed_root(succeed_root(keys, root, second, AT), second, third, LATER)

    assert succeeded.root == third.verifying_key
    for known in (root, second, third):
        assert read_key_set(succeeded.key_set, known.verifying_key).version == int(LATER.timestamp() * 1000)
    assert believed(succeeded, LATER) == {public(keys.issuer)}


def test_another_root_names_no_successor(keys: Keys) -> None:
    """Only the devices' own root can hand over."""
    with pytest.raises(KeysInvalid, match="devices trust"):
        succeed_root(keys, SigningKey.generate(), SigningKey.generate(), AT)


def test_rotated_keys_come_back_from_their_file(tmp_path: Path, keys: Keys, root: SigningKey) -> None:
    """What waits, what is former and what came before are kept, and the renewed file replaces the old one."""
    file = tmp_path / "keys.json"
    write_keys(file, keys)
    successor = SigningKey.generate()
    rotated = succeed_root(switch_issuer(publish_issuer(keys, root, AT), root, AT), root, successor, AT)
    rotated = publish_issuer(rotated, successor, AT)

    replace_keys(file, rotated)

    read = read_keys(file, AT)
    assert replace(read, master=dict(read.master)) == replace(rotated, master=dict(rotated.master))

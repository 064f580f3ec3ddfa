"""Proves that keys are made once, kept unreadable to others, never overwritten, and missed in plain words."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from card.cose import SigningKey
from services.keys import (
    KEY_SET_LIFETIME,
    Keys,
    KeysInvalid,
    make_keys,
    read_keys,
    read_root,
    renew_key_set,
    replace_keys,
    write_keys,
    write_root,
)

AT = datetime(2026, 3, 11, 2, tzinfo=UTC)
FIELDS = ["demo", "master", "blind_index", "session", "pseudonym", "issuer", "status", "bundle", "root", "key_set"]


def test_keys_come_back_as_they_were_written(tmp_path: Path, keys: Keys) -> None:
    """A file read again gives the same keys, and only its owner may read it."""
    file = tmp_path / "inner/keys.json"

    write_keys(file, keys)

    assert read_keys(file, AT) == keys
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_root_comes_back_as_it_was_written(tmp_path: Path, root: SigningKey) -> None:
    """The root's file holds the root, for its owner alone."""
    file = tmp_path / "root.json"

    write_root(file, root)

    assert read_root(file) == root
    assert file.stat().st_mode & 0o777 == 0o600


def test_keys_are_never_overwritten(tmp_path: Path, keys: Keys, root: SigningKey) -> None:
    """A second write refuses and leaves the first file as it is."""
    file = tmp_path / "keys.json"
    write_keys(file, keys)
    before = file.read_bytes()

    with pytest.raises(KeysInvalid, match="never overwritten"):
        write_keys(file, make_keys(root, demo=False, at=AT))

    assert file.read_bytes() == before


def test_each_purpose_has_a_key_of_its_own(keys: Keys) -> None:
    """What signs a challenge does not seal a refresh token."""
    assert keys.derived("challenge") != keys.derived("refresh")


def test_no_secret_shows_in_the_text_of_the_keys(keys: Keys) -> None:
    """A log or a traceback that shows the value shows no secret of it."""
    shown = repr(keys)

    assert keys.session.hex() not in shown
    assert repr(keys.session) not in shown
    assert repr(keys.issuer.seed) not in shown


def test_the_server_trusts_its_own_issuer_for_the_life_of_the_key_set(keys: Keys) -> None:
    """From a day before it was made until the day on which it ends."""
    kid = keys.issuer.kid

    trusted = [kid in keys.trusted(AT + after) for after in (timedelta(days=-2), timedelta(0), KEY_SET_LIFETIME)]

    assert trusted == [False, True, False]


def test_a_key_set_that_ended_is_named_with_the_remedy(tmp_path: Path, keys: Keys, root: SigningKey) -> None:
    """The server says to renew, and the renewed file is read again on that day."""
    file = tmp_path / "keys.json"
    write_keys(file, keys)
    ended = AT + KEY_SET_LIFETIME

    with pytest.raises(KeysInvalid, match="sdc keys renew"):
        read_keys(file, ended)
    replace_keys(file, renew_key_set(read_keys(file, AT), root, ended))

    renewed = read_keys(file, ended)
    assert renewed == replace(keys, key_set=renewed.key_set)
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_another_root_renews_nothing(keys: Keys) -> None:
    """Devices hold the first root's fingerprint, so another one's signature would cut them all off."""
    with pytest.raises(KeysInvalid, match="devices trust"):
        renew_key_set(keys, SigningKey.generate(), AT)


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"demo": false}'])
def test_a_file_that_holds_no_keys_is_named(tmp_path: Path, content: str) -> None:
    """Whatever stands in it, the sentence names the file."""
    file = tmp_path / "keys.json"
    file.write_text(content)

    with pytest.raises(KeysInvalid, match=r"keys\.json"):
        read_keys(file, AT)
    with pytest.raises(KeysInvalid, match=r"keys\.json"):
        read_root(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing file is no traceback."""
    with pytest.raises(KeysInvalid, match="cannot be read"):
        read_keys(tmp_path / "none.json", AT)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [None, 7, "", "AAAA", {}, {"x": "AAAA"}])
def test_every_damaged_field_is_refused(tmp_path: Path, keys: Keys, field: str, value: object) -> None:
    """One field altered spoils the file, and the message repeats nothing of it; only `demo` errs on the safe side."""
    file = tmp_path / "keys.json"
    write_keys(file, keys)
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, field: value}))

    if field == "demo":
        assert read_keys(file, AT).demo
        return
    with pytest.raises(KeysInvalid, match="damaged") as refused:
        read_keys(file, AT)

    assert content["session"] not in str(refused.value)

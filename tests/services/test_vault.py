"""Shows that sealed data opens only in its own place and under its own key, and is found without being opened."""

import os
from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from models.record import new_id
from services.vault import Indexed, Sealed, Vault, VaultRefused


@pytest.fixture
def vault() -> Vault:
    """A vault with two master keys, as after a rotation."""
    return Vault({1: os.urandom(32), 2: os.urandom(32)}, os.urandom(32), os.urandom(32))


@pytest.mark.parametrize("text", ["", "王小明", "x" * 10_000])
def test_what_is_sealed_opens(vault: Vault, text: str) -> None:
    """Every text comes back, never sealed twice alike, through the wrapped key as well."""
    resident_id = new_id()
    key, wrapped, version = vault.new_data_key(resident_id)
    first, second = [key.seal(Sealed.NAME, text) for _ in range(2)]

    assert first != second
    assert not text or text.encode() not in first
    assert vault.data_key(resident_id, wrapped, version).open(Sealed.NAME, first) == text


def test_cells_cannot_be_exchanged_between_columns(vault: Vault) -> None:
    """A phone number put into the column of names does not open, for any two columns."""
    key, _, _ = vault.new_data_key(new_id())

    for column, other in permutations(Sealed, 2):
        with pytest.raises(VaultRefused):
            key.open(other, key.seal(column, "x"))


def test_cells_cannot_be_exchanged_between_residents(vault: Vault) -> None:
    """Neither a cell nor a wrapped key moved to another resident's row opens there."""
    one, other = new_id(), new_id()
    key, wrapped, version = vault.new_data_key(one)

    with pytest.raises(VaultRefused):
        replace(key, resident_id=other).open(Sealed.NAME, key.seal(Sealed.NAME, "x"))
    with pytest.raises(VaultRefused):
        vault.data_key(other, wrapped, version)


def test_altered_cells_do_not_open(vault: Vault) -> None:
    """Any flipped bit, a cut and an empty cell are refused alike."""
    key, wrapped, version = vault.new_data_key(new_id())
    sealed = key.seal(Sealed.NAME, "王小明")
    altered = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]

    for cell in [*altered, sealed[:-1], sealed[:5], b""]:
        with pytest.raises(VaultRefused):
            key.open(Sealed.NAME, cell)
    with pytest.raises(VaultRefused):
        vault.data_key(key.resident_id, wrapped[:-1], version)


def test_new_keys_are_wrapped_by_the_newest_master_key(vault: Vault) -> None:
    """After a rotation old rows still open, and only until their master key is thrown away."""
    resident_id = new_id()
    before = replace(vault, master={1: vault.master[1]})
    key, wrapped, version = before.new_data_key(resident_id)
    after = replace(vault, master={2: vault.master[2]})

    assert version == 1
    assert vault.data_key(resident_id, wrapped, version) == key
    assert vault.new_data_key(resident_id)[2] == 2
    with pytest.raises(VaultRefused):
        after.data_key(resident_id, wrapped, version)
    with pytest.raises(VaultRefused):
        vault.data_key(resident_id, wrapped, 2)


def test_removing_the_key_erases_the_resident(vault: Vault) -> None:
    """With the wrapped key overwritten, nothing opens what it sealed, a new key for the resident included."""
    resident_id = new_id()
    key, _, version = vault.new_data_key(resident_id)
    sealed = key.seal(Sealed.ADDRESS, "某路 1 号")

    with pytest.raises(VaultRefused):
        vault.data_key(resident_id, b"", version)
    with pytest.raises(VaultRefused):
        vault.new_data_key(resident_id)[0].open(Sealed.ADDRESS, sealed)


def test_secrets_are_not_printed(vault: Vault) -> None:
    """A vault or key in a log or a traceback shows none of its bytes."""
    key, _, _ = vault.new_data_key(new_id())

    printed = repr(vault) + repr(key)

    for secret in (*vault.master.values(), vault.index_key, vault.pseudonym_key, key.secret):
        assert repr(secret)[2:-1] not in printed


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        (Indexed.NAME, " 王　小明 ", "王小明"),
        (Indexed.NAME, "ａlim", "ALIM"),
        (Indexed.CARD_NUMBER, "33060419800501001x11", "33060419800501001X11"),
        (Indexed.PHONE, "１３９ 0000 0001", "13900000001"),
        (Indexed.BINDING_CODE, "abcde fghjk", "ABCDEFGHJK"),
    ],
)
def test_what_people_type_finds_what_is_stored(vault: Vault, field: Indexed, typed: str, stored: str) -> None:
    """Spaces, case and width do not matter where people type."""
    assert vault.index(field, typed) == vault.index(field, stored)


@pytest.mark.parametrize("field", [Indexed.OPENID, Indexed.REFRESH_TOKEN, Indexed.ADDRESS_OF_CLIENT])
def test_what_machines_say_is_exact(vault: Vault, field: Indexed) -> None:
    """Two openids or tokens that differ in case only are two."""
    assert vault.index(field, "a b") != vault.index(field, "A b") != vault.index(field, "Ab")


def test_an_index_tells_nothing_but_sameness(vault: Vault) -> None:
    """Another field or another key gives other bytes, and halves of characters are answered too."""
    name = vault.index(Indexed.NAME, "王小明")

    assert len(name) == 32
    assert name != vault.index(Indexed.PHONE, "王小明")
    assert name != replace(vault, index_key=os.urandom(32)).index(Indexed.NAME, "王小明")
    assert vault.index(Indexed.NAME, "\ud800") != vault.index(Indexed.NAME, "\udfff")


def test_a_pseudonym_leads_back_in_its_month_only(vault: Vault) -> None:
    """The server finds the resident again; another month's or another server's pseudonym is somebody else's."""
    resident_id, march = new_id(), date(2026, 3, 31)
    pseudonym = vault.pseudonym(resident_id, march)

    assert vault.resident_of(pseudonym, date(2026, 3, 1)) == resident_id
    assert pseudonym == vault.pseudonym(resident_id, date(2026, 3, 1))
    assert pseudonym != vault.pseudonym(resident_id, date(2026, 4, 1))
    assert pseudonym != vault.pseudonym(resident_id, date(2027, 3, 1))
    assert pseudonym != vault.pseudonym(new_id(), march)
    assert vault.resident_of(pseudonym, date(2026, 4, 1)) != resident_id
    assert replace(vault, pseudonym_key=os.urandom(32)).resident_of(pseudonym, march) != resident_id
    assert len(pseudonym) == 16
    assert pseudonym != resident_id.bytes

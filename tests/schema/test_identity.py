"""Opaque ids: they come back as the key they were made of, and only for their own type."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.identity import NOBODY, from_id, key_of, to_id


@given(st.uuids())
def test_an_id_comes_back_as_its_key(key: UUID) -> None:
    """Every key survives the way to the client and back, and is no key of another type."""
    text = to_id("Slot", key)

    assert from_id("Slot", text) == key_of("Slot", text) == key
    assert from_id("Booking", text) is None


@given(st.text())
def test_no_text_is_anything_but_an_id_or_refused(text: str) -> None:
    """Malformed ids are answered like unknown ones."""
    found = from_id("Slot", text)

    assert found is None or to_id("Slot", found).rstrip("=") == text.rstrip("=")
    assert key_of("Slot", text) == (found or NOBODY)


@pytest.mark.parametrize("text", ["", "====", "U2xvdDo", "中文", "U2xvdDp4"])
def test_a_malformed_id_is_nobodys(text: str) -> None:
    """Neither too short a key nor foreign letters raise anything."""
    assert key_of("Slot", text) == NOBODY

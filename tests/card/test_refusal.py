"""Refusals: each says its reason and nothing else."""

import pytest

from card.refusal import CredentialRefused, RefusalReason


@pytest.mark.parametrize("reason", list(RefusalReason))
def test_a_refusal_reads_as_its_reason(reason: RefusalReason) -> None:
    """The text of the exception is the stable value, which may be logged."""
    refusal = CredentialRefused(reason)

    assert str(refusal) == reason.value == reason.name.lower()
    assert refusal.reason is reason

"""Shows that claims come out as a table that a spreadsheet opens, and that a wrong month is told."""

from tests.cli.conftest import Sdc
from tests.conftest import DatabaseAddresses


def test_claims_are_printed_as_a_table(sdc: Sdc, database: DatabaseAddresses) -> None:
    """A month without any has the head alone; no month at all is refused with what to write."""
    empty = sdc("claims", "2026-03", DATABASE_URL=database.app_url)
    wrong = sdc("claims", "March", DATABASE_URL=database.app_url)

    assert empty.stdout == "month,provider_id,provider,programme,sessions,amount\n", empty.stderr
    assert wrong.returncode != 0
    assert "%Y-%m" in wrong.stderr

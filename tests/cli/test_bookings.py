"""Shows that the nightly review runs with a database and the server's keys, and names what it misses."""

from datetime import UTC, datetime
from pathlib import Path

from card.cose import SigningKey
from services.keys import make_keys, write_keys
from tests.cli.conftest import Sdc
from tests.conftest import DatabaseAddresses


def test_bookings_are_reviewed(sdc: Sdc, database: DatabaseAddresses, tmp_path: Path) -> None:
    """It says how many it looked at; without the keys it cannot, and says which file is missing."""
    file = tmp_path / "keys.json"
    missing = sdc("bookings", "review", DATABASE_URL=database.app_url, KEYS_FILE=file)
    write_keys(file, make_keys(SigningKey.generate(), demo=False, at=datetime.now(UTC)))

    reviewed = sdc("bookings", "review", DATABASE_URL=database.app_url, KEYS_FILE=file)

    assert missing.returncode != 0
    assert "keys.json" in missing.stderr
    assert "Traceback" not in missing.stderr
    assert reviewed.stdout.strip() == "0 bookings to come: 0 flagged, 0 flags taken back.", reviewed.stderr

"""The codes fit the QR symbols that cheap scanners read: version 12 for a presentation, 7 for an online code, at M."""

import json
from pathlib import Path

import pytest
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "tokens.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "version", "capacity"), [("presentation of a pass", 12, 419), ("online code", 7, 178)]
)
def test_a_code_fits_its_symbol(name: str, version: int, capacity: int) -> None:
    """Two access classes and a status claim on the phone; a masked name of three characters in the online code."""
    (text,) = (case["text"] for case in VECTORS["valid"] if case["name"] == name)
    symbol = QRCode(error_correction=ERROR_CORRECT_M)
    symbol.add_data(text)

    symbol.make(fit=True)

    assert symbol.version == version
    assert [part.mode for part in symbol.data_list] == [MODE_ALPHA_NUM]
    assert len(text) <= capacity

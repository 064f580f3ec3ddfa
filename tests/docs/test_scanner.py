"""The specification for device makers says what the package does, where a machine can tell."""

import json
import re
from pathlib import Path

from card.presentation import MAX_TEXT
from card.refusal import RefusalReason
from card.scan import Scan

ROOT = Path(__file__).parents[2]
CHAPTERS = re.split(r"^## \d+\. ", (ROOT / "docs" / "scanner.md").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_worked_example_is_the_first_vector() -> None:
    """The bytes of chapter 13, put together, are the token that the vectors hold."""
    tokens = json.loads((ROOT / "tests" / "vectors" / "tokens.json").read_text(encoding="utf-8"))
    (block,) = re.findall(r"```\n(.*?)```", CHAPTERS[13], flags=re.DOTALL)
    columns = [re.split(r" {2,}", line.strip())[0] for line in block.splitlines()]

    assert bytes.fromhex("".join(columns)).hex() == tokens["valid"][0]["token"]


def test_every_reason_is_listed() -> None:
    """Chapter 12 holds all reasons and no other."""
    listed = re.findall(r"`([a-z_]+)`", CHAPTERS[12].partition("\n\n")[0])

    assert listed == [reason.value for reason in RefusalReason]


def test_the_record_of_a_scan_has_the_keys_listed() -> None:
    """Chapter 11 numbers each part of a scan, and the limit on its text is the package's."""
    keys = [int(key) for key in re.findall(r"^\| (\d+) \|", CHAPTERS[11], flags=re.MULTILINE)]

    assert keys == list(range(1, len(Scan.__dataclass_fields__) + 1))
    assert f"at most {MAX_TEXT:,} characters" in CHAPTERS[11]

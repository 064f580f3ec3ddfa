"""Rule files are read as the editors of this world save them, or refused with a remedy."""

import shutil
from pathlib import Path

import pytest

from domain.policy_file import PolicyInvalid
from services.bootstrap import POLICY, load_rules


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped rules."""
    return Path(shutil.copytree(POLICY, tmp_path / "policy"))


def test_a_file_with_a_byte_order_mark_is_read(copy: Path) -> None:
    """The mark that some editors put before the text does no harm."""
    file = copy / "free-bus.toml"
    file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8-sig")

    assert len(load_rules(copy).chinese.programmes) == len(load_rules().chinese.programmes)


def test_a_file_that_cannot_be_read_is_told(copy: Path) -> None:
    """What is no file, or is not for the server to read, is named like any other mistake."""
    (copy / "new-programme.toml").mkdir()

    with pytest.raises(PolicyInvalid, match=r"new-programme.toml, key \(file\): cannot be read: Is a directory"):
        load_rules(copy)


def test_a_file_in_another_encoding_is_refused(copy: Path) -> None:
    """A file saved in the old Chinese encoding is named, with what to do."""
    file = copy / "free-bus.toml"
    file.write_text(file.read_text(encoding="utf-8"), encoding="gb18030")

    with pytest.raises(PolicyInvalid, match=r"free-bus.toml, key \(file\): not UTF-8. Save the file as UTF-8."):
        load_rules(copy)

"""Two decoders read the symbols, also from pictures such as a bus gives: turned, blurred, pale, partly covered."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "tokens.json").read_text(encoding="utf-8"))
TEXTS = [case["text"] for case in VECTORS["valid"] if case["name"] in {"presentation of a pass", "online code"}]
MODULE = 8  # pixels a module, as a phone held before a scanner's camera gives
GREY = 128


def drawn(text: str) -> Image.Image:
    """The symbol with its quiet zone, black on white."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    matrix = code.get_matrix()
    picture = Image.new("L", (len(matrix), len(matrix)), 255)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                picture.putpixel((x, y), 0)
    return picture.resize((len(matrix) * MODULE,) * 2, Image.Resampling.NEAREST)


def as_it_is(picture: Image.Image) -> Image.Image:
    """A screenshot."""
    return picture


def turned(picture: Image.Image) -> Image.Image:
    """The phone held askew."""
    return picture.rotate(17, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def upside_down(picture: Image.Image) -> Image.Image:
    """The phone held the wrong way round."""
    return picture.rotate(180)


def blurred(picture: Image.Image) -> Image.Image:
    """A camera that has not focused."""
    return picture.filter(ImageFilter.GaussianBlur(MODULE * 0.35))


def pale(picture: Image.Image) -> Image.Image:
    """A dim screen in bright light: a fifth of the contrast is left."""
    return picture.point(lambda value: GREY + round((value - GREY) / 5))


def covered(picture: Image.Image) -> Image.Image:
    """A finger's breadth over the data: about a twentieth of the modules, where level M mends up to 15 %."""
    side = picture.width * 0.22
    left, top = picture.width * 0.55, picture.height * 0.42
    ImageDraw.Draw(picture).rectangle((left, top, left + side, top + side), fill=GREY)
    return picture


def by_zxing(picture: Image.Image, _directory: Path) -> list[str]:
    """What zxing-cpp reads."""
    return [
        found.text
        for found in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    ]


def by_zbar(picture: Image.Image, directory: Path) -> list[str]:
    """What zbar reads."""
    path = directory / "symbol.png"
    picture.save(path)
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "--nodbus", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.splitlines()


@pytest.mark.parametrize("text", TEXTS, ids=["presentation", "online code"])
@pytest.mark.parametrize("damage", [as_it_is, turned, upside_down, blurred, pale, covered])
@pytest.mark.parametrize("read", [by_zxing, by_zbar])
def test_a_symbol_is_read(
    read: Callable[[Image.Image, Path], list[str]],
    damage: Callable[[Image.Image], Image.Image],
    text: str,
    tmp_path: Path,
) -> None:
    """Each decoder gives back the very text, whatever befell the picture within what level M promises."""
    picture = damage(drawn(text))

    assert read(picture, tmp_path) == [text]

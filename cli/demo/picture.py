"""Draws a code as a QR symbol out of characters, two rows of modules a line, so that a terminal can be scanned."""

from typing import Final

import qrcode
from rich.text import Text

# Named outright, because a scanner needs dark on light and the colours of a terminal are anybody's choice.
INK: Final = "#000000 on #ffffff"
QUIET_ZONE: Final = 4
_HALVES: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def draw(text: str) -> Text:
    """The QR symbol of `text` at error correction level M, quiet zone included; one character a module wide."""
    symbol = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=QUIET_ZONE)
    symbol.add_data(text)
    symbol.make()
    rows = symbol.get_matrix()
    # A symbol has an odd number of rows: the last line ends with one row more of quiet zone.
    rows.append([False] * len(rows[0]))
    lines = (
        "".join(_HALVES[upper, lower] for upper, lower in zip(rows[row], rows[row + 1], strict=True))
        for row in range(0, len(rows), 2)
    )
    return Text("\n").join(Text(line, style=INK, no_wrap=True) for line in lines)

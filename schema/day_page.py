"""A provider's day as a sheet of paper: for the desk whose computer is off, and for the hands of an interpreter."""

from collections.abc import Iterable
from datetime import date
from html import escape

from domain.dates import DISTRICT_ZONE
from schema import messages
from services.desks import DeskBooking

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 14pt sans-serif; margin: 1.5cm }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border: 1px solid; padding: 0.2cm; text-align: left; vertical-align: top }}
thead {{ display: table-header-group }}
tr {{ break-inside: avoid }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def day_page(provider: str, on: date, bookings: Iterable[DeskBooking]) -> str:
    """The whole document; a last empty column is for the pen."""
    title = escape(messages.day_title(provider, on))
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in messages.DAY_HEADS)
    return _PAGE.format(title=title, heads=heads, rows="\n".join(_row(each) for each in bookings))


def _row(entry: DeskBooking) -> str:
    booking = entry.booking
    start, end = (at.astimezone(DISTRICT_ZONE) for at in (booking.slot.starts_at, booking.slot.ends_at))
    remarks = [messages.INTERPRETER] if booking.interpreter else []
    remarks += [messages.FLAGGED] if booking.flag else []
    cells = (
        f"{start:%H:%M}-{end:%H:%M}",
        booking.service.name,
        entry.masked_name,
        messages.PRESENCE[booking.state],
        messages.together(remarks),
        "",
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"

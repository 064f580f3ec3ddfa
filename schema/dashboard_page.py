"""The dashboard as one page that needs no script: a chart and its table side by side, and each table to take away."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from domain.dates import DISTRICT_ZONE
from domain.settlement import Verdict
from schema import messages
from services.dashboard import Seen
from services.sheet import Cell, Sheet, as_csv, as_xlsx

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
* {{ box-sizing: border-box }}
body {{ font: 100%/1.5 "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: #1a1a1a; background: #fff;
  max-width: 70rem; margin: 0 auto; padding: 1rem }}
h1 {{ font-size: 1.6rem; margin: 0 }}
h2 {{ font-size: 1.2rem; margin: 0 0 .5rem }}
section {{ border-top: 1px solid #767676; padding: 1rem 0; break-inside: avoid }}
.pair {{ display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start }}
.pair > svg {{ flex: 1 1 20rem; min-width: 0; max-width: 28rem }}
.pair > div {{ flex: 1 1 20rem; min-width: 0; overflow-x: auto }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border-bottom: 1px solid #949494; padding: .2rem .5rem; text-align: left; overflow-wrap: anywhere }}
thead th {{ white-space: nowrap }}
tbody th {{ font-weight: normal }}
.number {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }}
svg text {{ font-size: 13px; fill: #1a1a1a }}
a {{ color: #0b4a82; display: inline-block; padding: .3rem .6rem .3rem 0 }}
a:focus {{ outline: 3px solid #0b4a82 }}
@media print {{ body {{ padding: 0; font-size: 10pt }} .take {{ display: none }}
  .pair {{ flex-wrap: nowrap }} .pair > svg, .pair > div {{ flex-basis: 45% }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{span}<br>{sums}</p>
{sections}
</body>
</html>
"""
_WIDTH, _NAME, _ROW, _HEIGHT = 360, 138, 26, 150
_NUMBER = 62
# How wide the name of a day is, which must not run out of the chart.
_LABEL = 40
_SHOWN = 20
_LONGEST = 10
_DAYS_NAMED = 6
# Against white: 8.9 to 1.
_BAR = "#0b4a82"


@dataclass(frozen=True)
class Table:
    """A table of the page, with the numbers that its chart draws: a name and a number each."""

    name: str
    title: str
    sheet: Sheet
    empty: str = messages.DASHBOARD_EMPTY


def tables_of(seen: Seen) -> Sequence[Table]:
    """All tables of a dashboard."""
    tally = seen.tally
    days = [(each.day, each.rides, each.entries, each.companions, each.refused) for each in tally.days]
    classes = [(messages.RIDE_CLASS[Verdict(name)], number) for name, number in tally.classes]
    refusals = [(messages.because(name), number) for name, number in tally.refusals]
    delays = [(messages.DELAY[name], number) for name, number in tally.delays]
    silent = [
        (
            each.operator,
            each.place,
            messages.moment(each.last_at.astimezone(DISTRICT_ZONE)) if each.last_at else messages.NEVER,
        )
        for each in seen.silent
    ]
    return (
        Table("days", messages.DAYS_TITLE, Sheet(messages.DAYS_HEADS, days)),
        Table("lines", messages.LINES_TITLE, Sheet(messages.LINES_HEADS, tally.lines)),
        Table("classes", messages.CLASSES_TITLE, Sheet(messages.CLASSES_HEADS, classes)),
        Table("refusals", messages.REFUSALS_TITLE, Sheet(messages.REFUSALS_HEADS, refusals)),
        Table("delays", messages.DELAYS_TITLE, Sheet(messages.DELAYS_HEADS, delays)),
        Table("silent", messages.SILENT_TITLE, Sheet(messages.SILENT_HEADS, silent), messages.NO_SILENT_DEVICE),
    )


def dashboard_page(operator: str, seen: Seen) -> str:
    """The whole document."""
    days = seen.tally.days
    sums = messages.dashboard_sum(
        sum(day.rides for day in days), sum(day.entries for day in days), sum(day.refused for day in days)
    )
    return _PAGE.format(
        title=escape(messages.dashboard_title(operator)),
        span=escape(messages.dashboard_span(seen.since, seen.until, seen.at.astimezone(DISTRICT_ZONE))),
        sums=escape(sums),
        sections="\n".join(_section(table) for table in tables_of(seen)),
    )


def _section(table: Table) -> str:
    title = f"<section><h2>{escape(table.title)}</h2>"
    if not table.sheet.rows:
        return f"{title}<p>{escape(table.empty)}</p></section>"
    return f'{title}<div class="pair">{_chart(table)}<div>{_table(table.sheet)}{_links(table)}</div></div></section>'


def _chart(table: Table) -> str:
    """What can be seen at a glance; whoever listens has the table, so it is hidden from her."""
    match table.name:
        case "silent":
            return ""
        case "days":
            return _columns(table.sheet.rows)
        case _:
            return _bars(table.sheet.rows[:_SHOWN])


def _columns(rows: Sequence[Sequence[Cell]]) -> str:
    """A column a day, of rides and entries together, some of the days named."""
    numbers = [int(str(row[1])) + int(str(row[2])) for row in rows]
    most, step = max(*numbers, 1), _WIDTH / len(rows)
    drawn = [f'<text x="0" y="14">{escape(messages.at_most(most))}</text>']
    every = max(1, len(rows) // _DAYS_NAMED)
    for place, (row, number) in enumerate(zip(rows, numbers, strict=True)):
        height = number / most * _HEIGHT
        drawn.append(
            f'<rect x="{place * step + step * 0.1:.1f}" y="{20 + _HEIGHT - height:.1f}" width="{step * 0.8:.1f}" '
            f'height="{height:.1f}" fill="{_BAR}"/>'
        )
        if place % every == 0 and place * step < _WIDTH - _LABEL:
            drawn.append(f'<text x="{place * step:.1f}" y="{_HEIGHT + 38}">{str(row[0])[5:]}</text>')
    base = f'<path d="M0 {20 + _HEIGHT}H{_WIDTH}" stroke="#1a1a1a"/>'
    return _svg(_HEIGHT + 44, [*drawn, base])


def _bars(rows: Sequence[Sequence[Cell]]) -> str:
    """A bar for each name, its number behind it."""
    most = max(*(int(str(row[1])) for row in rows), 1)
    drawn = []
    for place, (name, number) in enumerate(rows):
        length, top = int(str(number)) / most * (_WIDTH - _NAME - _NUMBER), place * _ROW
        drawn.append(
            f'<text x="{_NAME - 8}" y="{top + 18}" text-anchor="end">{escape(_short(str(name)))}</text>'
            f'<rect x="{_NAME}" y="{top + 4}" width="{length:.1f}" height="{_ROW - 8}" fill="{_BAR}"/>'
            f'<text x="{_NAME + length + 6:.1f}" y="{top + 18}">{number:,}</text>'
        )
    return _svg(len(rows) * _ROW, drawn)


def _svg(height: float, drawn: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _table(sheet: Sheet) -> str:
    heads = "".join(
        f'<th scope="col"{_align(cell)}>{escape(head)}</th>'
        for head, cell in zip(sheet.heads, sheet.rows[0], strict=True)
    )
    rows = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in sheet.rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(row: Sequence[Cell]) -> Iterator[str]:
    for place, cell in enumerate(row):
        text = f"{cell:,}" if isinstance(cell, int) else str(cell)
        if place == 0:
            yield f'<th scope="row">{escape(text)}</th>'
        else:
            yield f"<td{_align(cell)}>{escape(text)}</td>"


def _align(cell: Cell) -> str:
    return ' class="number"' if isinstance(cell, int) else ""


def _links(table: Table) -> str:
    """The table as files that lie in the page itself: nothing has to be asked for again, and signed in for."""
    kinds = {
        "csv": ("text/csv", as_csv(table.sheet)),
        "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx(table.sheet)),
    }
    links = (
        f'<a download="{table.name}.{ending}" href="data:{kind};base64,{base64.b64encode(content).decode()}">'
        f"{escape(messages.download(table.title, ending))}</a>"
        for ending, (kind, content) in kinds.items()
    )
    return f'<p class="take">{" ".join(links)}</p>'

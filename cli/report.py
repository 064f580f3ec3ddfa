"""Coverage, visits and simulations as tables of 80 columns, and as files that a spreadsheet opens."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.table import Table

from domain.coverage import Coverage
from domain.simulation import Dimension, Effect
from domain.target import Target
from services.coverage import Visit
from services.simulation import Simulation

# Of category 1 to 7, as the glossary has them; pictures and narrow terminals need no Chinese for them.
CATEGORIES = ("vision", "hearing", "speech", "physical", "intellectual", "mental", "multiple")
ALL = "(all)"
UNKNOWN = "(unknown)"
# Spreadsheets take a file for UTF-8 only if it says so.
ENCODING = "utf-8-sig"


def coverage_table(lines: Sequence[Coverage], targets: Sequence[Target], *, by_town: bool) -> Table:
    """A line a programme, or of one programme a line a town, with each of the plan's targets reached or not."""
    first = "town" if by_town else "programme"
    table = _table(first, "entitled", "receive", "missing", "open", "wrongly", "share", "targets")
    for line in lines:
        if by_town or not line.town:
            name = (line.town or ALL) if by_town else line.programme
            counts = (line.entitled, line.receiving, line.missing_out, line.undetermined, line.not_entitled)
            reached = "\n".join(_reached(line, targets))
            table.add_row(name, *(f"{count:,}" for count in counts), _share(line), reached)
    return table


def _share(line: Coverage) -> str:
    return "" if line.share is None else f"{line.share:.1%}"


def _reached(line: Coverage, targets: Iterable[Target]) -> Iterator[str]:
    """Each target and whether it is reached; where nobody is entitled there is nothing to reach."""
    # The plan says some figures twice, in two clauses.
    promised = {target.share: line.reaches(target) for target in targets if target.programme == line.programme}
    for share, reached in promised.items():
        yield f"{share:.0%}" + ("" if line.share is None else " yes" if reached else " no")


def write_coverage(file: Path, lines: Sequence[Coverage], targets: Sequence[Target]) -> None:
    """Every line, of all and of each town."""
    header = (
        *("programme", "town", "entitled", "receiving", "missing_out", "undetermined", "receiving_not_entitled"),
        *("share", "targets"),
    )
    _write(
        file,
        header,
        (
            (
                *(line.programme, line.town or ALL, line.entitled, line.receiving, line.missing_out),
                *(line.undetermined, line.not_entitled, _share(line), " ".join(_reached(line, targets))),
            )
            for line in lines
        ),
    )


def visits_table(visits: Sequence[Visit]) -> Table:
    """Whom to visit by village, and what to ask, or that she need only apply."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("town", "village", "name"):
        table.add_column(name, no_wrap=True)
    table.add_column("why")
    for visit in visits:
        table.add_row(visit.town, visit.village, visit.masked_name, _why(visit))
    return table


def _why(visit: Visit) -> str:
    if visit.missing:
        return "ask: " + ", ".join(f"{need.label} ({need.department})" for need in visit.missing)
    return "entitled, receives nothing" + (f"; to bring: {', '.join(visit.documents)}" if visit.documents else "")


def write_visits(file: Path, visits: Sequence[Visit]) -> None:
    """The same lines."""
    lines = ((visit.town, visit.village, visit.masked_name, _why(visit)) for visit in visits)
    _write(file, ("town", "village", "name", "why"), lines)


def programmes_table(simulation: Simulation) -> Table:
    """A line for each programme in which anything changes, and one for all together."""
    table = _table("programme", *_EFFECT)
    for effect in simulation.effects:
        if effect.dimension is Dimension.ALL and (not effect.programme or _changes(effect)):
            table.add_row(effect.programme or ALL, *_cells(effect, simulation))
    return table


def groups_table(simulation: Simulation) -> Table:
    """All programmes together, by grade, category and town."""
    table = _table("group", *_EFFECT)
    for effect in simulation.effects:
        somebody = effect.heads_before or effect.heads_after
        if somebody and effect.dimension is not Dimension.ALL and not effect.programme:
            table.add_row(f"{effect.dimension} {group_name(effect)}", *_cells(effect, simulation))
    return table


_EFFECT = ("heads", "after", "yuan a year", "after", "gain", "lose")


def _changes(effect: Effect) -> bool:
    moved = (effect.heads_before, effect.yuan_before) != (effect.heads_after, effect.yuan_after)
    return moved or effect.gainers > 0 or effect.losers > 0


def _cells(effect: Effect, simulation: Simulation) -> Iterable[str]:
    yield from (f"{heads:,}" for heads in (effect.heads_before, effect.heads_after))
    for yuan in (effect.yuan_before, effect.yuan_after):
        yield f"{yuan:,.0f}{'*' if yuan and simulation.is_illustrative(effect) else ''}"
    yield from (f"{heads:,}" for heads in (effect.gainers, effect.losers))


def write_simulation(file: Path, simulation: Simulation) -> None:
    """Every line: each programme and all together, by each group; amounts that are examples are marked."""
    header = (
        *("programme", "by", "group", "heads_before", "heads_after", "yuan_a_year_before", "yuan_a_year_after"),
        *("gainers", "losers", "amounts"),
    )
    _write(
        file,
        header,
        (
            (
                *(effect.programme or ALL, effect.dimension, group_name(effect)),
                *(effect.heads_before, effect.heads_after, _plain(effect.yuan_before), _plain(effect.yuan_after)),
                *(effect.gainers, effect.losers),
                "illustrative" if simulation.is_illustrative(effect) else "as decided",
            )
            for effect in simulation.effects
        ),
    )


def group_name(effect: Effect) -> str:
    """The group of a line in a word."""
    if not effect.group:
        return ALL if effect.dimension is Dimension.ALL else UNKNOWN
    return CATEGORIES[int(effect.group) - 1] if effect.dimension is Dimension.CATEGORY else effect.group


def _plain(yuan: Decimal) -> str:
    return f"{yuan:.2f}"


def _table(first: str, *numbers: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column(first, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", min_width=len(name))
    return table


def _write(file: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    with file.open("w", encoding=ENCODING, newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(header)
        writer.writerows(lines)

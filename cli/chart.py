"""Draws a simulation, so that a meeting sees at once what would change and for whom."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np

from cli.report import group_name
from domain.simulation import Dimension, Effect
from services.simulation import Simulation

mpl.use("Agg")

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE: Final = "#9aa5b1"
AFTER: Final = "#1f6f8b"
LOSE: Final = "#b5533c"
MOST_PROGRAMMES: Final = 12
TEN_THOUSAND: Final = 10_000


def draw(file: Path, simulation: Simulation, title: str) -> None:
    """Yuan a year by programme, before and after, and who gains and loses by grade and category; PNG or SVG."""
    from matplotlib.figure import Figure

    changed = _changed(simulation)
    figure = Figure(figsize=(10, 4 + 0.4 * len(changed)), layout="constrained")
    figure.suptitle(title)
    grid = figure.add_gridspec(2, 2, height_ratios=(1 + len(changed), 6))
    _draw_costs(figure.add_subplot(grid[0, :]), changed)
    _draw_heads(figure.add_subplot(grid[1, 0]), _of_all(simulation, Dimension.GRADE), "grade")
    _draw_heads(figure.add_subplot(grid[1, 1]), _of_all(simulation, Dimension.CATEGORY), "category")
    if simulation.illustrative:
        figure.supxlabel("Amounts are examples (illustrative): the district has yet to enter its own.", fontsize=9)
    figure.savefig(file, dpi=150)


def _changed(simulation: Simulation) -> Sequence[Effect]:
    """The programmes whose cost or heads move, the dearest change first."""
    lines = [each for each in simulation.effects if each.programme and each.dimension is Dimension.ALL]
    moved = [each for each in lines if each.gainers or each.losers]
    return sorted(moved, key=lambda each: -abs(each.yuan_after - each.yuan_before))[:MOST_PROGRAMMES]


def _of_all(simulation: Simulation, dimension: Dimension) -> Sequence[Effect]:
    return [each for each in simulation.effects if not each.programme and each.dimension is dimension and each.group]


def _draw_costs(axes: "Axes", changed: Sequence[Effect]) -> None:
    places = np.arange(len(changed))
    for offset, colour, label, costs in (
        (-0.2, BEFORE, "before", [each.yuan_before for each in changed]),
        (0.2, AFTER, "after", [each.yuan_after for each in changed]),
    ):
        axes.barh(places + offset, [float(cost) / TEN_THOUSAND for cost in costs], 0.4, color=colour, label=label)
    heads = [f"{each.programme}\n{each.heads_before:,} → {each.heads_after:,} people" for each in changed]
    axes.set_yticks(places, heads or ())
    axes.invert_yaxis()
    axes.set_xlabel("10,000 yuan a year" if changed else "nothing changes")
    if changed:
        axes.legend()


def _draw_heads(axes: "Axes", effects: Sequence[Effect], dimension: str) -> None:
    names = [group_name(each) for each in effects]
    gain: Any = axes.bar(names, [each.gainers for each in effects], color=AFTER, label="gain")
    lose: Any = axes.bar(names, [-each.losers for each in effects], color=LOSE, label="lose")
    for bars, counts in ((gain, [e.gainers for e in effects]), (lose, [e.losers for e in effects])):
        axes.bar_label(bars, [f"{count:,}" if count else "" for count in counts], fontsize=8)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.margins(y=0.15)
    axes.set_xlabel(dimension)
    axes.set_ylabel("people")
    axes.tick_params(axis="x", labelrotation=30 if dimension == "category" else 0)
    axes.legend(fontsize=8)

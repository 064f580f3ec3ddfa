"""How fast the whole register is judged by columns, on one core, and how fast its facts come out of PostgreSQL."""

import asyncio
import multiprocessing
import os
import resource
from datetime import date
from time import perf_counter, process_time

import numpy as np

from bench.server import Place, a_place
from cli.demo.load import load_district
from domain.columns import Column, Columns, Integers, finite_values, width_of
from domain.dates import local_date
from domain.fact import FactKind
from domain.register import judge_register
from domain.rulebook import RuleBook
from domain.vocabulary import FactType, Vocabulary
from services.bootstrap import load_rules, now
from services.register import Enquiry, read_register

ON = date(2026, 11, 25)
JUDGED = {"small": 100_000, "default": 1_000_000, "large": 1_000_000}
READ = {"small": 1_000, "default": 10_000, "large": 30_000}
PART = 10
ROUNDS = 5
UNKNOWN = 0.05
SEED = 20161204


def run(size: str) -> dict[str, float]:
    """Residents judged a second, all programmes of policy/, outcomes only, and residents read a second.

    `register_linearity` is the time for all to ten times that for a tenth of them, `register_peak_mb` the memory of the
    process that does it, columns included. The facts are made up evenly, so that every rule finds somebody.
    """
    one_thread = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    os.environ.update(one_thread)
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        judged = alone.apply(_judge, (JUDGED[size],))
    return judged | {"register_read_residents_per_s": _read_per_second(READ[size])}


def _judge(residents: int) -> dict[str, float]:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    book = load_rules().chinese
    whole, part = (_made(book.reference.vocabulary, count) for count in (residents, residents // PART))
    seconds, of_part = [], []
    for _ in range(ROUNDS):
        of_part.append(sum(_seconds(book, part) for _ in range(PART)))
        seconds.append(_seconds(book, whole))
    return {
        "register_residents_per_s": residents / min(seconds),
        "register_linearity": min(seconds) / min(of_part),
        "register_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _seconds(book: RuleBook, columns: Columns) -> float:
    start = process_time()
    judge_register(book, columns, ON)
    return process_time() - start


def _made(vocabulary: Vocabulary, count: int) -> Columns:
    draw = np.random.default_rng(SEED)
    facts = {}
    for name, fact in vocabulary.facts.items():
        known = draw.random(count) > UNKNOWN
        facts[name] = Column(_values(draw, fact, count) * known, known)
    return Columns(vocabulary, count, facts)


def _values(draw: np.random.Generator, fact: FactType, count: int) -> Integers:
    width = width_of(fact.kind)
    match fact.kind:
        case FactKind.DATE:
            return draw.integers(date(1930, 1, 1).toordinal(), ON.toordinal(), count, width)
        case FactKind.MONEY:
            return draw.integers(0, 500_000, count, width)
        case FactKind.CODES:
            return draw.integers(1, 1 << len(fact.words), count, width)
        case _:
            return draw.integers(0, len(finite_values(fact)), count, width)


def _read_per_second(residents: int) -> float:
    cores = os.sched_getaffinity(0)
    with a_place(min(cores), durable=False) as place:
        # The database keeps a core for itself, and the reader the others.
        os.sched_setaffinity(0, cores - {min(cores)} or cores)
        return asyncio.run(_read(place, residents))


async def _read(place: Place, residents: int) -> float:
    async with place.opened() as resources:
        async with place.owner() as owner:
            await load_district(owner, resources.vault, residents, now(), lambda _: None)
            await owner.execute("ANALYZE")
        start = perf_counter()
        await read_register(resources, Enquiry("bench", "bench"), local_date(now()), [resources.rules.chinese])
        return residents / (perf_counter() - start)

"""Every rule rests on a clause of the plan, in the plan's own numbering."""

import re
from collections.abc import Iterator

from domain.rulebook import RuleBook

# The numbered paragraphs and table rows of each part of the plan, counted in the document; the table of 2.3 is named
# 主要指标 there, and only it and the tables of part three have rows.
PARAGRAPHS = {"1": 4, "3.1": 5, "3.2": 4, "3.3": 2, "3.4": 5, "3.5": 2, "3.6": 4, "3.7": 8, "3.8": 5}
ROWS = {"2.3": 7, "3.1": 6, "3.2": 4, "3.3": 4, "3.4": 7, "3.5": 4, "3.6": 5, "3.7": 7, "3.8": 5}
CLAUSE = re.compile(r"(?P<part>\d(\.\d)?) (?P<kind>para|table row) (?P<number>\d)(?P<item>[①②③]?)")
NUMERALS = "〇一二三四五六七八"

# The clauses that grant residents nothing of their own, by what they promise instead.
GRANT_NOTHING = {
    "reports what had been reached; the benefit itself is promised in part three": [
        "1 para 2",
        "1 para 3",
        "1 para 4",
    ],
    "an indicator: a share or a figure to reach with benefits that other clauses promise": [
        "2.3 table row 1",
        "2.3 table row 2",
        "2.3 table row 3",
        "2.3 table row 4",
        "2.3 table row 5",
        "2.3 table row 6",
        "2.3 table row 7",
        "3.4 table row 1",
        "3.5 table row 4",
    ],
    "an event, an award or publicity, open to everybody": [
        "3.5 table row 3",
        "3.7 table row 4",
        "3.7 table row 5",
        "3.7 para 6",
    ],
    "a hotline or a petition that anyone may use, without being entitled": ["3.6 table row 2", "3.6 para 3"],
    "a house, a network or a title to be built up; what it will serve is promised elsewhere": [
        "3.5 table row 1",
        "3.6 table row 3",
        "3.7 table row 1",
        "3.7 para 2",
    ],
    "staff and organisations: their number, training, posts and pay": [
        "3.5 table row 2",
        "3.7 table row 7",
        "3.7 para 4",
        "3.7 para 8",
        "3.8 table row 1",
        "3.8 table row 2",
        "3.8 table row 3",
        "3.8 para 1",
        "3.8 para 3",
        "3.8 para 4",
    ],
    "how laws are carried out and watched": ["3.6 para 1"],
    "data and the card itself, by which everything else is granted": [
        "3.7 para 5",
        "3.8 table row 4",
        "3.8 table row 5",
        "3.8 para 5",
    ],
}


def cited(clause: str) -> str | None:
    """A clause as the plan itself numbers it; None where the plan has no such clause."""
    match = CLAUSE.fullmatch(clause)
    if match is None:
        return None
    part, kind, number, item = match["part"], match["kind"], match["number"], match["item"]
    if int(number) > (PARAGRAPHS if kind == "para" else ROWS).get(part, 0):
        return None
    chapter, _, section = part.partition(".")
    head = NUMERALS[int(chapter)] + (f"({NUMERALS[int(section)]})" if section else "、")
    if kind == "para":
        return f"{head}第{number}点"
    table = "主要指标" if part == "2.3" else "表"
    return f"{head}{table}第{number}项{item}"


def test_citations_are_in_the_plans_own_numbering(rules: RuleBook) -> None:
    """Each indexed clause lies within its part, and is cited as a reader of the plan finds it."""
    for clause, entry in rules.reference.index.clauses.items():
        assert entry.reference.citation == cited(clause), clause


def test_every_clause_cited_exists(rules: RuleBook) -> None:
    """Versions, criteria and benefits name only indexed clauses, and a version names those of its benefits."""
    known = {clause.reference for clause in rules.reference.index.clauses.values()}
    for programme in rules.programmes:
        for version in programme.versions:
            named = {*version.clauses, *(criterion.clause for criterion in version.criteria.values())}
            assert named <= known, programme.slug
            assert {benefit.clause for benefit in version.benefits} <= set(version.clauses), programme.slug


def every_clause() -> Iterator[str]:
    """All paragraphs and rows of the plan, without the items of a row."""
    yield from (f"{part} para {number}" for part, last in PARAGRAPHS.items() for number in range(1, last + 1))
    yield from (f"{part} table row {number}" for part, last in ROWS.items() for number in range(1, last + 1))


def test_every_clause_of_the_plan_is_indexed(rules: RuleBook) -> None:
    """No paragraph and no row was passed over; a row with items is there by its items."""
    indexed = {clause.rstrip("①②③") for clause in rules.reference.index.clauses}

    assert indexed == set(every_clause())


def test_every_promise_has_its_programme(rules: RuleBook) -> None:
    """A clause names programmes for what it grants, or is listed as one that grants residents nothing."""
    without = sorted(clause for clause, entry in rules.reference.index.clauses.items() if not entry.grants)

    assert without == sorted(clause for clauses in GRANT_NOTHING.values() for clause in clauses)


def test_every_programme_rests_on_what_was_promised(rules: RuleBook) -> None:
    """Promises name programmes that exist, each programme is promised, and it cites every clause that promises it."""
    cites = {
        programme.slug: {clause.clause for version in programme.versions for clause in version.clauses}
        for programme in rules.programmes
    }
    promised: dict[str, set[str]] = {}
    for clause, entry in rules.reference.index.clauses.items():
        for slug in entry.grants.values():
            promised.setdefault(slug, set()).add(clause)

    assert promised.keys() == cites.keys()
    assert {slug: clauses - cites[slug] for slug, clauses in promised.items() if clauses - cites[slug]} == {}


def test_both_figures_stand_where_the_plan_disagrees_with_itself(rules: RuleBook) -> None:
    """Each side of a contradiction names its own figure and the other's."""
    clauses = rules.reference.index.clauses
    for one, other, figures in [
        ("2.3 table row 1", "3.1 table row 2", ("99%", "98%")),
        ("2.3 table row 1", "3.1 table row 1", ("99%", "应保尽保")),
        ("2.3 table row 1", "3.1 table row 4", ("98%", "全面消除")),
        ("2.3 table row 3", "3.2 table row 1①", ("97%", "100%")),
        ("3.2 para 1", "3.2 table row 1②", ("困难家庭", "困难家庭")),
        ("3.6 table row 4", "3.6 para 4", ("100户", "300户")),
    ]:
        for clause, opposite in ((one, other), (other, one)):
            remark = clauses[clause].remark
            assert remark is not None, clause
            assert all(figure in remark for figure in figures), clause
            assert clauses[opposite].reference.citation in remark, clause


def test_the_reader_can_tell_a_wrong_clause() -> None:
    """A part, paragraph or row that the plan does not have is not cited."""
    assert cited("3.1 para 2") == "三(一)第2点"
    assert cited("1 para 1") == "一、第1点"
    assert cited("3.2 table row 1①") == "三(二)表第1项①"
    assert cited("3.1 para 6") is None
    assert cited("3.9 para 1") is None
    assert cited("1 table row 1") is None
    assert cited("third part") is None

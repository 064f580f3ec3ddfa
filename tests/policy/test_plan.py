"""Every rule rests on a clause of the plan, in the plan's own numbering."""

import re

from domain.rulebook import RuleBook

# The numbered paragraphs and table rows of each part of the plan, counted in the document; the table of 2.3 is named
# 主要指标 there, and only it and the tables of part three have rows.
PARAGRAPHS = {"1": 4, "3.1": 5, "3.2": 4, "3.3": 2, "3.4": 5, "3.5": 2, "3.6": 4, "3.7": 8, "3.8": 5}
ROWS = {"2.3": 7, "3.1": 6, "3.2": 4, "3.3": 4, "3.4": 7, "3.5": 4, "3.6": 5, "3.7": 7, "3.8": 5}
CLAUSE = re.compile(r"(?P<part>\d(\.\d)?) (?P<kind>para|table row) (?P<number>\d)(?P<item>[①②③]?)")
NUMERALS = "〇一二三四五六七八"


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


def test_both_figures_stand_where_the_plan_disagrees_with_itself(rules: RuleBook) -> None:
    """Each side of a contradiction names its own figure and the other's."""
    clauses = rules.reference.index.clauses
    for one, other, figures in [
        ("2.3 table row 1", "3.1 table row 2", ("99%", "98%")),
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

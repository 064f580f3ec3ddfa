"""The index of the plan says what each clause grants, and by which programme."""

from datetime import date

import pytest

from domain.legal import parse_index
from domain.policy_file import Place, PolicyInvalid, Section


def index_section(clause: dict[str, object]) -> Section:
    """An index of one clause, with a promise and those it is made to."""
    whole = {"citation": "一、第1点", "promise": "补贴", "beneficiaries": "残疾人", **clause}
    content = {"document": "规划", "issued": date(2016, 12, 4), "clauses": {"1 para 1": whole}}
    return Section(Place("plan.toml"), content)


def test_a_clause_names_the_programme_of_each_grant() -> None:
    """What a clause grants is read with the programme behind it; a clause that grants nothing has none."""
    granting = parse_index(index_section({"grants": {"乘车": "free-bus"}}))
    silent = parse_index(index_section({}))

    assert granting.clauses["1 para 1"].grants == {"乘车": "free-bus"}
    assert silent.clauses["1 para 1"].grants == {}


def test_a_grant_without_programme_is_refused() -> None:
    """A promise that names no programme is found when the rules are read, with its place."""
    with pytest.raises(PolicyInvalid, match=r"plan.toml, key clauses.1 para 1.grants.乘车: missing"):
        parse_index(index_section({"grants": {"乘车": ""}}))

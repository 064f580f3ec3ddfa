"""Programmes that require or exclude each other come out as the best lawful combination, with the reasons."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings

from domain.combination import groups_of, ties_of
from domain.compiled import compile_book
from domain.entitlement import Entitlement, Verdict, access_classes, access_classes_on, decide, decide_one
from domain.explanation import Outcome
from domain.relation import RelationKind
from domain.rulebook import RuleBook
from tests.domain.ties import ON, Made, book_of, facts_of, programmes

REQUIRES, EXCLUDES = RelationKind.REQUIRES, RelationKind.EXCLUDES


def answers(made: Mapping[str, Made], on: date = ON) -> dict[str, Entitlement]:
    """The answers by programme."""
    return {each.programme: each for each in decide(book_of(made), facts_of(made), on)}


def verdicts(made: Mapping[str, Made]) -> dict[str, Verdict]:
    """The verdicts by programme."""
    return {slug: answer.verdict for slug, answer in answers(made).items()}


def made(
    holds: bool | None = True,  # noqa: FBT001, FBT002 - what the rule comes to
    yuan: int = 0,
    requires: Iterable[str] = (),
    excludes: Iterable[str] = (),
) -> Made:
    """A programme worth so many yuan once."""
    return Made(holds, (("once", yuan, True),), frozenset(requires), frozenset(excludes))


def with_required(made: Mapping[str, Made], slug: str) -> set[str]:
    """A programme with all that it requires, directly or over others."""
    return {slug}.union(*(with_required(made, other) for other in made[slug].requires))


def best_of_all(made: Mapping[str, Made]) -> set[str]:
    """The best lawful combination, by trying every one."""
    eligible = [slug for slug, each in made.items() if each.holds]
    every = [set(some) for size in range(len(eligible) + 1) for some in combinations(eligible, size)]
    lawful = [
        some for some in every if all(made[slug].requires <= some and not made[slug].excludes & some for slug in some)
    ]
    return min(lawful, key=lambda some: (-sum(made[slug].yearly() for slug in some), -len(some), sorted(some)))


def expected(made: Mapping[str, Made], slug: str, best: set[str]) -> Verdict:
    """What a programme answers, given the combination that is granted."""
    needed = {made[each].holds for each in with_required(made, slug)}
    if None in needed and False not in needed:
        return Verdict.UNDETERMINED
    return Verdict.ELIGIBLE if slug in best else Verdict.NOT_ELIGIBLE


@settings(max_examples=100, deadline=None)
@given(programmes())
def test_one_programme_alone_is_answered_as_among_all(made: dict[str, Made]) -> None:
    """What it requires and excludes is judged with it, and the answers are the same to the last reason."""
    book, facts = book_of(made), facts_of(made)

    for expected in decide(book, facts, ON):
        assert decide_one(book, facts, expected.programme, ON) == expected


@settings(max_examples=300, deadline=None)
@given(programmes())
def test_the_combination_is_the_best_of_all(made: dict[str, Made]) -> None:
    """The same programmes are granted as by trying every combination, and access classes follow, explained or not."""
    best = best_of_all(made)

    assert verdicts(made) == {slug: expected(made, slug, best) for slug in sorted(made)}
    book, facts = book_of(made), facts_of(made)
    assert access_classes(decide(book, facts, ON)) == access_classes_on(book, facts, ON) == tuple(sorted(best))


@settings(max_examples=100, deadline=None)
@given(programmes())
def test_open_verdicts_name_what_would_settle_them(made: dict[str, Made]) -> None:
    """An open programme asks for the facts of its own rule and of every open one that it requires, and no others."""
    for slug, answer in answers(made).items():
        needed = {each for each in with_required(made, slug) if made[each].holds is None}
        is_open = answer.verdict is Verdict.UNDETERMINED
        assert {need.fact for need in answer.missing} == (needed if is_open else set())


@settings(max_examples=100, deadline=None)
@given(programmes())
def test_every_refusal_beside_a_fulfilled_rule_has_its_relation(made: dict[str, Made]) -> None:
    """Whoever meets a programme's own rule and is refused is told which relation is why."""
    for slug, answer in answers(made).items():
        if made[slug].holds and answer.verdict is Verdict.NOT_ELIGIBLE:
            assert Outcome.NOT_MET in {relation.outcome for relation in answer.relations}


def shown(answer: Entitlement) -> list[tuple[RelationKind, str, str, Outcome, str, str]]:
    """A programme's relations."""
    return [
        (each.kind, each.programme, each.title, each.outcome, each.sentence, each.clause.clause)
        for each in answer.relations
    ]


@pytest.mark.parametrize(
    ("holds", "verdict", "outcome", "sentence"),
    [
        (True, Verdict.ELIGIBLE, Outcome.MET, "理由,能享受项目b"),
        (False, Verdict.NOT_ELIGIBLE, Outcome.NOT_MET, "理由,不能享受项目b"),
        (None, Verdict.UNDETERMINED, Outcome.UNKNOWN, "理由,不知道项目b"),
    ],
)
def test_a_required_programme(holds: bool | None, verdict: Verdict, outcome: Outcome, sentence: str) -> None:  # noqa: FBT001 - the case
    """It decides who meets the rule of the one that requires it, is named, and knows nothing of that itself."""
    answered = answers({"a": made(requires=["b"]), "b": made(holds)})

    assert answered["a"].verdict is verdict
    assert shown(answered["a"]) == [(REQUIRES, "b", "项目b", outcome, sentence, "1 para 1")]
    assert answered["b"].relations == ()


def test_an_exclusion_binds_both_sides() -> None:
    """The less favourable one is left out, whichever side wrote it, and each side says what became of the other."""
    answered = answers({"a": made(yuan=1), "b": made(yuan=2, excludes=["a"])})

    assert [each.verdict for each in answered.values()] == [Verdict.NOT_ELIGIBLE, Verdict.ELIGIBLE]
    assert shown(answered["a"]) == [(EXCLUDES, "b", "项目b", Outcome.NOT_MET, "理由,选了项目b", "1 para 1")]
    assert shown(answered["b"]) == [(EXCLUDES, "a", "项目a", Outcome.MET, "理由,没有项目a", "1 para 1")]
    assert answered["a"].benefits == ()


def test_an_exclusion_written_on_both_sides_is_told_once() -> None:
    """Each side shows its own words."""
    answered = answers({"a": made(excludes=["b"]), "b": made(excludes=["a"])})

    assert [len(each.relations) for each in answered.values()] == [1, 1]


def test_an_undetermined_rival_takes_nothing_away() -> None:
    """What is certain is granted, and both are told that they cannot be had together."""
    answered = answers({"a": made(yuan=1), "b": made(None, yuan=2, excludes=["a"])})

    assert [each.verdict for each in answered.values()] == [Verdict.ELIGIBLE, Verdict.UNDETERMINED]
    assert answered["a"].relations[0].sentence == "理由,不知道有没有项目b"
    assert answered["b"].relations[0].sentence == "理由,已有项目a"
    assert [benefit.certain for benefit in answered["a"].benefits] == [True, True]


def test_who_fails_a_requirement_did_not_give_way() -> None:
    """A programme whose requirement fails is not said to have been left for a better one."""
    answered = answers({"a": made(requires=["c"], excludes=["b"]), "b": made(), "c": made(holds=False)})

    assert [each.sentence for each in answered["a"].relations] == ["理由,不能享受项目c", "理由,已有项目b"]


@pytest.mark.parametrize(
    ("made", "granted"),
    [
        ({"a": made(yuan=3), "b": made(yuan=2, excludes=["a"]), "c": made(yuan=2, requires=["b"])}, "bc"),
        ({"a": made(), "b": made(excludes=["a", "c"]), "c": made()}, "ac"),
        ({"a": made(), "b": made(excludes=["a"])}, "a"),
        ({"a": made(excludes="bc"), "b": made(), "c": made(), "d": made(excludes="bc")}, "ad"),
        ({"a": Made(True, (("monthly", 1, True),)), "b": made(yuan=11, excludes=["a"])}, "a"),  # noqa: FBT003
        ({"a": Made(True, (("monthly", 1, None),)), "b": made(yuan=1, excludes=["a"])}, "b"),  # noqa: FBT003
        ({"a": made(), "b": made(requires=["a"], excludes=["a"])}, "a"),
    ],
)
def test_what_is_best(made: dict[str, Made], granted: str) -> None:
    """The most certain yuan a year, then the most programmes, then the smaller slugs."""
    assert [slug for slug, verdict in verdicts(made).items() if verdict is Verdict.ELIGIBLE] == list(granted)


def test_relations_hold_only_among_programmes_in_force() -> None:
    """Before its first version a programme grants nothing, takes nothing, and cannot be required with success."""
    day = date(2016, 12, 3)

    answered = answers({"a": made(requires=["b"]), "b": made()}, day)

    assert [each.relations for each in answered.values()] == [(), ()]


def test_one_in_force_beside_one_that_is_not() -> None:
    """What is required but not in force fails; what is excluded but not in force is no rival."""
    both = {"a": made(requires=["b"]), "b": made(), "c": made(excludes=["b"])}
    versions = {slug: each.version for slug, each in compile_book(book_of(both), ON).programmes.items() if slug != "b"}
    own = {"a": True, "c": True}

    (group,) = groups_of(ties_of(versions))

    assert group.settle(own, lambda _slug: pytest.fail("nothing to weigh")) == {"a": False, "c": True}


def test_unrelated_programmes_form_no_group(book: RuleBook) -> None:
    """A book without relations has nothing to settle; programmes are settled apart from those they never meet."""
    tied = {"a": made(requires=["b"]), "b": made(), "c": made(excludes=["d"]), "d": made(), "e": made()}

    groups = compile_book(book_of(tied), ON).groups

    assert compile_book(book, ON).groups == ()
    assert [set(group.members) for group in groups] == [{"a", "b"}, {"c", "d"}]

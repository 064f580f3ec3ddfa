"""What will come to a resident if nothing but time goes by: programmes gained, lost, or open again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.compiled import CompiledProgramme, compile_book
from domain.entitlement import Verdict, turning_days
from domain.explanation import Case, Outcome, explain_ties, foretell
from domain.fact import Facts
from domain.rulebook import Programme, RuleBook


@dataclass(frozen=True)
class ComingChange:
    """A day from which a programme answers `verdict`, after having answered `before`, and in sentences why."""

    programme: str
    title: str
    on: date
    before: Verdict
    verdict: Verdict
    because: tuple[str, ...]


def coming_up(book: RuleBook, facts: Facts, on: date, until: date) -> tuple[ComingChange, ...]:
    """Every change of a verdict after `on`, up to and including `until`, in order of days and slugs.

    The verdicts of a day are those that `decide` gives for it. Only what is known today is reckoned with: birthdays,
    figures and rules already set, the ends of statements and of the card.

    Raises:
        FactInvalid: a statement that no rule can read.
    """
    book.reference.vocabulary.check(facts)
    return tuple(_changes(book, facts, on, until))


def _changes(book: RuleBook, facts: Facts, on: date, until: date) -> Iterator[ComingChange]:
    before = Case.of(compile_book(book, on), book.reference, facts)
    for day in turning_days(book, facts, on, until):
        now = Case.of(compile_book(book, day), book.reference, facts)
        for programme in book.programmes:
            was, becomes = (Verdict.of(case.granted.get(programme.slug, False)) for case in (before, now))
            if becomes is not was:
                because = tuple(_reasons(programme, before, now))
                yield ComingChange(programme.slug, programme.title, day, was, becomes, because)
        before = now


def _reasons(programme: Programme, before: Case, now: Case) -> Iterator[str]:
    """Why a verdict changed: other rules, or else the criteria and relations that came out otherwise."""
    wording, slug = now.reference.wording, programme.slug
    old, new = before.book.programmes.get(slug), now.book.programmes.get(slug)
    if old is None or new is None or old.version is not new.version:
        template = wording.rules_begin if old is None else wording.rules_end if new is None else wording.rules_change
        yield template.format(day=wording.day(now.book.on))
    else:
        yield from _criteria(old, new, before, now)
        said = {result.sentence for result in explain_ties(slug, before)}
        yield from (result.sentence for result in explain_ties(slug, now) if result.sentence not in said)


def _criteria(old: CompiledProgramme, new: CompiledProgramme, before: Case, now: Case) -> Iterator[str]:
    for name in new.named:
        outcome = Outcome.of(new.criteria[name].test(now.values))
        if outcome is not Outcome.of(old.criteria[name].test(before.values)):
            yield foretell(new.criteria[name].criterion, outcome, now.book.on, now.reference)

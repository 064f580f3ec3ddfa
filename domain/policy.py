"""Reading of policy/: every programme is parsed and checked as a whole before anyone may use the book."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter

from domain.benefit import parse_benefit
from domain.card import every_register_fact
from domain.comparison import KEYS, AgeRange, parse_comparison
from domain.fact import FactInvalid
from domain.legal import parse_index
from domain.logic import names, parse_rule
from domain.parameter import Parameter, parse_parameters
from domain.policy_file import Place, PolicyInvalid, Section
from domain.relation import cycle_in, parse_relations
from domain.rulebook import Criterion, Programme, Reference, RuleBook, Version
from domain.target import parse_targets
from domain.vocabulary import Vocabulary, parse_vocabulary
from domain.wording import parse_wording, placeholders

FACTS, PARAMETERS, PLAN, SENTENCES = "facts.toml", "parameters.toml", "plan.toml", "sentences.toml"
TARGETS = "targets.toml"  # a district may have none
VERSION_KEYS = (
    "effective",
    "ended",
    "clauses",
    "rule",
    "criteria",
    "benefits",
    "documents",
    "notes",
    "requires",
    "excludes",
    "review_months",
)


def load_rule_book(files: Mapping[str, str]) -> RuleBook:
    """The rule book from the text of every file of policy/, by file name.

    Raises:
        PolicyInvalid: the first mistake found, with its place and remedy.
    """
    for needed in (FACTS, PARAMETERS, PLAN, SENTENCES):
        if needed not in files:
            raise PolicyInvalid(Place(needed), "(file)", "missing", "Put the file back into policy/")
    documents = {name: read_document(name, text) for name, text in files.items()}
    vocabulary = parse_vocabulary(documents.pop(FACTS))
    _check_register(vocabulary)
    reference = Reference(
        vocabulary,
        parse_parameters(documents.pop(PARAMETERS)),
        parse_index(documents.pop(PLAN)),
        parse_wording(documents.pop(SENTENCES)),
    )
    targets = documents.pop(TARGETS, Section(Place(TARGETS), {}))
    programmes = [parse_programme(name, each.content, reference) for name, each in documents.items()]
    slugs = {programme.slug for programme in programmes}
    _check_relations(programmes)
    return RuleBook.of(programmes, reference, parse_targets(targets, reference.index, slugs))


def read_document(file_name: str, text: str) -> Section:
    """A TOML file as its top table; numbers with a point are Decimal.

    Raises:
        PolicyInvalid: it is no TOML.
    """
    try:
        return Section(Place(file_name), tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise PolicyInvalid(Place(file_name), "(file)", f"not TOML: {error}", "Correct the file there") from None


def parse_programme(file_name: str, document: Mapping[str, object], reference: Reference) -> Programme:
    """A programme from a TOML document, in which numbers with a point are Decimal.

    Raises:
        PolicyInvalid: with file, programme, version, key and remedy.
    """
    section = Section(Place(file_name), document)
    slug = section.text("slug")
    section = section.at(Place(file_name, slug))
    section.only("slug", "title", "run_by", "version")
    if file_name != f"{slug}.toml":
        raise section.wrong("slug", "not the file's name", f"Rename the file to {slug}.toml, or correct the slug")
    run_by = section.text("run_by")
    if run_by not in reference.vocabulary.departments:
        known = ", ".join(reference.vocabulary.departments)
        raise section.wrong("run_by", "unknown department", f"Use one of {known}")
    versions = tuple(
        sorted((_version(each, slug, reference) for each in section.sections("version")), key=attrgetter("effective"))
    )
    if not versions:
        raise section.wrong("version", "missing", "Add [[version]] with its effective day")
    for earlier, later in pairwise(versions):
        if earlier.effective == later.effective or (earlier.ended is not None and earlier.ended >= later.effective):
            both = f"{earlier.effective} and {later.effective}"
            raise section.wrong("version", f"versions {both} overlap", "End the earlier one before the later begins")
    return Programme(slug, section.text("title"), run_by, versions)


def _version(section: Section, slug: str, reference: Reference) -> Version:
    effective = section.day("effective")
    section = section.at(Place(section.place.file, slug, effective))
    section.only(*VERSION_KEYS)
    ended = section.optional_day("ended")
    if ended is not None and ended < effective:
        raise section.wrong("ended", "before the version begins", "Write the last day on which it applies")
    clauses = tuple(reference.index.reference(section, "clauses", clause) for clause in section.texts("clauses"))
    if not clauses:
        raise section.wrong("clauses", "missing", "Name the clause it rests on: no rule without a source")
    version = Version(
        effective=effective,
        ended=ended,
        clauses=clauses,
        rule=parse_rule(section, "rule"),
        criteria={name: _criterion(name, each, reference) for name, each in section.named_sections("criteria").items()},
        benefits=tuple(parse_benefit(each, effective, reference.index) for each in section.sections("benefits")),
        documents=section.texts("documents"),
        notes=section.texts("notes"),
        requires=parse_relations(section, "requires", reference.index),
        excludes=parse_relations(section, "excludes", reference.index),
        review_months=_review_months(section),
    )
    _check_whole(section, version, reference)
    return version


def _review_months(section: Section) -> int | None:
    months = section.optional_number("review_months")
    if months is not None and (months < 1 or months % 1):
        raise section.wrong("review_months", "not whole months", "Write the months between two reviews, as 12")
    return None if months is None else int(months)


def _criterion(name: str, section: Section, reference: Reference) -> Criterion:
    section.only("fact", "requirement", "clause", *KEYS)
    fact = reference.vocabulary.facts.get(section.text("fact"))
    if fact is None:
        known = ", ".join(reference.vocabulary.facts)
        raise section.wrong("fact", "unknown fact", f"Declare it in {FACTS}, or use one of {known}")
    comparison = parse_comparison(section, fact)
    requirement = section.text("requirement")
    unknown = set(placeholders(section, "requirement", requirement)) - comparison.limits().keys()
    if unknown:
        raise section.wrong(
            "requirement", f"no limit called {', '.join(sorted(unknown))}", "Name limits it compares with"
        )
    return Criterion(
        name, fact, comparison, requirement, reference.index.reference(section, "clause", section.text("clause"))
    )


def _check_whole(section: Section, version: Version, reference: Reference) -> None:
    """What no part can see alone."""
    if not version.benefits:
        raise section.wrong("benefits", "missing", "Add [[version.benefits]]: a programme gives something")
    _check_names(section, version)
    for key, name in _figures(version):
        _check_figure(section, key, name, version.effective, reference.parameters)
    for name, criterion in version.criteria.items():
        if isinstance(criterion.comparison, AgeRange):
            _check_ages(section, name, criterion.comparison, reference)


def _check_names(section: Section, version: Version) -> None:
    """Refuse criteria that are named but absent, or present but unused."""
    used = {"rule": set(names(version.rule))}
    for number, benefit in enumerate(version.benefits, start=1):
        used[f"benefits[{number}].when"] = set() if benefit.when is None else set(names(benefit.when))
    for key, criteria in used.items():
        for name in sorted(criteria - version.criteria.keys()):
            raise section.wrong(
                key, f"no criterion called {name!r}", f"Add [version.criteria.{name}], or correct the name"
            )
    for name in sorted(version.criteria.keys() - set().union(*used.values())):
        raise section.wrong(
            f"criteria.{name}", "used by no rule", "Use it in rule or in a benefit's when, or remove it"
        )


def _check_figure(section: Section, key: str, name: str, effective: date, parameters: Mapping[str, Parameter]) -> None:
    figure = parameters.get(name)
    if figure is None:
        raise section.wrong(key, f"unknown parameter {name!r}", f"Use one of {', '.join(parameters)}")
    if figure.on(effective) is None:
        remedy = f"Add its value for {effective} to {PARAMETERS}"
        raise section.wrong(key, f"parameter {name!r} has no value when the version begins", remedy)


def _check_ages(section: Section, name: str, ages: AgeRange, reference: Reference) -> None:
    for key, bound in ages.limits().items():
        if any(limit % 1 for limit in bound.ever(reference.parameters)):
            raise section.wrong(f"criteria.{name}.{key}", "not full years", "Write the age in full years")


def _check_relations(programmes: Iterable[Programme]) -> None:
    """Refuse relations to programmes that do not exist, to a programme itself, or that go round in a circle."""
    known = {programme.slug: programme for programme in programmes}
    for programme in known.values():
        for version in programme.versions:
            place = Place(f"{programme.slug}.toml", programme.slug, version.effective)
            for key, relations in (("requires", version.requires), ("excludes", version.excludes)):
                for relation in relations:
                    if relation.programme not in known or relation.programme == programme.slug:
                        problem = f"no other programme is called {relation.programme!r}"
                        raise PolicyInvalid(place, key, problem, f"Use one of {', '.join(sorted(known))}")
    circle = cycle_in({slug: set(programme.requires()) for slug, programme in known.items()})
    if circle:
        problem = f"programmes require each other in a circle: {' → '.join(circle)}"
        raise PolicyInvalid(Place(f"{circle[0]}.toml", circle[0]), "requires", problem, "Remove one of these relations")


def _check_register(vocabulary: Vocabulary) -> None:
    """The register's own columns state facts too: a vocabulary that cannot carry them would fail every resident."""
    for fact in every_register_fact():
        try:
            vocabulary.check_one(fact)
        except FactInvalid as error:
            remedy = "Declare in facts.toml what the register states: every category, grade and state, and its source"
            raise PolicyInvalid(Place(FACTS), f"facts.{fact.name}", str(error).split(".")[0], remedy) from None


def _figures(version: Version) -> Iterator[tuple[str, str]]:
    """The parameters a version rests on, each with the key that names it."""
    for name, criterion in version.criteria.items():
        for key, bound in criterion.comparison.limits().items():
            if bound.parameter is not None:
                yield f"criteria.{name}.{key}", bound.parameter
    for number, benefit in enumerate(version.benefits, start=1):
        yield from ((f"benefits[{number}]", name) for name in benefit.parameters())

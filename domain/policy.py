"""Reading of policy/: every programme is parsed and checked as a whole before anyone may use the book."""

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter

from domain.benefit import parse_benefit
from domain.comparison import KEYS, parse_comparison
from domain.legal import parse_index
from domain.logic import names, parse_rule
from domain.parameter import parse_parameters
from domain.policy_file import Place, PolicyInvalid, Section
from domain.rulebook import Criterion, Programme, Reference, RuleBook, Version
from domain.vocabulary import parse_vocabulary
from domain.wording import parse_wording, placeholders

FACTS, PARAMETERS, PLAN, SENTENCES = "facts.toml", "parameters.toml", "plan.toml", "sentences.toml"


def load_rule_book(files: Mapping[str, str]) -> RuleBook:
    """The rule book from the text of every file of policy/, by file name.

    Raises:
        PolicyInvalid: the first mistake found, with its place and remedy.
    """
    for needed in (FACTS, PARAMETERS, PLAN, SENTENCES):
        if needed not in files:
            raise PolicyInvalid(Place(needed), "(file)", "missing", "Put the file back into policy/")
    documents = {name: _document(name, text) for name, text in files.items()}
    reference = Reference(
        parse_vocabulary(documents.pop(FACTS)),
        parse_parameters(documents.pop(PARAMETERS)),
        parse_index(documents.pop(PLAN)),
        parse_wording(documents.pop(SENTENCES)),
    )
    return RuleBook.of((parse_programme(name, each.content, reference) for name, each in documents.items()), reference)


def _document(file_name: str, text: str) -> Section:
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
    section.only("effective", "ended", "clauses", "rule", "criteria", "benefits", "documents", "notes")
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
    )
    _check_whole(section, version, reference)
    return version


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
    """What no part can see alone: criteria that are absent or unused, and figures that have no value."""
    if not version.benefits:
        raise section.wrong("benefits", "missing", "Add [[version.benefits]]: a programme gives something")
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
    for key, name in _figures(version):
        figure = reference.parameters.get(name)
        if figure is None:
            raise section.wrong(key, f"unknown parameter {name!r}", f"Use one of {', '.join(reference.parameters)}")
        if figure.on(version.effective) is None:
            remedy = f"Add its value for {version.effective} to {PARAMETERS}"
            raise section.wrong(key, f"parameter {name!r} has no value when the version begins", remedy)


def _figures(version: Version) -> Iterator[tuple[str, str]]:
    """The parameters a version rests on, each with the key that names it."""
    for name, criterion in version.criteria.items():
        for key, bound in criterion.comparison.limits().items():
            if bound.parameter is not None:
                yield f"criteria.{name}.{key}", bound.parameter
    for number, benefit in enumerate(version.benefits, start=1):
        yield from ((f"benefits[{number}]", name) for name in benefit.parameters())

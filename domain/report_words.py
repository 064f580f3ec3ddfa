"""The sentences in which a report tells a clerk what came of her rows, read from policy/ and complete or refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.exchange import RowResult
from domain.intake_fault import RowFault
from domain.policy_file import Section
from domain.wording import placeholders

# What each sentence may fill in.
_SENTENCES: Mapping[str, frozenset[str]] = {
    "changed": frozenset({"columns"}),
    "conflict": frozenset({"column", "department", "believed"}),
    "record_death": frozenset(),
    "move_out": frozenset(),
    "suspend": frozenset(),
    "cancel": frozenset(),
    "expire": frozenset(),
}
HEADERS = 5


@dataclass(frozen=True, eq=False)
class ReportWords:
    """The name of the sheet, its headers, and the sentences by result, by outcome and by fault."""

    sheet: str
    headers: tuple[str, ...]
    results: Mapping[RowResult, str]
    sentences: Mapping[str, str]
    faults: Mapping[RowFault, str]


def parse_report_words(section: Section) -> ReportWords:
    """Read policy/exchange/report.toml.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section.only("sheet", "headers", "results", "sentences", "faults")
    headers = section.texts("headers")
    if len(headers) != HEADERS:
        raise section.wrong("headers", f"not {HEADERS} headers", "Name row, name, id number, result and reason")
    results = _texts(section.section("results"), RowResult)
    faults = _texts(section.section("faults"), RowFault)
    sentences = _texts(section.section("sentences"), _SENTENCES)
    for name, text in sentences.items():
        _check(section.section("sentences"), name, text, _SENTENCES[name])
    for fault, text in faults.items():
        _check(section.section("faults"), fault, text, frozenset({"column"}))
    return ReportWords(
        section.text("sheet"),
        headers,
        {RowResult(name): text for name, text in results.items()},
        sentences,
        {RowFault(name): text for name, text in faults.items()},
    )


def _texts(section: Section, names: Iterable[str]) -> dict[str, str]:
    section.only(*names)
    return {name: section.text(name) for name in names}


def _check(section: Section, name: str, text: str, known: frozenset[str]) -> None:
    unknown = set(placeholders(section, name, text)) - known
    if unknown:
        remedy = f"Use only {', '.join(sorted(known))}" if known else "Write the sentence without fields"
        raise section.wrong(name, f"nothing is called {', '.join(sorted(unknown))}", remedy)

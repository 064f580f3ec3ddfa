"""Translation of policy files before they are read, so that a book in English is one more book of the same rules."""

import re
from collections.abc import Iterable, Mapping
from typing import assert_never, cast

from domain.language import Language
from domain.policy_file import Section
from domain.wording import placeholders

# Characters, punctuation and full-width forms; not the circled numbers by which clauses are called.
CHINESE = re.compile("[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")

FOLDER = "en/"


def in_language(files: Mapping[str, Section], language: Language) -> dict[str, Section]:
    """The files of rules without those of translations; these are looked at for English alone.

    Raises:
        PolicyInvalid: see `parse_catalogue` and `translated`.
    """
    rules = {name: file for name, file in files.items() if not name.startswith(FOLDER)}
    match language:
        case Language.CHINESE:
            return rules
        case Language.ENGLISH:
            catalogue = parse_catalogue(file for name, file in files.items() if name.startswith(FOLDER))
            return {name: translated(file, catalogue) for name, file in rules.items()}
        case _:
            assert_never(language)


def parse_catalogue(sections: Iterable[Section]) -> dict[str, str]:
    """The English of every Chinese phrase, from tables that have the phrase as key.

    Raises:
        PolicyInvalid: a phrase is translated twice, not into English, or with other fields than it has itself.
    """
    catalogue: dict[str, str] = {}
    for section in sections:
        for phrase in section.content:
            english = section.text(phrase)
            if phrase in catalogue:
                raise section.wrong(phrase, "translated twice", "Keep one translation, in en/phrases.toml if shared")
            if not CHINESE.search(phrase) or CHINESE.search(english):
                raise section.wrong(phrase, "not Chinese on the left and English on the right", "Correct the line")
            fields = set(placeholders(section, phrase, phrase))
            if fields != set(placeholders(section, phrase, english)):
                named = ", ".join(f"{{{name}}}" for name in sorted(fields)) or "none"
                raise section.wrong(phrase, "the translation has other fields", f"Use the same fields: {named}")
            catalogue[phrase] = english
    return catalogue


def translated(section: Section, catalogue: Mapping[str, str]) -> Section:
    """The file with every text in English; names of tables and keys stay as they are.

    Raises:
        PolicyInvalid: a text has no translation.
    """

    def english(value: object, path: str) -> object:
        match value:
            case dict():
                return {name: english(each, f"{path}.{name}" if path else name) for name, each in value.items()}
            case list():
                return [english(each, f"{path}[{number}]") for number, each in enumerate(value, start=1)]
            case str() if CHINESE.search(value):
                if value not in catalogue:
                    remedy = f"Add it to en/{section.place.file}, or to en/phrases.toml if several files say it"
                    raise section.wrong(path, f"no English for {value!r}", remedy)
                return catalogue[value]
            case _:
                return value

    content = cast("Mapping[str, object]", english(section.content, ""))
    return Section(section.place, content)

"""What readers of the English book hear is English, in short sentences, and no translation is left over."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from domain.fact import Facts
from domain.rulebook import RuleBooks
from domain.translation import CHINESE
from services.bootstrap import POLICY
from tests.policy.test_sentences import SOMEONE, spoken

LONGEST = 160


def texts(value: Any) -> Iterator[str]:
    """Every text of a value, however deep it lies; names by which tables are called are none."""
    match value:
        case Enum() | date() | datetime():
            return
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from texts(each)
        case list() | tuple():
            for each in value:
                yield from texts(each)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from texts(getattr(value, field.name))


def test_every_text_is_translated(books: RuleBooks) -> None:
    """The English book, its facts, figures, sentences and index of the plan included, has no Chinese in it."""
    chinese = [text for text in texts(books.chinese) if CHINESE.search(text)]

    assert len(chinese) > 100
    assert not [text for text in texts(books.english) if CHINESE.search(text)]
    assert len(list(texts(books.english))) == len(list(texts(books.chinese)))


def test_what_is_heard_is_english(books: RuleBooks) -> None:
    """No Chinese, no underscore or brace, no long breath, with facts and without."""
    heard = [*spoken(books.english, Facts.of([])), *spoken(books.english, SOMEONE)]

    assert not [text for text in heard if CHINESE.search(text) or re.search(r"[_{}]", text)]
    assert not [text for text in heard if any(len(breath) > LONGEST for breath in re.split(r"[.;]", text))]
    assert (
        "Records differ: on 2026-11-25 the Health Bureau recorded “Ability to look after oneself” as: "
        "can look after oneself." in heard
    )
    assert "Age: 6. Required: age 0 to 6." in heard
    assert "From 2027-02-28 on, this is no longer met: age 0 to 6." in heard


def test_no_translation_is_left_over() -> None:
    """When a text changes, the translation of the old one goes."""
    said = set(texts([read(file) for file in POLICY.glob("*.toml")]))

    assert not {phrase for file in POLICY.glob("en/*.toml") for phrase in read(file)} - said


def read(file: Path) -> dict[str, Any]:
    """A file as a table."""
    return tomllib.loads(file.read_text(encoding="utf-8"))

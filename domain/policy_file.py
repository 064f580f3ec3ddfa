"""Reading of policy files key by key, so that every mistake is reported with its place and its remedy."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar, cast

T = TypeVar("T")


class PolicyInvalid(ValueError):
    """A policy that cannot be used: which file, programme, version and key, what is wrong, and what to do."""

    def __init__(self, place: "Place", key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{place}, key {key}: {problem}. {remedy}.")
        self.place = place
        self.key = key
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Place:
    """Where in the policy something stands."""

    file: str
    programme: str = ""
    version: date | None = None

    def __str__(self) -> str:
        programme = f", programme {self.programme}" if self.programme else ""
        version = f", version {self.version.isoformat()}" if self.version else ""
        return f"{self.file}{programme}{version}"


@dataclass(frozen=True)
class Section:
    """One table of a policy file; every reader refuses a wrong type with PolicyInvalid."""

    place: Place
    content: Mapping[str, object]
    path: str = ""

    def at(self, place: Place) -> "Section":
        """The same table, its place now known better."""
        return replace(self, place=place)

    def key(self, name: str) -> str:
        """The full name of a key of this table, from the top of the file."""
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, name: str, problem: str, remedy: str) -> PolicyInvalid:
        """The error for one key of this table."""
        return PolicyInvalid(self.place, self.key(name), problem, remedy)

    def only(self, *names: str) -> None:
        """Refuse a key that nobody reads: most often a misspelt one."""
        for name in self.content:
            if name not in names:
                raise self.wrong(name, "unknown key", f"Remove it, or use one of {', '.join(names)}")

    def _get(self, name: str, kind: type[T], what: str) -> T | None:
        value = self.content.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(name, f"{type(value).__name__} found", f"Write {what}")
        return value

    def _need(self, name: str, value: T | None, what: str) -> T:
        if value is None:
            raise self.wrong(name, "missing", f"Add {what}")
        return value

    def text(self, name: str) -> str:
        """A text that is not empty."""
        what = "a text that is not empty"
        return self._need(name, self.optional_text(name) or None, what)

    def optional_text(self, name: str) -> str | None:
        """A text, where it is given."""
        return self._get(name, str, "a text in quotes")

    def day(self, name: str) -> date:
        """A date."""
        return self._need(name, self.optional_day(name), "a date as 2016-12-04")

    def optional_day(self, name: str) -> date | None:
        """A date, where it is given; a date with a time is refused."""
        value = self._get(name, date, "a date as 2016-12-04, without quotes")
        if value is not None and type(value) is not date:
            raise self.wrong(name, "date with a time found", "Write the date alone, as 2016-12-04")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is not given."""
        return self._get(name, bool, "true or false") or False

    def optional_number(self, name: str) -> Decimal | None:
        """A number of 0 or more, where it is given."""
        whole = self.content.get(name)
        if isinstance(whole, int) and not isinstance(whole, bool):
            number: Decimal | None = Decimal(whole)
        else:
            number = self._get(name, Decimal, "a number without quotes")
        if number is not None and not (number.is_finite() and number >= 0):
            raise self.wrong(name, "not a number of 0 or more", "Write a number of 0 or more")
        return number

    def number(self, name: str) -> Decimal:
        """A number of 0 or more."""
        return self._need(name, self.optional_number(name), "a number of 0 or more")

    def whole_numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers; empty where it is not given."""
        return tuple(self._items(name, int, "a list of whole numbers"))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where it is not given."""
        return tuple(self._items(name, str, "a list of texts in quotes"))

    def days(self, name: str) -> tuple[date, ...]:
        """A list of dates; empty where it is not given."""
        what = "a list of dates as 2016-12-04, without quotes"
        days = tuple(self._items(name, date, what))
        if any(type(day) is not date for day in days):
            raise self.wrong(name, "date with a time found in the list", f"Write {what}")
        return days

    def section(self, name: str) -> "Section":
        """A table."""
        return Section(self.place, self._need(name, self._table(name), "a table"), self.key(name))

    def sections(self, name: str) -> tuple["Section", ...]:
        """A list of tables; empty where it is not given."""
        tables = self._items(name, dict, f"a list of tables, each under [[{name}]]")
        return tuple(
            Section(self.place, cast("dict[str, object]", table), f"{self.key(name)}[{number}]")
            for number, table in enumerate(tables, start=1)
        )

    def named_sections(self, name: str) -> dict[str, "Section"]:
        """A table of tables, by name; empty where it is not given."""
        if name not in self.content:
            return {}
        group = self.section(name)
        return {each: group.section(each) for each in group.content}

    def _table(self, name: str) -> Mapping[str, object] | None:
        return cast("Mapping[str, object] | None", self._get(name, dict, "a table"))

    def _items(self, name: str, kind: type[T], what: str) -> Iterable[T]:
        for item in self._get(name, list, what) or ():
            if not isinstance(item, kind):
                raise self.wrong(name, f"{type(item).__name__} found in the list", f"Write {what}")
            yield item


def parse_document(file_name: str, text: str) -> Section:
    """A whole file, its numbers with a point as Decimal.

    Raises:
        PolicyInvalid: the text is not TOML.
    """
    try:
        return Section(Place(file_name), tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise PolicyInvalid(Place(file_name), "(file)", f"not TOML: {error}", "Correct the file there") from None
    except RecursionError:
        raise PolicyInvalid(Place(file_name), "(file)", "not TOML: nested too deeply", "Correct the file") from None

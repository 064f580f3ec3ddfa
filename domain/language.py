"""The languages in which the rules can be told."""

from enum import StrEnum


class Language(StrEnum):
    """Chinese is what the rules are written in; English is translated from it."""

    CHINESE = "chinese"
    ENGLISH = "english"

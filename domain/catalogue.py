"""What a provider may put into its catalogue, decided from values: sites, services, prices, resources, courses."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from domain.timetable import MINUTES_A_DAY, MOST_PLACES

NAME_LENGTH = 80
ADDRESS_LENGTH = 120
TOWN_LENGTH = 40
MOST_DOCUMENTS = 10
MOST_PRICE = Decimal(100_000)
MOST_SESSIONS = 100
MOST_DAYS = 366
# Nobody plans, or has to be told, longer ahead than a month.
MOST_NOTICE = 31 * MINUTES_A_DAY


class CatalogueRefusal(StrEnum):
    """Why something was not put into a provider's catalogue, or not changed there."""

    NOT_ALLOWED = "not_allowed"
    NAME = "name"
    ADDRESS = "address"
    DOCUMENTS = "documents"
    PROGRAMME = "programme"
    LENGTHS = "lengths"
    SITE = "site"
    WEEK = "week"
    PRICE = "price"
    PAST = "past"
    PLACES = "places"
    TAKEN = "taken"
    SESSIONS = "sessions"
    OVERLAPS_ITSELF = "overlaps_itself"
    CLOSED = "closed"
    ACCOUNT = "account"
    KEY_REUSED = "key_reused"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True)
class Terms:
    """What a service asks and promises; all lengths are minutes but the horizon, and `documents` are to be brought."""

    name: str
    programme: str
    minutes: int
    buffer_before: int
    buffer_after: int
    lead: int
    horizon_days: int
    cancel: int
    grace: int
    offer: int
    documents: Sequence[str]


def refuse_name(name: str) -> CatalogueRefusal | None:
    """Why nothing can be called so: a name is read aloud and printed."""
    return None if _is_line(name, NAME_LENGTH) else CatalogueRefusal.NAME


def refuse_place(name: str, address: str, town: str = "") -> CatalogueRefusal | None:
    """Why a provider or a site cannot be described so; an empty town is the whole district."""
    if not _is_line(address, ADDRESS_LENGTH) or (town and not _is_line(town, TOWN_LENGTH)):
        return CatalogueRefusal.ADDRESS
    return refuse_name(name)


def refuse_terms(terms: Terms, programmes: Collection[str]) -> CatalogueRefusal | None:
    """Why a service cannot be offered on these terms; an empty programme is none."""
    if terms.programme and terms.programme not in programmes:
        return CatalogueRefusal.PROGRAMME
    if len(terms.documents) > MOST_DOCUMENTS or not all(_is_line(each, NAME_LENGTH) for each in terms.documents):
        return CatalogueRefusal.DOCUMENTS
    lengths = (
        (1, terms.minutes, MINUTES_A_DAY),
        (0, terms.buffer_before, MINUTES_A_DAY),
        (0, terms.buffer_after, MINUTES_A_DAY),
        (0, terms.lead, MOST_NOTICE),
        (1, terms.horizon_days, MOST_DAYS),
        (0, terms.cancel, MOST_NOTICE),
        (0, terms.grace, MINUTES_A_DAY),
        (0, terms.offer, MOST_NOTICE),
    )
    if not all(least <= length <= most for least, length, most in lengths):
        return CatalogueRefusal.LENGTHS
    return refuse_name(terms.name)


def refuse_price(price: Decimal, start: date, on: date) -> CatalogueRefusal | None:
    """Why a price cannot hold from a day on: whole fen, and never for a day that is past."""
    if not 0 <= price < MOST_PRICE or price != round(price, 2):
        return CatalogueRefusal.PRICE
    return CatalogueRefusal.PAST if start < on else None


def refuse_places(capacity: int, taken: int = 0) -> CatalogueRefusal | None:
    """Why there cannot be so many places, of which some are taken."""
    if not 1 <= capacity <= MOST_PLACES:
        return CatalogueRefusal.PLACES
    return CatalogueRefusal.TAKEN if capacity < taken else None


def refuse_sessions(
    starts: Sequence[datetime], length: timedelta, gap: timedelta, at: datetime
) -> CatalogueRefusal | None:
    """Why a course cannot have sessions that begin then: too many or none, past, or too close to each other."""
    if not 1 <= len(starts) <= MOST_SESSIONS or not all(
        at < start <= at + timedelta(days=MOST_DAYS) for start in starts
    ):
        return CatalogueRefusal.SESSIONS
    if any(later - earlier < length + gap for earlier, later in pairwise(sorted(starts))):
        return CatalogueRefusal.OVERLAPS_ITSELF
    return None


def _is_line(text: str, most: int) -> bool:
    return bool(text.strip()) and len(text) <= most and text.isprintable()

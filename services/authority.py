"""In which part a viewer acts on a resident's card or file: as herself, as a guardian, or as staff of an area."""

from dataclasses import dataclass
from datetime import date
from typing import assert_never
from uuid import UUID

from domain.access import Act, Viewer
from domain.card_event import Actor
from domain.standing import Role
from models.session import StaffRole
from services.people import People, StaffMember


@dataclass(frozen=True)
class Authority:
    """Who acts, for which resident, and by what name the audit log knows her."""

    actor: Actor
    resident_id: UUID
    name: str
    staff: StaffMember | None

    def reaches(self, town: str) -> bool:
        """Whether a resident of a town is within reach: always for family, by area for staff."""
        return self.staff is None or self.staff.covers(town)


def authority_of(
    viewer: Viewer, people: People, resident_id: UUID | None, on: date, *, as_holder: bool, act: Act = Act.CARD
) -> Authority | None:
    """The viewer's part towards a resident (None: herself), family first where `as_holder` lets it; None for none."""
    related = people.reach(resident_id, act, on)
    if related is not None and as_holder:
        actor = Actor(Role.HOLDER, viewer.account_id, is_related=True)
        return Authority(actor, related.id, f"account:{viewer.account_id}", None)
    whom = related.id if related is not None else resident_id
    if people.staff is None or whom is None:
        return None
    # Whoever may only look after a ward is related to her all the same.
    is_related = people.reach(whom, Act.VIEW, on) is not None
    actor = Actor(role_of(people.staff), viewer.account_id, is_related)
    return Authority(actor, whom, f"staff:{people.staff.id}", people.staff)


def role_of(staff: StaffMember) -> Role:
    """The level on which a member of staff works: a clerk without a town is the district's."""
    match staff.role:
        case StaffRole.COMMISSIONER:
            return Role.COMMISSIONER
        case StaffRole.CLERK:
            return Role.TOWN if staff.town else Role.DISTRICT
        case _:
            assert_never(staff.role)

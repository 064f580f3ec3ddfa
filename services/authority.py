"""In which part a viewer acts on a resident's card or file: as herself, as a guardian, or as staff of an area."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.access import Act, Viewer
from domain.card_event import Actor
from domain.duty import AnyDuty
from domain.standing import Role
from services.people import People, StaffMember


@dataclass(frozen=True)
class Authority:
    """Who acts, for which resident, and by what name the audit log knows her."""

    actor: Actor
    resident_id: UUID
    name: str
    staff: StaffMember | None

    def reaches(self, town: str, village: str) -> bool:
        """Whether a resident of a village is within reach: always for family, by area for staff."""
        return self.staff is None or self.staff.area.covers(town, village)


def authority_of(
    viewer: Viewer,
    people: People,
    resident_id: UUID | None,
    on: date,
    duty: AnyDuty,
    *,
    as_holder: bool,
    act: Act = Act.APPLY,
) -> Authority | None:
    """The viewer's part towards a resident (None: herself), family first where `as_holder` lets it; None for none.

    As staff she has one only for what her role may do; whether the resident is in her area, `Authority.reaches` says.
    """
    related = people.reach(resident_id, act, on)
    if related is not None and as_holder:
        actor = Actor(Role.HOLDER, viewer.account_id, is_related=True)
        return Authority(actor, related.id, f"account:{viewer.account_id}", None)
    whom = related.id if related is not None else resident_id
    staff = people.on_duty(duty)
    if staff is None or whom is None:
        return None
    # Whoever may only look after a ward is related to her all the same.
    is_related = people.reach(whom, Act.VIEW, on) is not None
    actor = Actor(staff.part, viewer.account_id, is_related)
    return Authority(actor, whom, f"staff:{staff.id}", staff)

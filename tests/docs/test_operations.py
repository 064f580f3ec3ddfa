"""The handbook's table of who may do what in a card's life is the one that decides."""

import re
from pathlib import Path

from domain.card_event import RULES, CardEvent
from domain.standing import Role

HANDBOOK = Path(__file__).parents[2] / "docs" / "operations.md"
MUTATIONS = {
    "applyForCard": CardEvent.APPLY,
    "referToAssessment": CardEvent.REFER,
    "recordAssessment": CardEvent.ASSESS,
    "rejectApplication": CardEvent.REJECT,
    "issueCard": CardEvent.ISSUE,
    "renewCard": CardEvent.RENEW,
    "reassessCard": CardEvent.REASSESS,
    "reportCardLost": CardEvent.REPORT_LOST,
    "reissueCard": CardEvent.REISSUE,
    "suspendCard": CardEvent.SUSPEND,
    "resumeCard": CardEvent.RESUME,
    "recordMoveOut": CardEvent.MOVE_OUT,
    "cancelCard": CardEvent.CANCEL,
    "recordDeath": CardEvent.RECORD_DEATH,
    "retractDeath": CardEvent.RETRACT_DEATH,
}
COLUMNS = (Role.COMMISSIONER, Role.TOWN, Role.DISTRICT, Role.HOLDER)


def test_the_handbook_says_who_may_do_what() -> None:
    """Each mutation with exactly the parts that its rule names; only what no person brings about is left out."""
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", HANDBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    told = {
        MUTATIONS[name]: {role for role, cell in zip(COLUMNS, cells.split("|"), strict=True) if cell.strip() == "yes"}
        for name, cells in rows
        if name in MUTATIONS
    }

    decided = {event: set(rule.roles) - {Role.REGISTER} for event, rule in RULES.items()}
    assert told == {event: roles for event, roles in decided.items() if event in MUTATIONS.values()}
    assert set(CardEvent) - set(told) == {CardEvent.EXPIRE, CardEvent.REVISE}

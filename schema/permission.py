"""Says of every query and mutation for whom it is: anybody, a holder with her guardians, or staff with a duty."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.access import Act
from domain.card_event import CardEvent
from domain.duty import AnyDuty, Duty


@dataclass(frozen=True)
class Access:
    """For whom a root field is: whoever is signed in; or, where they are named, family by act and staff by duty."""

    act: Act | None = None
    duty: AnyDuty | None = None
    needs_sign_in: bool = True

    def needs_second_factor(self, *, has_family: bool) -> bool:
        """Whether a member of staff can only mean it as such: nobody else uses it, or she is nobody else."""
        return self.duty is not None and (self.act is None or not has_family)


ANYBODY: Final = Access(needs_sign_in=False)
SIGNED_IN: Final = Access()

# A field that is missing here fails the tests, and docs/access.md shows this table.
FIELDS: Final[Mapping[str, Access]] = {
    "services": ANYBODY,
    "slots": ANYBODY,
    "signInWithWechat": ANYBODY,
    "refreshSession": ANYBODY,
    "viewer": SIGNED_IN,
    "signOut": SIGNED_IN,
    "signOutEverywhere": SIGNED_IN,
    # Any guardian, however little she may do, can lay it down.
    "unlinkResident": Access(act=Act.VIEW),
    "enrolSecondFactor": SIGNED_IN,
    "proveSecondFactor": SIGNED_IN,
    "bindCard": SIGNED_IN,
    "credentialChallenge": SIGNED_IN,
    "bookSlot": Access(act=Act.BOOK),
    "cancelBooking": Access(act=Act.BOOK),
    "issueCredential": Access(act=Act.RIDE_CODE),
    "onlineCode": Access(act=Act.RIDE_CODE),
    "renewCard": Access(act=Act.APPLY, duty=CardEvent.RENEW),
    "reportCardLost": Access(act=Act.APPLY, duty=CardEvent.REPORT_LOST),
    "appealAssessment": Access(act=Act.APPLY, duty=Duty.FILE_APPEAL),
    "residentFile": Access(act=Act.VIEW, duty=Duty.READ_FILE),
    "openFile": Access(duty=Duty.OPEN_FILE),
    "writeFileEntry": Access(duty=Duty.WRITE_FILE),
    "issueBindingCode": Access(duty=Duty.ISSUE_BINDING_CODE),
    "decideAppeal": Access(duty=Duty.DECIDE_APPEAL),
    "applyForCard": Access(act=Act.APPLY, duty=CardEvent.APPLY),
    "referToAssessment": Access(duty=CardEvent.REFER),
    "recordAssessment": Access(duty=CardEvent.ASSESS),
    "rejectApplication": Access(duty=CardEvent.REJECT),
    "issueCard": Access(duty=CardEvent.ISSUE),
    "reassessCard": Access(duty=CardEvent.REASSESS),
    "reissueCard": Access(duty=CardEvent.REISSUE),
    "suspendCard": Access(duty=CardEvent.SUSPEND),
    "resumeCard": Access(duty=CardEvent.RESUME),
    "recordMoveOut": Access(duty=CardEvent.MOVE_OUT),
    "cancelCard": Access(duty=CardEvent.CANCEL),
    "recordDeath": Access(duty=CardEvent.RECORD_DEATH),
    "retractDeath": Access(duty=CardEvent.RETRACT_DEATH),
    "printCode": Access(duty=Duty.PRINT_CODE),
    "revokePrintedCode": Access(duty=Duty.PRINT_CODE),
    "endPhones": Access(duty=Duty.END_PHONES),
    "bindWithCode": SIGNED_IN,
    "registerResident": Access(duty=Duty.REGISTER_RESIDENT),
    "recordGuardian": Access(duty=Duty.RECORD_GUARDIAN),
    # Only to those who act for herself; anybody else's guardian is nobody.
    "objectToGuardian": SIGNED_IN,
    "guardianObjections": Access(duty=Duty.DECIDE_OBJECTION),
    "decideGuardianObjection": Access(duty=Duty.DECIDE_OBJECTION),
    "staffRoll": Access(duty=Duty.GRANT_ROLES),
    "proposeStaff": Access(duty=Duty.GRANT_ROLES),
    "confirmStaff": Access(duty=Duty.GRANT_ROLES),
    "endStaff": Access(duty=Duty.GRANT_ROLES),
}

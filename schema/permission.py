"""Says of every query, mutation and subscription for whom it is: anybody, a holder and her guardians, or staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.access import Act
from domain.card_event import CardEvent
from domain.duty import AnyDuty, Duty


@dataclass(frozen=True)
class Access:
    """For whom a root field is: whoever is signed in; or, where they are named, family by act and staff by duty.

    `at_desk` are the people of a provider, for its own services, and `at_operator` those of an operator, for its own
    scanners and tariffs; they see no resident by it and are not staff here. All of these act after a second factor.
    """

    act: Act | None = None
    duty: AnyDuty | None = None
    needs_sign_in: bool = True
    at_desk: bool = False
    at_operator: bool = False

    def needs_second_factor(self, *, has_family: bool, is_staff: bool, at_desk: bool, at_operator: bool) -> bool:
        """Whether she can only mean it as one who works there: nobody else uses it, or she is nobody else."""
        works = (self.duty is not None and is_staff) or (self.at_desk and at_desk) or (self.at_operator and at_operator)
        return works and (self.act is None or not has_family)


ANYBODY: Final = Access(needs_sign_in=False)
SIGNED_IN: Final = Access()
AT_DESK: Final = Access(at_desk=True)
AT_OPERATOR: Final = Access(at_operator=True)

# A field that is missing here fails the tests, and docs/access.md shows this table.
FIELDS: Final[Mapping[str, Access]] = {
    "services": ANYBODY,
    "courses": ANYBODY,
    "freeSlots": ANYBODY,
    "slots": ANYBODY,
    "venues": ANYBODY,
    "venue": ANYBODY,
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
    "bookSlot": Access(act=Act.BOOK, duty=Duty.BOOK),
    "cancelBooking": Access(act=Act.BOOK, duty=Duty.BOOK),
    "bookCourse": Access(act=Act.BOOK, duty=Duty.BOOK),
    "cancelCourse": Access(act=Act.BOOK, duty=Duty.BOOK),
    "rescheduleBooking": Access(act=Act.BOOK, duty=Duty.BOOK),
    "joinWaitlist": Access(act=Act.BOOK, duty=Duty.BOOK),
    "joinCourseWaitlist": Access(act=Act.BOOK, duty=Duty.BOOK),
    "leaveWaitlist": Access(act=Act.BOOK, duty=Duty.BOOK),
    "acceptOffer": Access(act=Act.BOOK, duty=Duty.BOOK),
    "openOffers": Access(act=Act.VIEW),
    "appealMiss": Access(act=Act.BOOK, duty=Duty.BOOK),
    "decideMissAppeal": Access(duty=Duty.DECIDE_MISS_APPEAL),
    # Consent is hers: staff may not give it for her.
    "answerReferral": Access(act=Act.BOOK),
    "acceptMessages": SIGNED_IN,
    "createCalendarFeed": Access(act=Act.VIEW, at_desk=True),
    "revokeCalendarFeed": Access(act=Act.VIEW, at_desk=True),
    "replaceWeek": AT_DESK,
    "addDayException": AT_DESK,
    "dayList": AT_DESK,
    "confirmBooking": AT_DESK,
    "declineBooking": AT_DESK,
    "keepBooking": AT_DESK,
    "checkIn": AT_DESK,
    "recordAttendance": AT_DESK,
    "proposeReferral": AT_DESK,
    "bookReferred": AT_DESK,
    "showVisit": AT_DESK,
    "createSite": AT_DESK,
    "changeSite": AT_DESK,
    "closeSite": AT_DESK,
    "createService": AT_DESK,
    "changeService": AT_DESK,
    "retireService": AT_DESK,
    "setPrice": AT_DESK,
    "createResource": AT_DESK,
    "renameResource": AT_DESK,
    "retireResource": AT_DESK,
    "useResource": AT_DESK,
    "createCourse": AT_DESK,
    "changeCourse": AT_DESK,
    "closeCourse": AT_DESK,
    "createProvider": Access(duty=Duty.KEEP_PROVIDERS),
    "changeProvider": Access(duty=Duty.KEEP_PROVIDERS, at_desk=True),
    "appointAtDesk": Access(duty=Duty.KEEP_PROVIDERS, at_desk=True),
    "endAtDesk": Access(duty=Duty.KEEP_PROVIDERS, at_desk=True),
    "issueCredential": Access(act=Act.RIDE_CODE),
    "onlineCode": Access(act=Act.RIDE_CODE),
    "renewCard": Access(act=Act.APPLY, duty=CardEvent.RENEW),
    "reportCardLost": Access(act=Act.APPLY, duty=CardEvent.REPORT_LOST),
    "appealAssessment": Access(act=Act.APPLY, duty=Duty.FILE_APPEAL),
    "takeMyData": Access(act=Act.APPLY),
    "residentFile": Access(act=Act.VIEW, duty=Duty.READ_FILE),
    "openFile": Access(duty=Duty.OPEN_FILE),
    "writeFileEntry": Access(duty=Duty.WRITE_FILE),
    "reveal": Access(duty=Duty.REVEAL),
    "coverage": Access(duty=Duty.COUNT),
    "simulate": Access(duty=Duty.COUNT),
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
    "recordCitizenId": Access(duty=Duty.REGISTER_RESIDENT),
    "recordGuardian": Access(duty=Duty.RECORD_GUARDIAN),
    "endGuardian": Access(duty=Duty.RECORD_GUARDIAN),
    # Only to those who act for herself; anybody else's guardian is nobody.
    "objectToGuardian": SIGNED_IN,
    "guardianObjections": Access(duty=Duty.DECIDE_OBJECTION),
    "decideGuardianObjection": Access(duty=Duty.DECIDE_OBJECTION),
    "scanChains": Access(duty=Duty.JUDGE_TAPS),
    "tapFindings": Access(duty=Duty.JUDGE_TAPS),
    "decideTapFinding": Access(duty=Duty.JUDGE_TAPS),
    "staffRoll": Access(duty=Duty.GRANT_ROLES),
    "proposeStaff": Access(duty=Duty.GRANT_ROLES),
    "confirmStaff": Access(duty=Duty.GRANT_ROLES),
    "endStaff": Access(duty=Duty.GRANT_ROLES),
    "createOperator": Access(duty=Duty.KEEP_OPERATORS),
    "appointOperatorStaff": Access(duty=Duty.KEEP_OPERATORS),
    "endOperatorStaff": Access(duty=Duty.KEEP_OPERATORS),
    "giveFactorCode": Access(duty=Duty.GIVE_FACTOR_CODE),
    "addLine": AT_OPERATOR,
    "addVehicle": AT_OPERATOR,
    "addGate": AT_OPERATOR,
    "saveVenue": AT_OPERATOR,
    "registerScanner": AT_OPERATOR,
    "replaceScanner": AT_OPERATOR,
    "placeScanner": AT_OPERATOR,
    "renameScanner": AT_OPERATOR,
    "suspendScanner": AT_OPERATOR,
    "resumeScanner": AT_OPERATOR,
    "retireScanner": AT_OPERATOR,
    "reportScannerStolen": AT_OPERATOR,
    "judgeScannerFinding": AT_OPERATOR,
    "draftTariff": AT_OPERATOR,
    "discardTariff": AT_OPERATOR,
    "publishTariff": AT_OPERATOR,
    "disputeRide": Access(act=Act.RIDE_CODE),
    "answerRideDispute": Access(duty=Duty.ANSWER_RIDE_DISPUTE),
    "closeStatement": Access(duty=Duty.SETTLE),
    "openLineDispute": Access(duty=Duty.SETTLE, at_operator=True),
    "answerLineDispute": Access(duty=Duty.SETTLE, at_operator=True),
    "settleLineDispute": Access(duty=Duty.SETTLE, at_operator=True),
}

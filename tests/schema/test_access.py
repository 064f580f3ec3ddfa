"""Shows that whoever sees another person's data is in the log first, and that the person may read there who it was."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import strawberry
from graphql import GraphQLObjectType

from schema.identity import to_id
from schema.root import build_schema
from tests.conftest import DatabaseAddresses
from tests.schema.conftest import Ask
from tests.schema.desk_scene import DeskScene
from tests.schema.ride_scene import SHOWN
from tests.services.register import Clock, FakeWechat, Register

ACCESSES = """
query ($first: Int!, $after: String) { viewer { accesses(first: $first, after: $after) {
  edges { cursor node { at by message } } pageInfo { hasNextPage endCursor } } } }
"""

KINDS = ("Query", "Viewer", "Staff", "Desk", "Mutation", "Subscription")
# What each field tells of another person, and the entry that it leaves; None where it tells of nobody else.
ROOT_FIELDS = {
    "Query.viewer": None,
    # These tell numbers of many, and are in the log by town.
    "Query.coverage": None,
    "Query.simulate": None,
    # Colleagues are no residents.
    "Query.staffRoll": None,
    "Query.residentFile": "read_file",
    "Query.guardianObjections": "read_objection",
    "Query.services": None,
    "Query.courses": None,
    "Query.freeSlots": None,
    "Query.slots": None,
    "Query.venues": None,
    "Query.venue": None,
    "Viewer.residentId": None,
    "Viewer.maskedName": None,
    "Viewer.card": None,
    "Viewer.entitlements": None,
    "Viewer.comingUp": None,
    "Viewer.standing": None,
    "Viewer.file": None,
    "Viewer.bookings": None,
    "Viewer.quote": None,
    "Viewer.credentials": None,
    "Viewer.rides": None,
    "Viewer.accesses": None,
    # Numbers of operators, which name nobody.
    "Viewer.settlements": None,
    "Staff.dashboard": None,
    "Staff.rideDisputes": "view_ride_disputes",
    "Viewer.staff": None,
    "Viewer.secondFactorMissing": None,
    "Viewer.accountId": None,
    "Viewer.sessions": None,
    # What a guardian sees of another guardian is part of the view.
    "Viewer.guardians": None,
    "Viewer.wards": "view_ward",
    "Viewer.desks": None,
    "Viewer.operators": None,
    "Viewer.referrals": None,
    "Viewer.waitlist": None,
    "Staff.role": None,
    "Staff.roleName": None,
    "Staff.town": None,
    "Staff.village": None,
    "Staff.secondFactorUntil": None,
    "Staff.organisation": None,
    "Staff.flaggedBookings": "view_flagged",
    "Staff.appeals": "view_appeals",
    "Desk.id": None,
    "Desk.name": None,
    "Desk.sites": None,
    "Desk.services": None,
    "Desk.resources": None,
    "Desk.courses": None,
    "Desk.waitedFor": None,
    "Desk.dayList": "view_at_desk",
    "Desk.dayPage": "view_at_desk",
    "Desk.requests": "view_at_desk",
    "Desk.flagged": "view_at_desk",
    "Desk.referrals": "view_at_desk",
    "Subscription.dayList": "view_at_desk",
    "Subscription.openOffers": None,
    "Mutation.signInWithWechat": None,
    "Mutation.refreshSession": None,
    "Mutation.signOut": None,
    "Mutation.credentialChallenge": None,
    "Mutation.bindCard": "bind_card",
    "Mutation.issueBindingCode": "issue_binding_code",
    "Mutation.reveal": "reveal",
    "Mutation.bookSlot": "book_slot",
    "Mutation.cancelBooking": "cancel_booking",
    "Mutation.bookCourse": "book_course",
    "Mutation.cancelCourse": "cancel_course",
    "Mutation.rescheduleBooking": "reschedule_booking",
    "Mutation.joinWaitlist": "join_waitlist",
    "Mutation.joinCourseWaitlist": "join_course_waitlist",
    "Mutation.leaveWaitlist": "leave_waitlist",
    "Mutation.acceptOffer": "accept_offer",
    "Mutation.confirmBooking": "confirm_booking",
    "Mutation.declineBooking": "decline_booking",
    "Mutation.keepBooking": "keep_booking",
    "Mutation.checkIn": "record_came",
    "Mutation.showVisit": "view_visit",
    "Mutation.recordAttendance": "record_missed",
    "Mutation.appealMiss": "appeal_miss",
    "Mutation.decideMissAppeal": "decide_miss_appeal",
    "Mutation.proposeReferral": "propose_referral",
    "Mutation.answerReferral": "answer_referral",
    "Mutation.bookReferred": "book_referred",
    "Mutation.acceptMessages": None,
    "Mutation.createCalendarFeed": "create_calendar_feed",
    "Mutation.revokeCalendarFeed": None,
    "Mutation.replaceWeek": None,
    "Mutation.addDayException": None,
    "Mutation.createSite": None,
    "Mutation.changeSite": None,
    "Mutation.closeSite": None,
    "Mutation.createService": None,
    "Mutation.changeService": None,
    "Mutation.retireService": None,
    "Mutation.setPrice": None,
    "Mutation.createResource": None,
    "Mutation.renameResource": None,
    "Mutation.retireResource": None,
    "Mutation.useResource": None,
    "Mutation.createCourse": None,
    "Mutation.changeCourse": None,
    "Mutation.closeCourse": None,
    "Mutation.createProvider": None,
    "Mutation.changeProvider": None,
    "Mutation.appointAtDesk": None,
    "Mutation.endAtDesk": None,
    "Mutation.applyForCard": "card_apply",
    "Mutation.referToAssessment": "card_refer",
    "Mutation.recordAssessment": "card_assess",
    "Mutation.rejectApplication": "card_reject",
    "Mutation.issueCard": "card_issue",
    "Mutation.renewCard": "card_renew",
    "Mutation.reassessCard": "card_reassess",
    "Mutation.reportCardLost": "card_report_lost",
    "Mutation.reissueCard": "card_reissue",
    "Mutation.suspendCard": "card_suspend",
    "Mutation.resumeCard": "card_resume",
    "Mutation.recordMoveOut": "card_move_out",
    "Mutation.cancelCard": "card_cancel",
    "Mutation.recordDeath": "card_record_death",
    "Mutation.retractDeath": "card_retract_death",
    "Mutation.appealAssessment": "appeal",
    "Mutation.decideAppeal": "decide_appeal",
    "Mutation.openFile": "open_file",
    "Mutation.writeFileEntry": "write_entry",
    "Mutation.disputeRide": "dispute_ride",
    "Mutation.answerRideDispute": "answer_ride_dispute",
    "Query.tapFindings": "view_finding",
    "Mutation.decideTapFinding": "decide_finding",
    # These are about scanners.
    "Query.scanChains": None,
    "Mutation.judgeScannerFinding": None,
    "Mutation.closeStatement": None,
    "Mutation.openLineDispute": None,
    "Mutation.answerLineDispute": None,
    "Mutation.settleLineDispute": None,
    "Mutation.issueCredential": "issue_pass",
    "Mutation.onlineCode": "online_code",
    "Mutation.signOutEverywhere": None,
    "Mutation.unlinkResident": "unlink",
    "Mutation.enrolSecondFactor": None,
    "Mutation.proveSecondFactor": None,
    "Mutation.proposeStaff": None,
    "Mutation.confirmStaff": None,
    "Mutation.endStaff": None,
    "Mutation.giveFactorCode": None,
    "Mutation.printCode": "print_code",
    "Mutation.revokePrintedCode": "revoke_printed_code",
    "Mutation.endPhones": "end_phones",
    "Mutation.takeMyData": "export_own",
    "Mutation.registerResident": "register_resident",
    "Mutation.recordGuardian": "record_guardian",
    "Mutation.recordCitizenId": "record_citizen_id",
    "Mutation.endGuardian": "end_guardian",
    "Mutation.bindWithCode": "bind_with_code",
    # What she does herself is hers.
    "Mutation.objectToGuardian": None,
    "Mutation.decideGuardianObjection": "decide_guardian_objection",
    # Operators' places, scanners and tariffs, and counts at them, name no resident.
    "Mutation.createOperator": None,
    "Mutation.appointOperatorStaff": None,
    "Mutation.endOperatorStaff": None,
    "Mutation.addLine": None,
    "Mutation.addVehicle": None,
    "Mutation.addGate": None,
    "Mutation.saveVenue": None,
    "Mutation.registerScanner": None,
    "Mutation.replaceScanner": None,
    "Mutation.placeScanner": None,
    "Mutation.renameScanner": None,
    "Mutation.suspendScanner": None,
    "Mutation.resumeScanner": None,
    "Mutation.retireScanner": None,
    "Mutation.reportScannerStolen": None,
    "Mutation.draftTariff": None,
    "Mutation.discardTariff": None,
    "Mutation.publishTariff": None,
}


@pytest.fixture
async def scene(ask: Ask, register: Register, wechat: FakeWechat) -> DeskScene:
    """A fresh ward with her guardian and a clerk."""
    made = DeskScene(ask, register, wechat)
    await made.begin()
    await made.open()
    return made


@pytest.fixture
async def owner(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may break what the server may not."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def broken_log(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """A log that takes no entry, as on a full disk."""
    await owner.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON audit EXECUTE FUNCTION refuse()"
    )
    yield
    await owner.execute("DROP TRIGGER refuse ON audit; DROP FUNCTION refuse")


async def entries(owner: asyncpg.Connection, resident_id: UUID, action: str) -> int:
    """How often the log has an action on a resident."""
    count: int = await owner.fetchval(
        "SELECT count(*) FROM audit WHERE subject = $1 AND action = $2", str(resident_id), action
    )
    return count


def test_no_field_is_forgotten() -> None:
    """Every root field and every field of the viewer, as staff too, says here whether it tells of another person."""
    schema = build_schema()
    assert isinstance(schema, strawberry.Schema)

    fields = {f"{kind}.{name}" for kind in KINDS for name in _object(schema, kind).fields}

    assert fields == set(ROOT_FIELDS)
    assert set(SHOWN) == {action for action in ROOT_FIELDS.values() if action}


def _is_nothing(data: dict[str, Any] | None) -> bool:
    return data is None or all(_is_nothing(each) for each in data.values())


def _object(schema: strawberry.Schema, kind: str) -> GraphQLObjectType:
    found = schema._schema.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    return found


@pytest.mark.parametrize("action", SHOWN)
async def test_whoever_is_shown_another_person_is_in_the_log(
    scene: DeskScene, owner: asyncpg.Connection, action: str
) -> None:
    """Each use case leaves its entry about the person."""
    body = await SHOWN[action](scene)

    assert "errors" not in body
    assert await entries(owner, scene.ward.id, action) == 1


@pytest.mark.parametrize("action", SHOWN)
@pytest.mark.usefixtures("broken_log")
async def test_where_the_log_cannot_be_written_nobody_is_shown(scene: DeskScene, action: str) -> None:
    """The answer is an error that tells nothing, and holds neither name nor number."""
    if action == "cancel_booking":
        body = await scene.book_slot()
    else:
        body = await SHOWN[action](scene)

    assert _is_nothing(body["data"])
    assert "**" not in str(body)
    assert (scene.ward.phone or "-") not in str(body)


async def test_a_guardian_is_noted_once_a_day(scene: DeskScene, owner: asyncpg.Connection, clock: Clock) -> None:
    """Each day on which she looks is one entry, however often she looks; another guardian has her own."""
    for _ in range(3):
        await scene.wards()
    first_day = await entries(owner, scene.ward.id, "view_ward")
    clock.forward(hours=24)
    await scene.wards()

    assert (first_day, await entries(owner, scene.ward.id, "view_ward")) == (1, 2)


async def test_a_resident_sees_who_saw_her_and_why(
    scene: DeskScene, ask: Ask, register: Register, clock: Clock
) -> None:
    """Role and organisation, the relation of a guardian, the reason of a reveal; never a name, never herself."""
    herself = await register.viewer(scene.ward)
    for act in (scene.wards, scene.reveal, scene.issue_binding_code, scene.view_at_desk):
        await act()
        clock.forward(minutes=1)

    body = await ask(ACCESSES, herself, first=10)

    nodes = [edge["node"] for edge in body["data"]["viewer"]["accesses"]["edges"]]
    assert [node["message"] for node in nodes] == [
        "服务机构的工作人员查看了预约名单。",
        "区残联的经办人查到了这张残疾人证，并开出绑定码。",
        "区残联的经办人查看了完整的手机号，用途：联系本人。",
        "监护人（母亲）查看了证件、待遇和预约。",
    ]
    assert [node["by"] for node in nodes] == [
        "服务机构的工作人员",
        "区残联的经办人",
        "区残联的经办人",
        "监护人（母亲）",
    ]
    assert "约评定时间" not in str(body)


async def test_her_own_doings_are_no_accesses(ask: Ask, register: Register, owner: asyncpg.Connection) -> None:
    """What she does herself is left out; what an account did that is nobody's now is not, nor the district's work."""
    holder = await register.resident()
    viewer, other = await register.viewer(holder), await register.viewer()
    for actor in (f"account:{viewer.account_id}", f"account:{other.account_id}", "operator:retention"):
        await owner.execute(
            "INSERT INTO audit SELECT coalesce(max(sequence), 0) + 1, now(), $1, 'look', $2, '', '', '' FROM audit",
            *(actor, str(holder.id)),
        )

    body = await ask(ACCESSES, viewer, first=10)

    edges = body["data"]["viewer"]["accesses"]["edges"]
    assert [edge["node"]["message"] for edge in edges] == [
        "残联系统处理了登记信息。",
        "另一个微信账号处理了登记信息。",
    ]


async def test_accesses_are_paged(scene: DeskScene, ask: Ask, register: Register) -> None:
    """Each page goes on behind the last; a cursor of another list is refused, and so is a page of no size."""
    herself = await register.viewer(scene.ward)
    for _ in range(3):
        await scene.reveal()

    first = (await ask(ACCESSES, herself, first=2))["data"]["viewer"]["accesses"]
    second = (await ask(ACCESSES, herself, first=2, after=first["pageInfo"]["endCursor"]))["data"]["viewer"]["accesses"]
    foreign = [
        await ask(ACCESSES, herself, first=2, after=after) for after in ("x", to_id("Access", UUID(int=1 << 70)))
    ]
    none = await ask(ACCESSES, herself, first=0)

    assert (len(first["edges"]), first["pageInfo"]["hasNextPage"]) == (2, True)
    assert (len(second["edges"]), second["pageInfo"]["hasNextPage"]) == (1, False)
    assert {body["errors"][0]["extensions"]["code"] for body in foreign} == {"CURSOR_INVALID"}
    assert none["errors"][0]["extensions"]["code"] == "PAGE_SIZE"


async def test_an_account_that_is_tied_to_nobody_has_no_accesses(ask: Ask, register: Register) -> None:
    """The list is there and empty."""
    body = await ask(ACCESSES, await register.viewer(), first=1)

    assert body["data"]["viewer"]["accesses"]["edges"] == []

"""A ward, her guardian and two clerks, and the use cases that tell them of her, by the entry that each leaves."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from card.cose import SigningKey
from card.credential import prove
from schema.credential import from_text, to_text
from schema.identity import from_id, to_id
from services.vault import Sealed
from tests.schema.conftest import Ask
from tests.services.register import FakeWechat, Holder, Register, citizen_id, next_number

if TYPE_CHECKING:
    from domain.access import Viewer

WARDS = "{ viewer { wards { maskedName card { maskedNumber } } } }"
REFERRED = 'referToAssessment , hospital: "区人民医院"'
ASSESSED = "recordAssessment , findings: [{ category: 1, grade: 1 }]"
SUSPENDED = "suspendCard , cause: INQUIRY"
DIED = 'recordDeath , day: "2026-03-10"'

# What happens to a card up to the event that is looked for.
LIVES = {
    "card_apply": ("applyForCard",),
    "card_refer": ("applyForCard", REFERRED),
    "card_assess": ("applyForCard", REFERRED, ASSESSED),
    "card_reject": ("applyForCard", "rejectApplication"),
    "card_issue": ("applyForCard", REFERRED, ASSESSED, "issueCard"),
    "card_renew": ("renewCard",),
    "card_reassess": ("reassessCard",),
    "card_report_lost": ("reportCardLost",),
    "card_reissue": ("reportCardLost", "reissueCard"),
    "card_suspend": (SUSPENDED,),
    "card_resume": (SUSPENDED, "resumeCard"),
    "card_move_out": ('recordMoveOut , day: "2026-03-01"',),
    "card_cancel": ("cancelCard , cause: WITHDRAWN",),
    "card_record_death": (DIED,),
    "card_retract_death": (DIED, "retractDeath"),
}


class Scene:
    """A ward with a guardian and two clerks, and what is asked of the API in their names."""

    def __init__(self, ask: Ask, register: Register, wechat: FakeWechat) -> None:
        self._ask, self._register, self._wechat = ask, register, wechat
        self.ward: Holder
        self.guardian: Viewer
        self.clerk: Viewer
        self.colleague: Viewer

    async def begin(self) -> None:
        """Make them."""
        self.ward = await self._register.resident(grade=1)
        self.guardian, self.clerk = await self._register.viewer(), await self._register.viewer()
        await self._register.guardian(self.ward, self.guardian.account_id)
        await self._register.staff(self.clerk.account_id)
        self.colleague = await self._register.viewer()
        await self._register.staff(self.colleague.account_id)

    @property
    def resident_id(self) -> str:
        """The ward's id."""
        return to_id("Resident", self.ward.id)

    async def unlink(self) -> dict[str, Any]:
        """The guardian lays her ward down."""
        return await self._of_resident("unlinkResident", self.guardian)

    async def print_code(self) -> dict[str, Any]:
        """A clerk prints the ward's code."""
        return await self._of_resident("printCode", self.clerk)

    async def revoke_printed_code(self) -> dict[str, Any]:
        """A clerk ends it."""
        return await self._of_resident("revokePrintedCode", self.clerk)

    async def end_phones(self) -> dict[str, Any]:
        """A clerk is told that the phone is lost."""
        return await self._of_resident("endPhones", self.clerk)

    async def _of_resident(self, name: str, viewer: "Viewer") -> dict[str, Any]:
        return await self._ask(
            f"mutation ($r: ID!) {{ {name}(residentId: $r) {{ __typename }} }}", viewer, r=self.resident_id
        )

    async def take_my_data(self) -> dict[str, Any]:
        """The guardian takes the ward's data along."""
        return await self._ask(
            "mutation ($r: ID!) { takeMyData(residentId: $r) { __typename } }", self.guardian, r=self.resident_id
        )

    async def register_resident(self) -> dict[str, Any]:
        """A clerk takes in a child without a card, who is the ward from now on."""
        body = await self._ask(
            'mutation ($c: String!) { registerResident(input: {name: "王小宝", birthDate: "2022-02-02", '
            'identifiedBy: BIRTH_CERTIFICATE, number: $c, town: "曹娥街道", village: "一村"}) '
            "{ __typename ... on OnRecord { residentId } } }",
            self.clerk,
            c=f"R{next_number():09d}",
        )
        if "errors" not in body:
            child = from_id("Resident", body["data"]["registerResident"]["residentId"])
            assert child is not None
            self.ward = replace(self.ward, id=child)
        return body

    async def record_guardian(self) -> dict[str, Any]:
        """A clerk records a second guardian."""
        return await self._ask(
            'mutation ($r: ID!) { recordGuardian(residentId: $r, input: {name: "李四", phone: "13600000002", '
            'relation: "姐姐", ground: ADULT, acts: [VIEW], provenBy: "法院判决书"}) { __typename } }',
            self.clerk,
            r=self.resident_id,
        )

    async def record_citizen_id(self) -> dict[str, Any]:
        """The child gets a citizen id."""
        taken = await self.register_resident()
        if "errors" in taken:
            return taken
        return await self._ask(
            "mutation ($r: ID!, $n: String!) { recordCitizenId(residentId: $r, number: $n) { __typename } }",
            self.clerk,
            r=self.resident_id,
            n=citizen_id(date(2022, 2, 2), next_number()),
        )

    async def end_guardian(self) -> dict[str, Any]:
        """A clerk ends the guardianship of somebody who moved away."""
        guardian = await self._register.guardian(self.ward, phone="13600000005")
        return await self._ask(
            'mutation ($g: ID!) { endGuardian(guardianId: $g, reason: "已搬离本地") { __typename } }',
            self.clerk,
            g=to_id("Guardian", guardian),
        )

    async def bind_with_code(self) -> dict[str, Any]:
        """A second guardian proves herself by a code alone."""
        await self._register.guardian(self.ward, name="李四", phone="13600000003")
        given = await self._ask(
            "mutation ($r: ID!) { issueBindingCode(residentId: $r) { ... on BindingCode { code } } }",
            self.clerk,
            r=self.resident_id,
        )
        if given["data"] is None:
            return given
        return await self._ask(
            'mutation ($c: String!) { bindWithCode(name: "李四", code: $c) { __typename } }',
            await self._register.viewer(),
            c=given["data"]["issueBindingCode"]["code"],
        )

    async def _objection(self) -> str:
        """What the ward says of her guardian."""
        guardian = await self._register.guardian(self.ward, phone="13600000004")
        sealed = self.ward.key.seal(Sealed.OBJECTION, "她拿走了我的卡。")
        row = {"guardian_id": guardian, "reason_sealed": sealed, "filed_at": self._register._resources.clock()}
        return to_id("GuardianObjection", await self._register._insert("guardian_objection", **row))

    async def read_objection(self) -> dict[str, Any]:
        """A clerk reads what waits."""
        # Behind whatever other tests left: the newest key is the last.
        newest = from_id("GuardianObjection", await self._objection())
        assert newest is not None
        after = to_id("GuardianObjection", UUID(int=newest.int - 1))
        return await self._ask(
            "query ($a: String!) { guardianObjections(first: 1, after: $a) "
            "{ ... on ObjectionList { objections { edges { node { id } } } } } }",
            self.clerk,
            a=after,
        )

    async def decide_objection(self) -> dict[str, Any]:
        """A clerk decides."""
        return await self._ask(
            'mutation ($o: ID!) { decideGuardianObjection(objectionId: $o, outcome: KEEP, reason: "已核实") '
            "{ __typename } }",
            self.clerk,
            o=await self._objection(),
        )

    async def wards(self) -> dict[str, Any]:
        """What a guardian's start page asks."""
        return await self._ask(WARDS, self.guardian)

    async def bind_card(self) -> dict[str, Any]:
        """A second guardian proves herself."""
        await self._register.guardian(self.ward, name="李四", phone="13600000001")
        return await self._ask(
            'mutation ($n: String!, $c: String!) { bindCard(input: {name: "李四", cardNumber: $n, phoneCode: $c}) '
            "{ __typename } }",
            await self._register.viewer(),
            n=self.ward.card_number,
            c=self._wechat.phone_code("13600000001"),
        )

    async def issue_binding_code(self) -> dict[str, Any]:
        """A clerk finds the ward by the number on her card."""
        return await self._ask(
            "mutation ($n: String!) { issueBindingCode(cardNumber: $n) { __typename } }",
            self.clerk,
            n=self.ward.card_number,
        )

    async def reveal(self) -> dict[str, Any]:
        """A clerk asks for the phone number."""
        return await self._ask(
            'mutation ($id: ID!) { reveal(residentId: $id, field: PHONE, reason: CONTACT, note: "约评定时间") '
            "{ __typename ... on Revealed { value } } }",
            self.clerk,
            id=self.resident_id,
        )

    async def book_slot(self) -> dict[str, Any]:
        """The guardian books for the ward."""
        slot = to_id("Slot", await self._register.slot(await self._register.service()))
        return await self._ask(
            'mutation ($s: ID!, $r: ID!) { bookSlot(slotId: $s, key: "book-for-ward", residentId: $r) '
            "{ __typename ... on Booking { id } } }",
            self.guardian,
            s=slot,
            r=self.resident_id,
        )

    async def cancel_booking(self) -> dict[str, Any]:
        """And gives the place back."""
        booking = (await self.book_slot())["data"]["bookSlot"]["id"]
        return await self._ask(
            'mutation ($b: ID!) { cancelBooking(bookingId: $b, key: "cancel-for-ward") { __typename } }',
            self.guardian,
            b=booking,
        )

    async def issue_pass(self) -> dict[str, Any]:
        """The guardian's phone gets the ward's pass."""
        key = SigningKey.generate()
        asked = await self._ask("mutation { credentialChallenge { ... on Challenge { challenge } } }", self.guardian)
        challenge = asked["data"]["credentialChallenge"]["challenge"]
        return await self._ask(
            "mutation ($k: String!, $c: String!, $p: String!, $r: ID!) { issueCredential(holderKey: $k, challenge: $c, "
            "proof: $p, residentId: $r) { __typename } }",
            self.guardian,
            k=to_text(key.verifying_key.public),
            c=challenge,
            p=to_text(prove(from_text(challenge), key)),
            r=self.resident_id,
        )

    async def online_code(self) -> dict[str, Any]:
        """The guardian's phone shows the ward's code."""
        return await self._ask(
            "mutation ($r: ID!) { onlineCode(residentId: $r) { __typename } }", self.guardian, r=self.resident_id
        )

    async def book_course(self) -> dict[str, Any]:
        """The guardian joins a course for the ward."""
        course = to_id("Course", await self._register.course(await self._register.service(), hours=[24, 48]))
        return await self._ask(
            'mutation ($c: ID!, $r: ID!) { bookCourse(courseId: $c, key: "course-for-ward", residentId: $r) '
            "{ __typename ... on CourseBooking { id } } }",
            self.guardian,
            c=course,
            r=self.resident_id,
        )

    async def cancel_course(self) -> dict[str, Any]:
        """And leaves it."""
        joined = await self.book_course()
        if joined["data"] is None:
            return joined
        return await self._ask(
            'mutation ($c: ID!) { cancelCourse(courseBookingId: $c, key: "leave-for-ward") { __typename } }',
            self.guardian,
            c=joined["data"]["bookCourse"]["id"],
        )

    async def view_flagged(self) -> dict[str, Any]:
        """A clerk looks at the bookings that a person must look at."""
        slot = await self._register.slot(await self._register.service())
        await self._register._owner.execute(
            "INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at, flag, flagged_at) "
            "SELECT gen_random_uuid(), id, $2, 'booked', starts_at, ends_at, starts_at, 'ineligible', starts_at "
            "FROM slot WHERE id = $1",
            *(slot, self.ward.id),
        )
        return await self._ask(
            "{ viewer { staff { flaggedBookings(first: 100) { edges { node { residentId } } } } } }", self.clerk
        )

    async def open_file(self) -> dict[str, Any]:
        """A clerk finds the ward's file by the number on her card."""
        return await self._ask(
            "mutation ($n: String!) { openFile(number: $n) { __typename } }", self.clerk, n=self.ward.card_number
        )

    async def read_file(self) -> dict[str, Any]:
        """A clerk reads it."""
        return await self._ask(
            "query ($r: ID!) { residentFile(residentId: $r, first: 10) { __typename } }",
            self.clerk,
            r=self.resident_id,
        )

    async def write_entry(self) -> dict[str, Any]:
        """A clerk writes into it."""
        return await self._ask(
            'mutation ($r: ID!) { writeFileEntry(residentId: $r, kind: NOTE, text: "上门看望", day: "2026-03-10", '
            'key: "entry-of-clerk") { __typename } }',
            self.clerk,
            r=self.resident_id,
        )

    async def appeal(self) -> dict[str, Any]:
        """The guardian appeals against what was assessed."""
        assessed = await self.lives("reassessCard", REFERRED, ASSESSED)
        if "errors" in assessed:
            return assessed
        return await self._ask(
            'mutation ($r: ID!) { appealAssessment(residentId: $r, reason: "等级偏低", key: "appeal-for-ward") '
            "{ __typename } }",
            self.guardian,
            r=self.resident_id,
        )

    async def decide_appeal(self) -> dict[str, Any]:
        """The district writes down that the city upheld it."""
        filed = await self.appeal()
        if "errors" in filed:
            return filed
        return await self._ask(
            'mutation ($r: ID!) { decideAppeal(residentId: $r, outcome: UPHELD, key: "word-of-the-city") '
            "{ __typename } }",
            self.clerk,
            r=self.resident_id,
        )

    async def lives(self, *events: str) -> dict[str, Any]:
        """Events of the ward's card one after another, by two clerks in turn, until one fails."""
        body: dict[str, Any] = {}
        for number, event in enumerate(events):
            name, _, arguments = event.partition(" ")
            if name == "applyForCard":
                await self._register._owner.execute("DELETE FROM card WHERE id = $1", self.ward.card_id)
            if name == "renewCard":
                await self._register._owner.execute(
                    "UPDATE card SET valid_until = '2026-06-01' WHERE id = $1", self.ward.card_id
                )
            body = await self._ask(
                f"mutation ($r: ID!, $k: IdempotencyKey!) {{ {name}(residentId: $r, key: $k{arguments}) "
                "{ __typename ... on CardRefused { reason } } }",
                (self.clerk, self.colleague)[number % 2],
                r=self.resident_id,
                k=f"step-{number}-of-her-card",
            )
            if "errors" in body:
                break
            assert body["data"][name] == {"__typename": "CardStanding"}, event
        return body


def _living(events: Sequence[str]) -> Callable[[Scene], Awaitable[dict[str, Any]]]:
    return lambda scene: scene.lives(*events)


SHOWN = {
    "view_ward": Scene.wards,
    "bind_card": Scene.bind_card,
    "issue_binding_code": Scene.issue_binding_code,
    "reveal": Scene.reveal,
    "book_slot": Scene.book_slot,
    "cancel_booking": Scene.cancel_booking,
    "issue_pass": Scene.issue_pass,
    "online_code": Scene.online_code,
    "export_own": Scene.take_my_data,
    "unlink": Scene.unlink,
    "print_code": Scene.print_code,
    "revoke_printed_code": Scene.revoke_printed_code,
    "end_phones": Scene.end_phones,
    "register_resident": Scene.register_resident,
    "record_guardian": Scene.record_guardian,
    "record_citizen_id": Scene.record_citizen_id,
    "end_guardian": Scene.end_guardian,
    "bind_with_code": Scene.bind_with_code,
    "read_objection": Scene.read_objection,
    "decide_guardian_objection": Scene.decide_objection,
    "book_course": Scene.book_course,
    "cancel_course": Scene.cancel_course,
    "view_flagged": Scene.view_flagged,
    "open_file": Scene.open_file,
    "read_file": Scene.read_file,
    "write_entry": Scene.write_entry,
    "appeal": Scene.appeal,
    "decide_appeal": Scene.decide_appeal,
    **{action: _living(events) for action, events in LIVES.items()},
}

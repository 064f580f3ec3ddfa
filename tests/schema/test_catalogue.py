"""A provider's catalogue as its desk keeps it: created once, changed, closed, and out of reach for everybody else."""

from typing import Any

import asyncpg
import pytest

from domain.access import Viewer
from schema.identity import to_id
from services.resources import Resources
from services.timetables import lay_out_all
from tests.conftest import DatabaseAddresses
from tests.schema.conftest import Ask
from tests.schema.test_mutation import BOOK, ENROL, MALFORMED_ID, answer
from tests.services.frontdesk import FrontDesk
from tests.services.register import Clock, Register

REFUSED = "... on CatalogueRefused { reason message }"
SITE = "id name address town accessibility closedOn"
SERVICE = "id name kind siteId programme minutes horizonDays documents retiredOn prices { from price } uses { use }"
COURSE = "id name capacity sessions enrolled waiting offered closedAt"
KEEPS = {
    "createSite": ("Site", SITE, "providerId: ID!, input: SiteInput!, key: IdempotencyKey!"),
    "changeSite": ("Site", SITE, "siteId: ID!, input: SiteInput!"),
    "closeSite": ("Site", SITE, "siteId: ID!, from: Date"),
    "createService": ("DeskService", SERVICE, "providerId: ID!, input: ServiceInput!, key: IdempotencyKey!"),
    "changeService": ("DeskService", SERVICE, "serviceId: ID!, input: ServiceInput!"),
    "retireService": ("DeskService", SERVICE, "serviceId: ID!, from: Date"),
    "setPrice": ("DeskService", SERVICE, "serviceId: ID!, from: Date!, price: Decimal!"),
    "createResource": (
        "Resource",
        "id name kind retiredOn",
        "providerId: ID!, kind: ResourceKind!, name: String!, key: IdempotencyKey!",
    ),
    "renameResource": ("Resource", "id name kind retiredOn", "resourceId: ID!, name: String!"),
    "retireResource": ("Resource", "id name kind retiredOn", "resourceId: ID!, from: Date"),
    "useResource": ("DeskService", SERVICE, "serviceId: ID!, resourceId: ID!, use: ResourceUse!"),
    "createCourse": (
        "DeskCourse",
        COURSE,
        "serviceId: ID!, name: String!, capacity: Int!, sessions: [DateTime!]!, key: IdempotencyKey!",
    ),
    "changeCourse": ("DeskCourse", COURSE, "courseId: ID!, name: String!, capacity: Int!"),
    "closeCourse": ("DeskCourse", COURSE, "courseId: ID!, closed: Boolean!"),
    "createProvider": ("ProviderKept", "id", "name: String!, address: String!, key: IdempotencyKey!"),
    "changeProvider": ("ProviderKept", "id", "providerId: ID!, name: String!, address: String!"),
    "appointAtDesk": ("ProviderKept", "id", "providerId: ID!, accountId: ID!"),
    "endAtDesk": ("ProviderKept", "id", "providerId: ID!, accountId: ID!"),
}
FIELDS = {
    "input": {"name": "城西站", "address": "某路 9 号"},
    "name": "甲",
    "address": "某路 9 号",
    "kind": "ROOM",
    "use": "ON_REQUEST",
    "price": "80",
    "capacity": 5,
    "sessions": ["2026-04-01T01:00:00Z"],
    "closed": True,
    "key": "created-once",
    "from": "2026-05-01",
}
RESOURCE = "id name kind retiredOn"
DESK = f"""
{{ viewer {{ accountId desks {{ id name sites {{ {SITE} }} services {{ {SERVICE} }} resources {{ {RESOURCE} }}
  courses {{ {COURSE} }} waitedFor {{ slotId service waiting offered }} }} }} }}
"""
WEEK = """
mutation ($service: ID!, $patterns: [WeeklyPatternInput!]!) { answer: replaceWeek(
    serviceId: $service, from: "2026-03-12", patterns: $patterns) {
  __typename ... on TimetableChanged { added withdrawn flagged } } }
"""
MONDAYS = [{"weekday": 1, "span": {"fromMinute": 540, "untilMinute": 720}, "capacity": 2}]
OFFERED = """
query ($service: ID!) { slots(serviceId: $service, from: "2026-03-12T00:00:00Z", until: "2026-06-01T00:00:00Z",
  first: 100) { edges { node { id startsAt } } } }
"""
LISTED = "{ services(first: 100) { edges { node { id } } } courses(first: 100) { edges { node { id } } } }"


async def keep(ask: Ask, viewer: Viewer | None, name: str, /, **variables: object) -> dict[str, Any]:
    """What a mutation of the catalogue answers."""
    typename, fields, arguments = KEEPS[name]
    declared = ", ".join(f"${each}" for each in arguments.split(", "))
    given = ", ".join(f"{each}: ${each}" for each in (part.split(":")[0] for part in arguments.split(", ")))
    told = f"__typename ... on {typename} {{ {fields} }} {REFUSED}"
    document = f"mutation ({declared}) {{ answer: {name}({given}) {{ {told} }} }}"
    return await answer(ask, document, viewer, **variables)


@pytest.fixture
async def desk(resources: Resources, register: Register) -> FrontDesk:
    """A desk with one service."""
    return await FrontDesk(resources, register).open()


@pytest.fixture
async def owner(database: DatabaseAddresses) -> asyncpg.Connection:
    """A connection that sees everything."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


async def kept_desk(ask: Ask, viewer: Viewer) -> dict[str, Any]:
    """The viewer's only desk."""
    (shown,) = (await ask(DESK, viewer))["data"]["viewer"]["desks"]
    return dict(shown)


async def test_the_district_takes_a_provider_up_and_its_desk_fills_the_catalogue(
    ask: Ask, register: Register, owner: asyncpg.Connection
) -> None:
    """From the first clerk's entry to a resident's booking in a room at an accessible site, every step in the log."""
    clerk, first, resident = [await register.viewer() for _ in range(2)] + [
        await register.viewer(await register.resident())
    ]
    await register.staff(clerk.account_id)
    account = (await ask("{ viewer { accountId } }", first))["data"]["viewer"]["accountId"]
    made = [
        await keep(ask, clerk, "createProvider", **_arguments("createProvider", {}, {"name": "新机构"}))
        for _ in range(2)
    ]
    provider = made[0]["id"]
    appointed = [await keep(ask, clerk, "appointAtDesk", providerId=provider, accountId=account) for _ in range(2)]
    await register.prove(first.account_id)

    site_input = {
        "name": "城西站",
        "address": "某路 9 号",
        "town": "曹娥街道",
        "accessibility": ["STEP_FREE", "HEARING_LOOP"],
    }
    site = await keep(ask, first, "createSite", providerId=provider, input=site_input, key="site-key-1")
    site_id, lengths = site["id"], {"minutes": 60, "bufferAfterMinutes": 15, "leadMinutes": 30, "horizonDays": 30}
    terms = {"kind": "VOLUNTEER_VISIT", "name": "探访", "siteId": site_id, "programme": "volunteer-help", **lengths}
    terms["documents"] = ["残疾人证"]
    services = [
        await keep(ask, first, "createService", providerId=provider, input=terms, key="service-key-1") for _ in range(2)
    ]
    service = services[0]["id"]
    room = await keep(ask, first, "createResource", providerId=provider, kind="ROOM", name="一号室", key="room-key-1")
    used = await keep(ask, first, "useResource", serviceId=service, resourceId=room["id"], use="EVERY_SESSION")
    priced = await keep(ask, first, "setPrice", serviceId=service, **{"from": "2026-03-11"}, price="45.50")
    week = await answer(ask, WEEK, first, service=service, patterns=MONDAYS)
    slots = (await ask(OFFERED, service=service))["data"]["slots"]["edges"]
    booked = await answer(ask, BOOK, resident, slot=slots[0]["node"]["id"], key="booking-1")

    assert made[0] == made[1]
    assert [each["__typename"] for each in appointed] == ["ProviderKept"] * 2
    assert site["accessibility"] == ["HEARING_LOOP", "STEP_FREE"]
    assert services[0] == services[1]
    assert (services[0]["documents"], services[0]["siteId"]) == (["残疾人证"], site["id"])
    assert used["uses"] == [{"use": "EVERY_SESSION"}]
    assert priced["prices"] == [{"from": "2026-03-11", "price": "45.50"}]
    # Two sessions of an hour with a quarter between them on each of three Mondays; the fourth is a public holiday.
    assert (week["added"], len(slots)) == (6, 6)
    assert (booked["state"], booked["service"]["address"]) == ("BOOKED", "某路 9 号")
    shown = await kept_desk(ask, first)
    assert (shown["name"], len(shown["services"]), len(shown["sites"]), len(shown["resources"])) == ("新机构", 1, 1, 1)
    staff_id = await owner.fetchval("SELECT id FROM staff WHERE account_id = $1", clerk.account_id)
    actors = [f"account:{first.account_id}", f"staff:{staff_id}"]
    logged = await owner.fetch("SELECT action FROM audit WHERE actor = ANY($1) ORDER BY sequence", actors)
    assert [row["action"] for row in logged] == [
        *("create_provider", "appoint_at_desk", "appoint_at_desk", "create_site", "create_service", "create_resource"),
        *("use_resource", "set_price", "replace_week"),
    ]


async def test_a_service_that_changes_or_ends_keeps_its_bookings(
    ask: Ask, desk: FrontDesk, owner: asyncpg.Connection
) -> None:
    """Free slots follow, held ones stay and are flagged; taken back, what fits is offered again."""
    service = to_id("Service", desk.service_id)
    await answer(ask, WEEK, desk.staff, service=service, patterns=MONDAYS)
    slots = (await ask(OFFERED, service=service))["data"]["slots"]["edges"]
    resident = await desk.register.viewer(await desk.register.resident())
    booked = await answer(ask, BOOK, resident, slot=slots[-1]["node"]["id"], key="booking-1")
    terms = {"kind": "REHAB_TRAINING", "name": "训练", "minutes": 90, "programme": "rehab-training-relief"}

    longer = await keep(ask, desk.staff, "changeService", serviceId=service, input=terms)
    after = (await ask(OFFERED, service=service))["data"]["slots"]["edges"]
    retired = await keep(ask, desk.staff, "retireService", serviceId=service, **{"from": "2026-03-20"})
    end = (await ask(OFFERED, service=service))["data"]["slots"]["edges"]
    listed = (await ask(LISTED))["data"]["services"]["edges"]
    again = await keep(ask, desk.staff, "retireService", serviceId=service, **{"from": None})
    back = (await ask(OFFERED, service=service))["data"]["slots"]["edges"]

    # Three slots on each of five Mondays, then two; the booked one of an hour is kept, but flagged.
    assert (len(slots), longer["minutes"], len(after)) == (15, 90, 10)
    assert (retired["retiredOn"], again["retiredOn"], len(back)) == ("2026-03-20", None, 10)
    assert [each["node"]["startsAt"][:10] for each in end] == ["2026-03-16"] * 2
    assert service in {each["node"]["id"] for each in listed}
    row = await owner.fetchrow(
        "SELECT state, flag, ends_at - starts_at AS length FROM booking WHERE resident_id = ("
        "SELECT resident_id FROM account WHERE id = $1)",
        resident.account_id,
    )
    assert (booked["state"], row["state"], row["flag"], row["length"].seconds) == (
        "BOOKED",
        "booked",
        "slot_changed",
        3600,
    )


async def test_a_retired_service_is_no_longer_listed(
    ask: Ask, desk: FrontDesk, clock: Clock, resources: Resources
) -> None:
    """From its day on; the hourly job does not bring its slots back."""
    service = to_id("Service", desk.service_id)
    await answer(ask, WEEK, desk.staff, service=service, patterns=MONDAYS)
    await keep(ask, desk.staff, "retireService", serviceId=service, **{"from": "2026-03-11"})

    await lay_out_all(resources.database, resources.holidays, clock())

    listed = (await ask(LISTED))["data"]["services"]["edges"]
    assert service not in {each["node"]["id"] for each in listed}
    assert (await ask(OFFERED, service=service))["data"]["slots"]["edges"] == []


async def test_a_site_closes_with_its_services(ask: Ask, desk: FrontDesk) -> None:
    """What is given there ends that day, and nothing new is put there; opened again, its services stay ended."""
    site = await keep(
        ask, desk.staff, "createSite", providerId=to_id("Provider", desk.provider_id), **_picked("input", "key")
    )
    here = {"kind": "LEGAL_AID", "name": "咨询", "siteId": site["id"]}
    provider = to_id("Provider", desk.provider_id)
    service = await keep(ask, desk.staff, "createService", providerId=provider, input=here, key="service-1")

    closed = await keep(ask, desk.staff, "closeSite", siteId=site["id"], **{"from": "2026-03-11"})
    refused = await keep(ask, desk.staff, "createService", providerId=provider, input=here, key="service-2")
    opened = await keep(ask, desk.staff, "closeSite", siteId=site["id"], **{"from": None})

    shown = {each["id"]: each for each in (await kept_desk(ask, desk.staff))["services"]}
    assert (closed["closedOn"], opened["closedOn"], refused["reason"]) == ("2026-03-11", None, "SITE")
    assert shown[service["id"]]["retiredOn"] == "2026-03-11"
    renamed = await keep(
        ask, desk.staff, "changeSite", siteId=site["id"], input={**_picked("input")["input"], "name": "新站"}
    )
    assert (renamed["id"], renamed["name"]) == (site["id"], "新站")


async def test_a_course_is_planned_enlarged_and_closed(ask: Ask, desk: FrontDesk) -> None:
    """Who waits is offered the new place, who is in it stays, and nobody joins it any more."""
    service, key = to_id("Service", desk.service_id), "course-key-1"
    sessions = ["2026-04-08T01:00:00Z", "2026-04-01T01:00:00Z"]
    planned = {"serviceId": service, "name": "面点", "capacity": 1, "sessions": sessions, "key": key}
    made = [await keep(ask, desk.staff, "createCourse", **planned) for _ in range(2)]
    member, waiting, late = [await desk.register.viewer(await desk.register.resident()) for _ in range(3)]
    course = made[0]["id"]
    listed = (await ask(LISTED))["data"]["courses"]["edges"]
    enrolled = await answer(ask, ENROL, member, course=course, key="enrolling-1")
    join = f'mutation {{ joinCourseWaitlist(courseId: "{course}", key: "waiting-1") {{ __typename }} }}'
    await ask(join, waiting)
    full = (await kept_desk(ask, desk.staff))["courses"][0]

    larger = await keep(ask, desk.staff, "changeCourse", courseId=course, name="面点班", capacity=2)
    closed = [await keep(ask, desk.staff, "closeCourse", courseId=course, closed=True) for _ in range(2)]
    refused = await answer(ask, ENROL, late, course=course, key="enrolling-2")
    smaller = await keep(ask, desk.staff, "changeCourse", courseId=course, name="面点班", capacity=1)
    opened = await keep(ask, desk.staff, "closeCourse", courseId=course, closed=False)

    assert made[0] == made[1]
    assert made[0]["sessions"] == ["2026-04-01T01:00:00+00:00", "2026-04-08T01:00:00+00:00"]
    assert course in {each["node"]["id"] for each in listed}
    assert [each["state"] for each in enrolled["bookings"]] == ["BOOKED"] * 2
    assert (full["enrolled"], full["waiting"], full["offered"]) == (1, 1, 0)
    assert (larger["name"], larger["waiting"], larger["offered"]) == ("面点班", 0, 1)
    assert closed[0] == closed[1]
    assert (refused["reason"], smaller["reason"], opened["closedAt"]) == ("COURSE_CLOSED", "TAKEN", None)


async def test_a_resource_ends_where_it_is_no_longer_used(ask: Ask, desk: FrontDesk, register: Register) -> None:
    """Retired it cannot be had, and unused the service does without; what it is held for stays held."""
    provider, service = to_id("Provider", desk.provider_id), to_id("Service", desk.service_id)
    room = await keep(ask, desk.staff, "createResource", providerId=provider, kind="ROOM", name="室", key="room-key-1")
    uses = {"serviceId": service, "resourceId": room["id"]}
    await keep(ask, desk.staff, "useResource", **uses, use="EVERY_SESSION")
    slots = [to_id("Slot", await register.slot(desk.service_id, hours=hours)) for hours in (24, 48, 72)]
    residents = [await register.viewer(await register.resident()) for _ in slots]
    first = await answer(ask, BOOK, residents[0], slot=slots[0], key="booking-1")

    renamed = await keep(ask, desk.staff, "renameResource", resourceId=room["id"], name="大室")
    retired = await keep(ask, desk.staff, "retireResource", resourceId=room["id"], **{"from": "2026-03-11"})
    busy = await answer(ask, BOOK, residents[1], slot=slots[1], key="booking-1")
    refused = await keep(ask, desk.staff, "useResource", **uses, use="ON_REQUEST")
    unused = await keep(ask, desk.staff, "useResource", **uses, use="NONE")
    without = await answer(ask, BOOK, residents[2], slot=slots[2], key="booking-1")

    assert (renamed["name"], retired["retiredOn"], unused["uses"]) == ("大室", "2026-03-11", [])
    assert [each.get("state") for each in (first, without)] == ["BOOKED"] * 2
    assert (busy["reason"], refused["reason"]) == ("RESOURCE_BUSY", "NOT_ALLOWED")


async def test_who_waits_for_what_is_counted_at_the_desk(ask: Ask, desk: FrontDesk, register: Register) -> None:
    """By slot, nobody named."""
    slot = to_id("Slot", await register.slot(desk.service_id, hours=48, taken=1))
    viewer = await register.viewer(await register.resident())
    await ask(f'mutation {{ joinWaitlist(slotId: "{slot}", key: "waiting-1") {{ __typename }} }}', viewer)

    waited = (await kept_desk(ask, desk.staff))["waitedFor"]

    assert waited == [{"slotId": slot, "service": "康复训练", "waiting": 1, "offered": 0}]


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("createSite", {"input": {"name": "", "address": "某路"}}, "NAME"),
        ("changeSite", {"input": {"name": "站", "address": " "}}, "ADDRESS"),
        ("closeSite", {"from": "2026-03-10"}, "PAST"),
        ("createService", {"input": {"kind": "LEGAL_AID", "name": "咨询", "programme": "free-lunch"}}, "PROGRAMME"),
        ("createService", {"input": {"kind": "LEGAL_AID", "name": "咨询", "minutes": 0}}, "LENGTHS"),
        ("createService", {"input": {"kind": "LEGAL_AID", "name": "咨询", "documents": [""]}}, "DOCUMENTS"),
        ("createService", {"input": {"kind": "LEGAL_AID", "name": "咨询", "siteId": MALFORMED_ID}}, "SITE"),
        ("changeService", {"input": {"kind": "LEGAL_AID", "name": " "}}, "NAME"),
        ("changeService", {"input": {"kind": "LEGAL_AID", "name": "咨询", "minutes": 600}}, "WEEK"),
        ("retireService", {"from": "2026-03-10"}, "PAST"),
        ("setPrice", {"price": "0.001"}, "PRICE"),
        ("setPrice", {"from": "2026-03-10"}, "PAST"),
        ("createResource", {"name": "名" * 81}, "NAME"),
        ("renameResource", {"name": ""}, "NAME"),
        ("retireResource", {"from": "2026-03-10"}, "PAST"),
        ("useResource", {"resourceId": MALFORMED_ID}, "NOT_ALLOWED"),
        ("createCourse", {"capacity": 0}, "PLACES"),
        ("createCourse", {"sessions": ["2026-03-10T01:00:00Z"]}, "SESSIONS"),
        ("createCourse", {"sessions": ["2026-04-01T01:00:00Z", "2026-04-01T01:30:00Z"]}, "OVERLAPS_ITSELF"),
        ("createCourse", {"sessions": ["2026-12-30T01:00:00Z"]}, "CLOSED"),
        ("changeCourse", {"capacity": 1001}, "PLACES"),
        ("changeProvider", {"name": ""}, "NAME"),
        ("appointAtDesk", {"accountId": MALFORMED_ID}, "ACCOUNT"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(
    ask: Ask, desk: FrontDesk, owner: asyncpg.Connection, name: str, changes: dict[str, Any], reason: str
) -> None:
    """By the desk's own staff, with a reason and what to do."""
    own = await _everything_of(desk, owner)

    refused = await keep(ask, desk.staff, name, **_arguments(name, own, changes))

    assert (refused["__typename"], refused["reason"]) == ("CatalogueRefused", reason)
    assert refused["message"].endswith("。")


@pytest.mark.parametrize("name", KEEPS)
async def test_nothing_of_another_provider_can_be_reached(
    ask: Ask, desk: FrontDesk, register: Register, resources: Resources, owner: asyncpg.Connection, name: str
) -> None:
    """Neither by another desk, nor by a town's clerk or a resident; what is not there is answered alike."""
    other, clerk = await FrontDesk(resources, register).open(), await register.viewer()
    await register.staff(clerk.account_id, town="曹娥街道")
    resident = await register.viewer(await register.resident())
    own = await _everything_of(desk, owner)
    nothing = dict.fromkeys(own, MALFORMED_ID)
    before = await _rows(owner)

    answers = [
        await keep(ask, viewer, name, **_arguments(name, ids, {"key": key}))
        for viewer in (other.staff, clerk, resident)
        for ids, key in ((own, "created-once"), (nothing, "created-again"))
    ]
    nobody = await keep(ask, None, name, **_arguments(name, own, {}))

    assert {each.get("reason") for each in answers} == {"NOT_ALLOWED"}
    assert nobody["__typename"] == "NotSignedIn"
    assert await _rows(owner) == before


async def test_a_resource_of_another_provider_is_not_used(
    ask: Ask, desk: FrontDesk, register: Register, resources: Resources, owner: asyncpg.Connection
) -> None:
    """Nor is a service put at its site."""
    other = await FrontDesk(resources, register).open()
    theirs, own = await _everything_of(other, owner), await _everything_of(desk, owner)
    stolen = {**own, "resourceId": theirs["resourceId"]}
    there = {"kind": "LEGAL_AID", "name": "咨询", "siteId": theirs["siteId"]}

    used = await keep(ask, desk.staff, "useResource", **_arguments("useResource", stolen, {}))
    put = await keep(ask, desk.staff, "createService", **_arguments("createService", own, {"input": there}))

    assert (used["reason"], put["reason"]) == ("NOT_ALLOWED", "SITE")


async def test_whoever_leaves_the_desk_keeps_nothing(ask: Ask, desk: FrontDesk, register: Register) -> None:
    """A colleague appoints and ends; nobody appoints herself, and a key for another wish is refused."""
    colleague, provider = await register.viewer(), to_id("Provider", desk.provider_id)
    whom = {"providerId": provider, "accountId": to_id("Account", colleague.account_id)}
    herself = {"providerId": provider, "accountId": to_id("Account", desk.staff.account_id)}
    await keep(ask, desk.staff, "appointAtDesk", **whom)
    await register.prove(colleague.account_id)
    made = await keep(ask, colleague, "createResource", providerId=provider, kind="ROOM", name="室", key="room-key-1")
    reused = await keep(ask, colleague, "createResource", providerId=provider, kind="ROOM", name="厅", key="room-key-1")

    ended = [await keep(ask, desk.staff, "endAtDesk", **whom) for _ in range(2)]

    gone = await keep(ask, colleague, "renameResource", resourceId=made["id"], name="厅")
    assert [each["__typename"] for each in ended] == ["ProviderKept"] * 2
    assert (reused["reason"], gone["reason"]) == ("KEY_REUSED", "NOT_ALLOWED")
    assert (await keep(ask, desk.staff, "appointAtDesk", **herself))["reason"] == "ACCOUNT"
    assert (await keep(ask, desk.staff, "changeProvider", providerId=provider, name="新名", address="某路"))[
        "id"
    ] == provider
    assert (await kept_desk(ask, desk.staff))["name"] == "新名"
    assert (await ask(DESK, colleague))["data"]["viewer"]["desks"] == []


async def _everything_of(desk: FrontDesk, owner: asyncpg.Connection) -> dict[str, str]:
    """One of each thing of a desk; its service ends with November and is open in the morning."""
    register = desk.register
    await owner.execute("UPDATE service SET retired_on = '2026-12-01' WHERE id = $1", desk.service_id)
    await register.pattern(desk.service_id, 1, "09:00-12:00")
    resource = await register._insert("resource", provider_id=desk.provider_id, kind="room", name="室")
    return {
        "providerId": to_id("Provider", desk.provider_id),
        "siteId": to_id("Site", await register.site(desk.provider_id)),
        "serviceId": to_id("Service", desk.service_id),
        "resourceId": to_id("Resource", resource),
        "courseId": to_id("Course", await register.course(desk.service_id, hours=[200])),
        "accountId": to_id("Account", (await register.viewer()).account_id),
    }


def _arguments(name: str, ids: dict[str, str], changes: dict[str, Any]) -> dict[str, Any]:
    """What a mutation needs, some of it changed."""
    wanted = [part.split(":")[0] for part in KEEPS[name][2].split(", ")]
    given: dict[str, Any] = {**FIELDS, **ids}
    if name.endswith("Service"):
        given["input"] = {"kind": "LEGAL_AID", "name": "咨询"}
    return {each: {**given, **changes}[each] for each in wanted}


def _picked(*names: str) -> dict[str, Any]:
    return {name: FIELDS[name] for name in names}


async def _rows(owner: asyncpg.Connection) -> list[object]:
    tables = (
        "provider",
        "site",
        "service",
        "service_price",
        "resource",
        "service_resource",
        "course",
        "slot",
        "provider_staff",
    )
    return [await owner.fetchval(f"SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {table} t") for table in tables]  # noqa: S608 - named above

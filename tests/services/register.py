"""Stands in for what is outside the services in their tests: the clock, WeChat, and the register's import."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg

from card.number import check_character
from domain.access import Viewer
from domain.dates import local_date
from models.credential import DeviceKind
from models.record import new_id
from services.devices import register_device
from services.message import Message
from services.openid import seal_openid
from services.people import People, people_of
from services.resources import Resources
from services.vault import DataKey, Indexed, Sealed
from services.wechat import WechatCodeInvalid

_numbers = count(1)


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.at

    def forward(self, **duration: float) -> None:
        """Move on by the arguments of a timedelta."""
        self.at += timedelta(**duration)


class FakeWechat:
    """Codes that WeChat gave, each good once; `calls` counts the questions, `sent` keeps the messages.

    The next messages fail with what stands in `failures`, None for those that arrive.
    """

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self.calls = 0
        self.sent: list[tuple[str, Message]] = []
        self.failures: list[Exception | None] = []

    def login_code(self, openid: str) -> str:
        """A fresh login code of a WeChat user."""
        return self._code(openid)

    def phone_code(self, phone: str) -> str:
        """A fresh phone code for a number."""
        return self._code(phone)

    async def openid(self, code: str) -> str:
        """See `services.wechat.Wechat`."""
        return self._spend(code)

    async def phone_number(self, code: str) -> str:
        """See `services.wechat.Wechat`."""
        return self._spend(code)

    async def send(self, openid: str, message: Message) -> None:
        """See `services.wechat.Wechat`."""
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.sent.append((openid, message))

    def _code(self, answer: str) -> str:
        code = f"code-{next(_numbers)}"
        self._codes[code] = answer
        return code

    def _spend(self, code: str) -> str:
        self.calls += 1
        try:
            return self._codes.pop(code)
        except KeyError:
            raise WechatCodeInvalid from None


class FakeSms:
    """A text gateway in memory, which fails as `FakeWechat` does."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.failures: list[Exception | None] = []

    async def send(self, phone: str, message: Message) -> None:
        """See `services.message.Sms`."""
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.sent.append((phone, message))


async def open_all(resources: Resources) -> None:
    """Open the pool's connections, so that what a test does at once is not drawn out by their opening one by one."""
    await asyncio.gather(*(resources.database.ping() for _ in range(resources.settings.database_pool_size)))


def next_number() -> int:
    """A number that no other call of these tests gets."""
    return next(_numbers)


def nobodys_number() -> str:
    """A card number, each time another, that is well formed and no resident's."""
    return f"{citizen_id(date(1931, 7, 7), next(_numbers))}11"


def citizen_id(birth_date: date, number: int) -> str:
    """A sound citizen id of somebody born on a day."""
    # The area moves on when the three digits of the sequence are used up.
    first = f"{330604 + number // 1000}{birth_date:%Y%m%d}{number % 1000:03d}"
    return first + check_character(first)


@dataclass(frozen=True)
class Holder:
    """A resident as the register has her, with the key to her sealed columns."""

    id: UUID
    name: str
    phone: str | None
    card_number: str
    card_id: UUID
    key: DataKey = field(repr=False)


class Register:
    """Writes rows through the owner's connection, sealed as the server itself would seal them."""

    def __init__(self, owner: asyncpg.Connection, resources: Resources) -> None:
        self._owner = owner
        self._resources = resources

    async def resident(
        self,
        *,
        name: str = "王小明",
        phone: str | None = "",
        birth_date: date = date(1980, 5, 1),
        town: str = "曹娥街道",
        village: str = "一村",
        **card: Any,
    ) -> Holder:
        """A resident with one card (`card`: as `Register.card`); an empty phone means: a number of her own."""
        vault, number = self._resources.vault, next(_numbers)
        id_number = citizen_id(birth_date, number)
        if phone == "":
            phone = f"139{number:08d}"
        resident_id = new_id()
        key, wrapped, version = vault.new_data_key(resident_id)
        await self._insert(
            "resident",
            id=resident_id,
            data_key=wrapped,
            data_key_version=version,
            name_sealed=key.seal(Sealed.NAME, name),
            name_index=vault.index(Indexed.NAME, name),
            id_number_sealed=key.seal(Sealed.ID_NUMBER, id_number),
            id_number_index=vault.index(Indexed.ID_NUMBER, id_number),
            phone_sealed=phone and key.seal(Sealed.PHONE, phone),
            phone_index=phone and vault.index(Indexed.PHONE, phone),
            address_sealed=key.seal(Sealed.ADDRESS, "绍兴市上虞区某路 1 号"),
            birth_date=birth_date,
            town=town,
            village=village,
        )
        category, grade = card.get("category", 1), card.get("grade", 1)
        card_number = f"{id_number}{category}{grade}"
        card_id = await self.card(resident_id, key, card_number, **card)
        return Holder(resident_id, name, phone, card_number, card_id, key)

    async def card(
        self,
        resident_id: UUID,
        key: DataKey,
        number: str,
        *,
        category: int = 1,
        categories: str = "",
        grade: int = 1,
        state: str = "active",
        issued_on: date = date(2020, 1, 1),
        valid_until: date = date(2029, 12, 31),
    ) -> UUID:
        """A card of a resident; `categories` are the digits of a multiple disability, else the category alone."""
        return await self._insert(
            "card",
            resident_id=resident_id,
            number_sealed=key.seal(Sealed.CARD_NUMBER, number),
            number_index=self._resources.vault.index(Indexed.CARD_NUMBER, number),
            category=category,
            categories=categories or str(category),
            grade=grade,
            state=state,
            issued_on=issued_on,
            valid_until=valid_until,
        )

    async def fact(
        self,
        holder: Holder,
        name: str,
        value: object,
        *,
        source: str = "civil_affairs",
        valid_from: date = date(2026, 1, 1),
        valid_until: date | None = None,
        recorded_on: date = date(2026, 1, 1),
    ) -> UUID:
        """A department's statement about a resident; the value is what JSON can say."""
        return await self._insert(
            "fact",
            resident_id=holder.id,
            name=name,
            source=source,
            value_sealed=holder.key.seal(Sealed.FACT, json.dumps(value)),
            valid_from=valid_from,
            valid_until=valid_until,
            recorded_on=recorded_on,
        )

    async def receipt(
        self,
        holder: Holder,
        programme: str,
        *,
        valid_from: date = date(2026, 1, 1),
        valid_until: date | None = None,
    ) -> UUID:
        """A department's report that a resident receives a programme."""
        return await self._insert(
            "receipt",
            resident_id=holder.id,
            programme=programme,
            valid_from=valid_from,
            valid_until=valid_until,
            source="civil_affairs",
        )

    async def viewer(
        self, holder: Holder | None = None, *, address: str = "192.0.2.1", openid: str | None = None
    ) -> Viewer:
        """A signed-in account, bound to a holder when there is one."""
        at = self._resources.clock()
        openid = openid or f"openid-{next(_numbers)}"
        index = self._resources.vault.index(Indexed.OPENID, openid)
        account_id = await self._insert(
            "account",
            openid_index=index,
            openid_sealed=seal_openid(self._resources.keys, index, openid),
            resident_id=holder and holder.id,
            created_at=at,
        )
        return Viewer(account_id, await self.session(account_id), address)

    async def session(self, account_id: UUID) -> UUID:
        """A session of an account."""
        at = self._resources.clock()
        ends = at + timedelta(days=30)
        return await self._insert("session", account_id=account_id, started_at=at, expires_at=ends, used_at=at)

    async def guardian(
        self,
        ward: Holder,
        account_id: UUID | None = None,
        *,
        name: str = "李梅",
        phone: str = "13700000000",
        scope: str = "full",
        ground: str = "adult",
        valid_from: date = date(2026, 1, 1),
        valid_until: date | None = None,
    ) -> UUID:
        """A guardian of a ward, bound to an account when there is one."""
        vault = self._resources.vault
        return await self._insert(
            "guardian",
            ward_id=ward.id,
            account_id=account_id,
            name_sealed=ward.key.seal(Sealed.GUARDIAN_NAME, name),
            name_index=vault.index(Indexed.NAME, name),
            phone_sealed=ward.key.seal(Sealed.GUARDIAN_PHONE, phone),
            phone_index=vault.index(Indexed.PHONE, phone),
            relation="母亲",
            acts="view,book,ride_code,apply" if scope == "full" else scope,
            ground=ground,
            proven_by="户口簿",
            valid_from=valid_from,
            valid_until=valid_until,
        )

    async def staff(
        self,
        account_id: UUID,
        *,
        town: str = "",
        village: str = "",
        role: str = "clerk",
        left_on: date | None = None,
        is_proven: bool = True,
    ) -> UUID:
        """A member of staff behind an account; where `is_proven`, for good in each session that it has by now."""
        if is_proven:
            await self.prove(account_id)
        return await self._insert(
            "staff",
            account_id=account_id,
            role=role,
            organisation="区残联",
            town=town,
            village=village,
            left_on=left_on,
        )

    async def prove(self, account_id: UUID) -> None:
        """A second factor, proven in all sessions of an account, that does not run out."""
        await self._owner.execute(
            "UPDATE session SET second_factor_at = '2100-01-01' WHERE account_id = $1", account_id
        )

    async def service(self, *, provider_id: UUID | None = None, **columns: Any) -> UUID:
        """A service, with a provider of its own unless one is given; `columns` are those of its row."""
        provider_id = provider_id or await self.provider()
        offer = {"name": "康复训练", "programme": "rehab-training-relief", "cancel_minutes": 120, **columns}
        return await self._insert("service", provider_id=provider_id, **offer)

    async def provider(self) -> UUID:
        """A provider."""
        return await self._insert("provider", name="康复中心", address="某路 2 号")

    async def site(self, provider_id: UUID, **columns: Any) -> UUID:
        """A site of a provider."""
        place = {"name": "城东站", "address": "某路 3 号", "town": "曹娥街道", **columns}
        return await self._insert("site", provider_id=provider_id, **place)

    async def price(self, service_id: UUID, price: str, valid_from: date = date(2020, 1, 1)) -> UUID:
        """What a service costs from a day on."""
        return await self._insert("service_price", service_id=service_id, price=Decimal(price), valid_from=valid_from)

    async def resource(self, *service_ids: UUID, kind: str, on_request: bool = False, **columns: Any) -> UUID:
        """A resource that these services may use."""
        provider_id = await self.provider()
        resource_id = await self._insert("resource", provider_id=provider_id, kind=kind, name="甲", **columns)
        for service_id in service_ids:
            await self._insert(
                "service_resource", service_id=service_id, resource_id=resource_id, on_request=on_request
            )
        return resource_id

    async def pattern(self, service_id: UUID, weekday: int, hours: str, **columns: Any) -> UUID:
        """A weekly opening, its hours as 09:00-12:00, valid since long ago."""
        start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
        week = {"capacity": 2, "valid_from": date(2020, 1, 1), **columns}
        return await self._insert(
            "weekly_pattern", service_id=service_id, weekday=weekday, from_minute=start, until_minute=end, **week
        )

    async def desk(
        self, account_id: UUID, service_id: UUID, *, left_on: date | None = None, is_proven: bool = True
    ) -> None:
        """Let an account work at the desk of a service's provider; `is_proven` as for staff."""
        if is_proven:
            await self.prove(account_id)
        provider_id = await self._owner.fetchval("SELECT provider_id FROM service WHERE id = $1", service_id)
        await self._insert("provider_staff", account_id=account_id, provider_id=provider_id, left_on=left_on)

    async def operator(self) -> UUID:
        """A bus company, or who runs venues, without a tariff."""
        return await self._insert("operator", name=f"运营方 {next(_numbers)}")

    async def operator_staff(self, account_id: UUID, operator_id: UUID, *, is_proven: bool = True) -> None:
        """An account works for an operator; `is_proven` as for staff."""
        if is_proven:
            await self.prove(account_id)
        at = self._resources.clock()
        await self._insert("operator_staff", account_id=account_id, operator_id=operator_id, appointed_at=at)

    async def venue(self, operator_id: UUID) -> UUID:
        """A park of an operator."""
        details = {"name": "公园", "area": "", "address": "公园路 1 号", "prices": "[]"}
        return await self._insert("venue", operator_id=operator_id, **details)

    async def course(self, service_id: UUID, *, hours: Sequence[float], capacity: int = 2) -> UUID:
        """A course whose sessions begin so many hours from now, and last one each."""
        course_id = await self._insert("course", service_id=service_id, name="电脑入门", capacity=capacity)
        for each in hours:
            await self.slot(service_id, hours=each, capacity=capacity, course_id=course_id)
        return course_id

    async def lesson(self, service_id: UUID) -> UUID:
        """The slot of a course's only session, three days from now."""
        course_id = await self.course(service_id, hours=[72])
        slot_id: UUID = await self._owner.fetchval("SELECT id FROM slot WHERE course_id = $1", course_id)
        return slot_id

    async def slot(
        self,
        service_id: UUID,
        *,
        hours: float = 24,
        minutes: float = 60,
        capacity: int = 1,
        taken: int = 0,
        course_id: UUID | None = None,
    ) -> UUID:
        """A slot that begins `hours` from now and lasts `minutes`."""
        starts_at = self._resources.clock() + timedelta(hours=hours)
        return await self._insert(
            "slot",
            service_id=service_id,
            course_id=course_id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=minutes),
            capacity=capacity,
            taken=taken,
        )

    async def device_code(self) -> str:
        """The enrolment code of a new scanner of a new bus company."""
        operator_id = await self._insert("operator", name="上虞公交", tariff=b"")
        return await register_device(self._owner, self._resources, operator_id, DeviceKind.BUS, "1 路")

    async def consent(self, account_id: UUID, template: str, remaining: int = 1) -> UUID:
        """What an account has agreed to."""
        return await self._insert("notice_consent", account_id=account_id, template=template, remaining=remaining)

    async def exhaust(self, action: str) -> None:
        """Let everybody have tried something as often as anybody may."""
        await self._owner.execute("UPDATE attempt SET count = 1000000 WHERE action = $1", action)

    async def people(self, viewer: Viewer) -> People:
        """The viewer's people today."""
        return await people_of(self._resources, viewer, local_date(self._resources.clock()))

    async def _insert(self, table: str, **columns: object) -> UUID:
        columns.setdefault("id", new_id())
        names = ", ".join(columns)
        places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        # Names of tables and columns come from this file alone.
        row_id: UUID = await self._owner.fetchval(
            f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id",  # noqa: S608 - see above
            *columns.values(),
        )
        return row_id

"""Adds what the start sheet introduces: people to play, staff, operators with tariffs, scanners to be enrolled."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg

from card.credential import CredentialKind
from card.enrolment import split_enrolment_code
from card.tariff import BearerRule, CompanionTerms, Outcome, Tariff, TariffRule, encode_tariff
from cli.demo.appointments import add_appointments
from cli.demo.notes import DemoAccount, DemoScanner
from cli.demo.people import district
from cli.explanation import CommandFailed
from domain.dates import local_date
from models.credential import DeviceKind
from models.record import new_id
from models.session import StaffRole
from services.devices import register_device
from services.resources import Resources
from services.second_factor import keep_secret
from services.vault import Indexed, Sealed

CLERK: Final = "demo-clerk"
# Of every member of the demo's staff, so that anybody may play them; production makes its own.
SECOND_FACTOR: Final = "SDCDEMOSDCDEMOSDCDEMOSDCDEMO2345"
_STAFF: Final = {
    CLERK: StaffRole.CLERK,
    "demo-administrator": StaffRole.ADMINISTRATOR,
    "demo-second-administrator": StaffRole.ADMINISTRATOR,
}

_BY_PHONE: Final = """
SELECT r.id, r.data_key, r.data_key_version, r.name_sealed, g.name_sealed AS guardian_sealed, c.number_sealed
FROM resident r LEFT JOIN guardian g ON g.ward_id = r.id AND g.phone_index = $1
JOIN card c ON c.resident_id = r.id AND c.state = 'active'
WHERE r.phone_index = $1 OR g.id IS NOT NULL ORDER BY r.id LIMIT 1
"""

_WITHOUT_CLERK: Final = """
SELECT id FROM provider p WHERE NOT EXISTS (
    SELECT FROM provider_staff d WHERE d.provider_id = p.id AND d.account_id = $1
)
"""


@dataclass(frozen=True)
class Cast:
    """Who and what can be played."""

    residents: int
    accounts: tuple[DemoAccount, ...]
    scanners: tuple[DemoScanner, ...]


async def add_fixtures(resources: Resources, known: Sequence[DemoScanner]) -> Cast:
    """Add what is missing, and replace those of the `known` scanners whose code was spent or has run out.

    Raises:
        CommandFailed: the register is another one than the demo's, or was sealed with other keys.
    """
    async with resources.database.transaction() as connection:
        featured = [await _account(connection, resources, person) for person in district()["featured"]]
        staff = {openid: await _add_staff(connection, resources, openid, role) for openid, role in _STAFF.items()}
        await _add_desks(connection, staff[CLERK])
        scanners = [await _scanner(connection, resources, operator, known) for operator in district()["operator"]]
        count = await connection.fetchval("SELECT count(*) FROM resident")
    await add_appointments(
        resources, staff[CLERK], district()["federation"], [resident_id for resident_id, _ in featured]
    )
    return Cast(count, tuple(account for _, account in featured), tuple(scanners))


async def _account(
    connection: asyncpg.Connection, resources: Resources, person: dict[str, Any]
) -> tuple[UUID, DemoAccount]:
    """The featured person's id, and herself or her guardian as the register has her."""
    phone = person["guardian"]["phone"] if "guardian" in person else person["phone"]
    row = await connection.fetchrow(_BY_PHONE, resources.vault.index(Indexed.PHONE, phone))
    if row is None:
        # Other keys make other indexes, so a register that they do not fit looks like one without this person.
        raise CommandFailed(
            "The database holds a register that this demo's keys do not open: "
            "bring back its keys file, or begin anew with `make reset`."
        )
    key = resources.vault.data_key(row["id"], row["data_key"], row["data_key_version"])
    name = key.open(Sealed.NAME, row["name_sealed"])
    card_number = key.open(Sealed.CARD_NUMBER, row["number_sealed"])
    if row["guardian_sealed"] is None:
        return row["id"], DemoAccount(f"demo-{phone}", name, phone, card_number)
    guardian = key.open(Sealed.GUARDIAN_NAME, row["guardian_sealed"])
    return row["id"], DemoAccount(f"demo-{phone}", guardian, phone, card_number, ward=name)


async def _add_staff(connection: asyncpg.Connection, resources: Resources, openid: str, role: StaffRole) -> UUID:
    """A member of the federation's staff; her account's id."""
    at = resources.clock()
    account_id: UUID = await connection.fetchval(
        "INSERT INTO account (id, openid_index, created_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (openid_index) DO UPDATE SET openid_index = EXCLUDED.openid_index RETURNING id",
        new_id(),
        resources.vault.index(Indexed.OPENID, openid),
        at,
    )
    await connection.execute(
        "INSERT INTO staff (id, account_id, role, organisation, town) VALUES ($1, $2, $3, $4, '') "
        "ON CONFLICT (account_id) DO NOTHING",
        new_id(),
        account_id,
        role,
        district()["federation"],
    )
    factor_id = await connection.fetchval(
        "INSERT INTO second_factor (id, account_id) VALUES ($1, $2) "
        "ON CONFLICT (account_id) DO UPDATE SET account_id = EXCLUDED.account_id RETURNING id",
        new_id(),
        account_id,
    )
    await keep_secret(resources, connection, factor_id, SECOND_FACTOR)
    return account_id


async def _add_desks(connection: asyncpg.Connection, account_id: UUID) -> None:
    """The clerk can play every provider's desk as well."""
    for row in await connection.fetch(_WITHOUT_CLERK, account_id):
        await connection.execute(
            "INSERT INTO provider_staff (id, provider_id, account_id) VALUES ($1, $2, $3)",
            new_id(),
            row["id"],
            account_id,
        )


async def _scanner(
    connection: asyncpg.Connection, resources: Resources, operator: dict[str, Any], known: Sequence[DemoScanner]
) -> DemoScanner:
    """The operator's scanner that waits for enrolment: the known one, else the next of its places."""
    for scanner in known:
        if scanner.operator == operator["name"] and await _is_waiting(connection, resources, scanner):
            return scanner
    operator_id = await _operator(connection, resources, operator)
    devices = await connection.fetchval("SELECT count(*) FROM device WHERE operator_id = $1", operator_id)
    kind, place = DeviceKind(operator["kind"]), operator["place"].format(number=devices + 1)
    code = await register_device(connection, resources, operator_id, kind, place)
    return DemoScanner(kind, operator["name"], place, code)


async def _is_waiting(connection: asyncpg.Connection, resources: Resources, scanner: DemoScanner) -> bool:
    secret, _ = split_enrolment_code(scanner.code)
    waiting: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM device WHERE code_hash = $1 AND code_expires_at > $2)",
        resources.vault.index(Indexed.ENROLMENT_CODE, secret),
        resources.clock(),
    )
    return waiting


async def _operator(connection: asyncpg.Connection, resources: Resources, operator: dict[str, Any]) -> Any:
    known = await connection.fetchval("SELECT id FROM operator WHERE name = $1", operator["name"])
    return known or await connection.fetchval(
        "INSERT INTO operator (id, name, tariff) VALUES ($1, $2, $3) RETURNING id",
        new_id(),
        operator["name"],
        encode_tariff(_tariff(resources, operator)),
    )


def _tariff(resources: Resources, operator: dict[str, Any]) -> Tariff:
    return Tariff(
        operator=operator["name"],
        effective=local_date(resources.clock()).replace(month=1, day=1),
        rules=tuple(_rule(**rule) for rule in operator["rule"]),
        pass_back_seconds=operator["pass_back_seconds"],
        bearer={CredentialKind(kind): BearerRule(**rule) for kind, rule in operator["bearer"].items()},
    )


def _rule(
    access_class: str, outcome: str, price_share: str, companions: int = 0, companion_terms: str = "none"
) -> TariffRule:
    return TariffRule(access_class, Outcome(outcome), Decimal(price_share), companions, CompanionTerms(companion_terms))

"""The handbook's page on access is the table that decides."""

from pathlib import Path

from domain.duty import DUTIES, AnyDuty
from domain.standing import Role
from schema.permission import ANYBODY, AT_DESK, AT_OPERATOR, FIELDS, SIGNED_IN, Access

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
COLUMNS = (Role.COMMISSIONER, Role.TOWN, Role.DISTRICT, Role.ADMINISTRATOR)
OTHERS = {
    ANYBODY: "anybody",
    SIGNED_IN: "whoever is signed in, for herself",
    AT_DESK: "whoever works for the provider",
    AT_OPERATOR: "whoever works for the operator",
}


def test_the_page_shows_every_field_and_for_whom_it_is() -> None:
    """One row a root field, in the order of the table in schema/permission.py, and no other row."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert rows == [_row(name, access) for name, access in FIELDS.items()]


def _row(name: str, access: Access) -> str:
    cells = [f"`{name}`", OTHERS.get(access) or _others(access)]
    cells += ["yes" if access.duty is not None and _is_in(role, access.duty) else "" for role in COLUMNS]
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def _others(access: Access) -> str:
    family = "" if access.act is None else f"the holder, a guardian for `{access.act}`"
    at_desk, at_operator = access.at_desk and OTHERS[AT_DESK], access.at_operator and OTHERS[AT_OPERATOR]
    return ", ".join(each for each in (family, at_desk, at_operator) if each)


def _is_in(role: Role, duty: AnyDuty) -> bool:
    return role in DUTIES[duty]

"""Who may open, see and do what: the table, walked whole; what firm.toml and a provider make of somebody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opslayer import access, pages
from opslayer.access import DOINGS, MATRIX, PAGES, Rows, Viewer
from opslayer.config import ROLES, Firm, Person
from opslayer.errors import AccessDenied

MOMENT = datetime(2026, 11, 16, 9, tzinfo=UTC)
# what the firm was promised, kept here a second time on purpose
OPENS = {
    "viewer": {"briefing", "delivery", "revenue", "inquiries"},
    "manager": {"delivery", "people", "staffing"},
    "approver": {
        "today", "briefing", "alerts", "delivery", "people", "staffing", "inquiries", "documents", "revenue",
        "actions", "rules",
    },
    "finance": {
        "today", "briefing", "alerts", "cash", "results", "delivery", "documents", "revenue", "what_if",
        "actions", "rules", "data_health",
    },
    "owner": set(PAGES),
    "auditor": set(PAGES),
    "analyst": set(PAGES) - {"runs"},
}  # fmt: skip
DOES = {
    "viewer": set(),
    "manager": {"decide", "stop", "quiet"},
    "approver": {"decide", "stop", "quiet"},
    "finance": {"decide", "stop", "quiet"},
    "owner": set(DOINGS),
    "auditor": set(),
    "analyst": set(DOINGS),
}
EVERY_PRACTICE, COSTS = set(ROLES) - {"manager"}, {"finance", "owner", "auditor"}


def firm(**more: Any) -> Firm:
    settings: dict[str, Any] = {
        "directory": Path(),
        "firm": {"name": "Harrow", "base_currency": "EUR"},
        "sources": {
            "ledger": {"kind": "files", "mapping": "opslayer", "path": ".", "pattern": "{table}.csv"}
        },
    }
    return Firm.model_validate(settings | more)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_the_table_says_and_nothing_else(role: str) -> None:
    held = MATRIX[role]  # type: ignore[index]
    assert held.pages == OPENS[role]
    assert held.doings == DOES[role]
    assert (held.every_practice, held.costs) == (role in EVERY_PRACTICE, role in COSTS)


def test_every_page_and_every_role_stands_in_the_table() -> None:
    assert set(PAGES) == pages.PAGES.keys()
    assert tuple(MATRIX) == ROLES


def test_no_role_opens_nothing() -> None:
    nobody = Viewer("Nobody", "n@x.example", ())
    assert not nobody.rights.pages | nobody.rights.doings
    assert nobody.rows == Rows(practices=(), costs=False)


def test_two_roles_open_what_each_does() -> None:
    both = Viewer("Both", "b@x.example", ("manager", "viewer"), practices=("Advisory",))
    assert both.rights.pages == OPENS["manager"] | OPENS["viewer"]
    assert both.rows == Rows(None, costs=False)


@pytest.mark.parametrize(
    ("held", "opened", "by_rule"),
    [
        (("partner", "finance"), ("finance", "owner"), False),
        (("board",), (), True),
        (("board", "viewer"), ("viewer",), True),
        (("clerk",), ("viewer",), False),  # as [access.roles] says
        (("leadership",), ("viewer",), False),
    ],
)
def test_a_role_of_the_firms_own_opens_what_firm_toml_says(
    held: tuple[str, ...], opened: tuple[str, ...], by_rule: bool
) -> None:
    known = firm(access={"roles": {"clerk": ["viewer"]}})
    viewer = access.as_viewer(known, Person(name="A", email="a@x.example", roles=held))
    assert (viewer.roles, viewer.decides_by_rule) == (opened, by_rule)


@pytest.mark.parametrize(
    ("rows", "table", "columns", "told"),
    [
        (Rows(), "core.journal_line", ["amount"], "true"),
        (Rows(("Ad'v",)), "core.person", ["person_id", "practice"], "practice in ('Ad''v')"),
        (Rows(()), "core.person", ["person_id", "practice"], "practice in (null)"),
        (Rows(("Tax",)), "core.journal_line", ["amount"], "false"),
        (Rows(("Tax",)), "core.invoice", ["invoice_id", "party_id"], "false"),
        (Rows(("Tax",)), "staging.person", ["practice"], "false"),
        (Rows(("Tax",)), "quality.quarantine", ["row_json"], "false"),
        (Rows(None, costs=False), "quality.quarantine", ["row_json"], "false"),
        (Rows(None, costs=False), "core.person", ["practice"], "true"),
        (Rows(("Tax",)), "quality.results", ["passed"], "true"),
    ],
)
def test_rows_of_a_table(rows: Rows, table: str, columns: list[str], told: str) -> None:
    assert access.condition(rows, table, columns, of="s") == told


def claims(**more: Any) -> dict[str, Any]:
    began = (MOMENT - timedelta(minutes=10)).timestamp()
    ends = (MOMENT + timedelta(hours=1)).timestamp()
    return {"email": "ada@x.example", "email_verified": True, "iat": began, "exp": ends} | more


def staffed() -> Firm:
    ada = {"name": "Ada", "email": "Ada@x.example", "roles": ["manager"], "practices": ["Tax"]}
    return firm(people=[ada], access={"groups": {"ops-finance": ["finance"]}, "session_minutes": 60})


def test_a_sign_in_has_the_roles_of_firm_toml_and_of_its_groups_until_it_ends() -> None:
    person = access.signed_in(staffed(), claims(groups=["ops-finance", "others"]), moment=MOMENT)
    assert (person.email, person.roles, person.practices) == (
        "Ada@x.example",
        ("manager", "finance"),
        ("Tax",),
    )
    assert person.until == MOMENT + timedelta(minutes=50)  # an hour after it began, before the token's end


def test_access_that_firm_toml_ends_is_ended() -> None:
    known = staffed()
    (ada,) = known.people
    ended = known.model_copy(update={"people": (ada.model_copy(update={"until": MOMENT}),)})
    assert access.signed_in(ended, claims(), moment=MOMENT - timedelta(seconds=1)).until == MOMENT
    with pytest.raises(AccessDenied, match="has expired"):
        access.signed_in(ended, claims(), moment=MOMENT)


def test_a_group_is_enough_for_who_is_not_in_firm_toml() -> None:
    person = access.signed_in(
        staffed(), claims(email="new@x.example", name="New", groups="ops-finance"), moment=MOMENT
    )
    assert (person.name, person.roles) == ("New", ("finance",))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"exp": MOMENT.timestamp()}, "has expired"),
        ({"exp": None}, "has expired"),
        ({"iat": (MOMENT - timedelta(minutes=61)).timestamp()}, "has expired"),
        ({"auth_time": (MOMENT - timedelta(minutes=61)).timestamp()}, "has expired"),
        ({"email_verified": False}, "not verified"),
        ({"email": "mallory@example.org"}, "mallory@example.org is not among the people"),
        ({"email": ""}, "Your account is not among"),
        ({"email": "", "groups": None}, "Your account is not among"),
        ({"email": "x@y.example", "groups": ["unknown"]}, "is not among the people"),
    ],
)
def test_who_is_refused_at_the_door(changed: dict[str, Any], why: str) -> None:
    given = {name: value for name, value in claims(**changed).items() if value is not None}
    with pytest.raises(AccessDenied, match=why):
        access.signed_in(staffed(), given, moment=MOMENT)

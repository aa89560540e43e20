"""What is denied is not done and stands in the trail; of a snapshot each sees their rows and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from opslayer import access, actions, alerts, modelops, pages
from opslayer.access import DOINGS, MATRIX, Doing, Rows
from opslayer.config import ROLES, Firm, load_firm
from opslayer.errors import AccessDenied, UsageError
from opslayer.store import AuditEvent, Store, open_store
from opslayer.warehouse import Layer, open_layer
from tests.pages import grown_once
from tests.reminders import AS_OF, MOMENT, Books, Owed, write_firm

MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    firm: Firm
    store: Store
    layer: Layer

    def denials(self) -> list[tuple[str, str]]:
        with self.store.reading() as session:
            found = session.scalars(select(AuditEvent).where(AuditEvent.event == "access denied"))
            return [(one.actor, one.detail["what"]) for one in found]

    def configure(self, more: str) -> None:
        path = self.firm.directory / "firm.toml"
        path.write_text(f"{path.read_text()}\n{more}")
        self.firm = load_firm(self.firm.directory)


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_store(store_url) as store:
        firm = write_firm(tmp_path / "firm", store=store_url)
        owed = [Owed("1", "acme", 16), Owed("2", "beta", 16, "900.00"), Owed("3", "gamma", 16, "800.00")]
        with Books(firm, owed).publish() as layer:
            made = Desk(firm, store, layer)
            made.configure("\n".join(somebody(role) for role in ROLES))
            yield made


def somebody(role: str) -> str:
    return f'[[people]]\nname = "{role}"\nemail = "{role}@seven.example"\nroles = ["{role}"]\n'


def attempt(desk: Desk, doing: Doing, who: str, number: int) -> None:
    """One of each kind of doing, as far as it goes: only what the table says must stand against it."""
    told: dict[str, Any] = {"person": who, "reason": "because", "moment": MOMENT}
    firm, store = desk.firm, desk.store
    match doing:
        case "decide":
            actions.reject(firm, store, number, **told)
        case "stop":
            actions.stop(firm, store, rule="payment_reminder", **told)
        case "quiet":
            alerts.acknowledge(firm, store, "dso", person=who, moment=MOMENT)
        case "serve":
            modelops.promote(firm, store, "lead_score", "1", by=who, reason="because", moment=MOMENT)


def test_the_table_of_role_and_doing_is_held_in_the_lib(desk: Desk) -> None:
    """Walked whole: 7 roles, 4 doings; where one is denied the trail has it, once, and nothing was done."""
    number = actions.propose(desk.firm, desk.layer, desk.store, as_of=AS_OF, moment=MOMENT)[0].id or 0
    for role in ROLES:
        for doing in DOINGS:
            who = f"{role}@seven.example"
            before = len(desk.denials())
            try:
                attempt(desk, doing, who, number)
            except AccessDenied as denied:
                by_table = denied.what == doing
            except Exception:
                by_table = False
            else:
                by_table = False
            assert by_table is (doing not in MATRIX[role].doings), f"{role}, {doing}"
            if by_table:
                assert len(desk.denials()) == before + 1
                assert desk.denials()[-1] == (who, doing)
    decided = actions.show_proposal(desk.store, number).proposal
    assert decided.state in ("proposed", "rejected")
    assert actions.verify(desk.store).holds


@pytest.mark.parametrize("role", ROLES)
def test_a_page_is_opened_by_the_table_alone(role: str, desk: Desk) -> None:
    viewer = access.Viewer(role, f"{role}@seven.example", (role,))  # type: ignore[arg-type]
    for name in pages.PAGES:
        if name in viewer.rights.pages:
            assert pages.open_page(viewer, name, store=desk.store, moment=MOMENT).name == name
        else:
            with pytest.raises(AccessDenied, match="may not open the page"):
                pages.open_page(viewer, name, store=desk.store, moment=MOMENT)
    denied = set(pages.PAGES) - viewer.rights.pages
    assert {what for _, what in desk.denials()} == {f"page {name}" for name in denied}


def test_the_trail_is_not_flooded_by_denials(desk: Desk) -> None:
    viewer = access.Viewer("Nosy", "nosy@x.example", ("viewer",))

    def knock(page: str, moment: datetime) -> None:
        with pytest.raises(AccessDenied):
            access.open_page(viewer, page, store=desk.store, moment=moment)

    for minute in range(11):
        knock("cash", MOMENT + minute * MINUTE)
    assert desk.denials() == [("nosy@x.example", "page cash")] * 2  # the first, and one ten minutes later
    for number in range(40):
        knock(f"made up {number}", MOMENT + 11 * MINUTE)
    assert len(desk.denials()) == 20


def test_a_person_decides_no_faster_than_the_firm_allows(desk: Desk) -> None:
    desk.configure("[access]\ndecisions_a_minute = 2")
    made = actions.propose(desk.firm, desk.layer, desk.store, as_of=AS_OF, moment=MOMENT)
    told: dict[str, Any] = {"person": "finance@seven.example", "reason": "no"}
    for one in made[:2]:
        actions.reject(desk.firm, desk.store, one.id or 0, moment=MOMENT, **told)
    with pytest.raises(AccessDenied, match="decided 2 times within a minute; 2 are allowed"):
        actions.reject(desk.firm, desk.store, made[2].id or 0, moment=MOMENT, **told)
    assert desk.denials() == [("finance@seven.example", "pace")]
    late = actions.reject(desk.firm, desk.store, made[2].id or 0, moment=MOMENT + MINUTE, **told)
    assert late.state == "rejected"


def test_access_that_has_ended_decides_nothing(desk: Desk) -> None:
    desk.configure(somebody("finance").replace("finance@", "temp@") + "until = 2026-11-16T06:00:00Z\n")
    with pytest.raises(AccessDenied, match="has expired"):
        actions.stop(desk.firm, desk.store, rule=None, person="temp@seven.example", reason="x", moment=MOMENT)
    assert actions.list_stops(desk.store) == []
    stopped = {"person": "temp@seven.example", "reason": "x", "moment": MOMENT - MINUTE}
    assert actions.stop(desk.firm, desk.store, rule=None, **stopped).person == "temp@seven.example"  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Firm:
    return grown_once(tmp_path_factory.getbasetemp(), worker_id)


def test_a_manager_sees_the_rows_of_his_practice_and_no_salary(grown: Firm) -> None:
    with open_layer(grown) as whole:
        practice = whole.query("select min(practice) as name from core.person")["name"][0]
        mine = whole.query(f"select person_id from core.person where practice = '{practice}'")["person_id"]
        rates = whole.query("select count(cost_rate_base) as known from core.person")["known"][0]
        projects = whole.query(f"select project_id from core.project where practice = '{practice}'")
    assert rates
    with open_layer(grown, rows=Rows((practice,), costs=False)) as layer:
        assert set(layer.query("person_standing")["practice"]) == {practice}
        assert set(layer.query("staffing_people")["person_id"]) <= set(mine)
        assert layer.query("staffing_people")["cost_rate_base"].drop_nulls().is_empty()
        assert set(layer.query("project_state")["project_id"]) <= set(projects["project_id"])
        assert layer.query("open_items").is_empty()
        assert layer.query("quarantine_rows").is_empty()
        with pytest.raises(AccessDenied, match="only named queries"):
            layer.query("select * from core.person")
        for page in MATRIX["manager"].pages:  # each thing on his pages is drawn of these rows
            read = pages.Reading(pages.Source(grown, layer, None, rows=layer.rows))  # type: ignore[arg-type]
            for shown in pages.PAGES[page].shows:
                shown.draw(read)
        with pytest.raises(AccessDenied, match="of every practice"):
            read.record("proposals")


def test_nobody_without_the_role_sees_what_people_cost(grown: Firm) -> None:
    """Each column of the snapshot whose name says that it is a rate, a salary or a person's cost is known."""
    columns = """
        select table_schema || '.' || table_name as name, column_name as "column"
        from information_schema.columns
        where regexp_matches(column_name, 'salary|wage|cost_rate|dearer')
    """
    with open_layer(grown) as whole:
        found = whole.query(columns)
        rows = whole.query("select count(*) as n from core.person")["n"][0]
    assert set(found["column"]) == set(access.COSTS)
    with open_layer(grown, rows=Rows(None, costs=False)) as layer:
        assert layer.query("person_standing").height
        for name, column in found.rows():
            seen = layer.connection.execute(f"select count(*), count({column}) from {name}").fetchone()
            assert seen is not None
            assert seen[1] == 0
        assert layer.connection.execute("select count(*) from core.person").fetchone() == (rows,)
        with pytest.raises(Exception, match="disabled"):
            layer.connection.execute("select * from read_csv('/etc/passwd')")


def test_nobody_unknown_is_let_do_anything(desk: Desk) -> None:
    for doing in DOINGS:
        with pytest.raises(UsageError, match=re.escape('no person named "mallory@x.example"')):
            access.admit(desk.firm, desk.store, "mallory@x.example", doing, moment=MOMENT)

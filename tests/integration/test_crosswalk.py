"""One real party or person in several systems becomes one; two that only look alike stay apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from opslayer.config import load_firm
from opslayer.errors import ConfigurationError
from opslayer.warehouse import build, land
from tests.conftest import MOMENT

AS_OF = date(2026, 11, 16)
BOOKS = ("account", "budget", "fx_rate", "bill", "payment", "journal_line", "invoice_line")
SOURCES = ("books", "crm", "clock")
PARTIES = {
    "books": [
        ("1", "Calder Water Ltd", "pay@calder.example"),
        ("2", "Marlow Health", "a@marlow-health.example"),
    ],
    "crm": [("A", "Vantage", "hello@calder.example"), ("B", "Marlow Wealth", "a@marlow-wealth.example")],
    "clock": [("x", "CALDER WATER", None), ("y", "Marlow Health", None)],
}
PEOPLE = {
    "books": [("E1", "Ann Ek", "ann@firm.example"), ("E2", "Bo Lind", "bo@firm.example")],
    "crm": [("U1", "Ann E.", "Ann@Firm.example")],
    "clock": [("ann", "A. Ek", "ann@firm.example"), ("zoe", "Zoe Ray", "zoe@firm.example")],
}
REST = {
    "party": ("kind", "currency", "payment_terms_days", "is_active"),
    "person": (
        *("practice", "role", "manager_id", "hired_on", "left_on", "weekly_hours"),
        *("cost_rate", "bill_rate", "utilisation_target"),
    ),
}
CLOCK = """
mapping: clock
version: 1
description: a time tracker that knows people by address and projects by code
tables: {party: {key: [id]}, person: {key: [id]}, entry: {key: [id]}}
entities:
  party: {from: party t, columns: {source_key: t.id, name: t.name, email: t.email}}
  person: {from: person t, columns: {source_key: t.id, name: t.name, email: t.email}}
  time_entry:
    from: entry t
    columns: {source_key: t.id, worked_on: t.day, hours: t.hours}
    refers:
      person_key: {email: t.who}
      project_key: {code: t.code, name: t.project}
"""
TOOL = """
mapping: tool
version: 1
description: a CRM and project tool in one
tables: {party: {key: [id]}, person: {key: [id]}, project: {key: [id]}}
entities:
  party: {from: party t, columns: {source_key: t.id, name: t.name, email: t.email}}
  person: {from: person t, columns: {source_key: t.id, name: t.name, email: t.email}}
  project:
    from: project t
    columns: {source_key: t.id, code: t.code, name: t.name, party_key: t.client, status: "'active'"}
"""
ENTRIES = [
    ("1", "2026-11-02", "3", " ANN@firm.example", "j 1", ""),
    ("2", "2026-11-02", "4", "bo@firm.example", "", "Roll-out"),
    ("3", "2026-11-02", "5", "nobody@firm.example", "J-1", ""),
    ("4", "2026-11-03", "6", "zoe@firm.example", "", ""),
]
Query = Callable[..., list[tuple[object, ...]]]


def write_firm(folder: Path, order: Sequence[str], said: Sequence[tuple[str, ...]] = ()) -> Path:
    """A firm whose clients and people stand in three systems; `said` is its own crosswalk."""
    (folder / "mappings").mkdir(parents=True)
    (folder / "mappings" / "clock.yaml").write_text(CLOCK)
    (folder / "mappings" / "tool.yaml").write_text(TOOL)
    mapping = {"books": "opslayer", "crm": "tool", "clock": "clock"}
    text = '[firm]\nname = "Three systems"\nbase_currency = "EUR"\n'
    for source in order:
        text += f'[sources.{source}]\nkind = "files"\nmapping = "{mapping[source]}"\npath = "{source}"\n'
        text += f"optional = {list(BOOKS)}\n" if source == "books" else ""
        (folder / source).mkdir()
        key = ("party_id", "person_id") if source == "books" else ("id", "id")
        for table, rows, name in (("party", PARTIES, key[0]), ("person", PEOPLE, key[1])):
            frame = pl.DataFrame(rows[source], schema=[name, "name", "email"], orient="row")
            frame.with_columns(pl.lit(None, pl.String).alias(column) for column in REST[table]).write_csv(
                folder / source / f"{table}.csv"
            )
    (folder / "firm.toml").write_text(text)
    (folder / "books" / "invoice.csv").write_text(
        "invoice_id,number,party_id,issued_on,due_on,currency,fx_rate,subtotal,tax,total,status,is_disputed,"
        "reference,updated_at\nI1,1,1,2026-10-01,2026-11-01,EUR,1,100,0,100,open,false,,\n"
    )
    (folder / "crm" / "project.csv").write_text("id,code,name,client\n77,J-1,Study,A\n78,J-2,Roll-out,B\n")
    pl.DataFrame(ENTRIES, schema=["id", "day", "hours", "who", "code", "project"], orient="row").write_csv(
        folder / "clock" / "entry.csv"
    )
    if said:
        columns = [
            "crosswalk_id",
            "entity",
            "left_source",
            "left_key",
            "right_source",
            "right_key",
            "is_same",
        ]
        pl.DataFrame(said, schema=columns, orient="row").write_csv(folder / "books" / "crosswalk.csv")
    return folder


def built(folder: Path) -> Query:
    firm = load_firm(folder)
    land(firm, as_of=AS_OF, moment=MOMENT)
    path = build(firm, as_of=AS_OF).path

    def query(text: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(text).fetchall()

    return query


def partition(query: Query, entity: str) -> set[frozenset[object]]:
    """The keys of each real one."""
    rows = query(
        f"select list(t.{entity}_id) from staging.{entity} t left join core.{entity}_alias a "
        f"on a.alias_id = t.{entity}_id group by coalesce(a.{entity}_id, t.{entity}_id)"
    )
    return {frozenset(keys) for (keys,) in rows}  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Query:
    return built(write_firm(tmp_path_factory.mktemp("three") / "firm", SOURCES))


def test_one_real_party_is_one_row(found: Query) -> None:
    """Renamed in the CRM, in capitals in the time tracker; the key and the name are the first source's."""
    assert partition(found, "party") == {
        frozenset({"books:1", "crm:A", "clock:x"}),
        frozenset({"books:2", "clock:y"}),
        frozenset({"crm:B"}),
    }
    assert found("select party_id, name from core.party order by all") == [
        ("books:1", "Calder Water Ltd"),
        ("books:2", "Marlow Health"),
        ("crm:B", "Marlow Wealth"),
    ]


def test_near_names_are_put_to_a_person(found: Query) -> None:
    pairs = found("select left_id, right_id from core.match_candidate where entity = 'party' order by all")
    assert ("books:2", "crm:B") in pairs


def test_references_follow_from_system_to_system(found: Query) -> None:
    """By address and by code; what names nobody keeps what was written and breaks its contract."""
    entries = found("select source_key, person_id, project_id from core.time_entry order by all")
    assert entries == [
        ("1", "books:E1", "crm:77"),
        ("2", "books:E2", "crm:78"),
        ("4", "clock:zoe", None),
    ]
    aside = found(
        "select source_key, row_json from quality.quarantine where table_name = 'staging.time_entry'"
    )
    assert [(key, "clock:nobody@firm.example" in str(row)) for key, row in aside] == [("3", True)]
    assert found("select project_id, party_id from core.project order by all") == [
        ("crm:77", "books:1"),
        ("crm:78", "crm:B"),
    ]


def test_the_order_of_sources_does_not_change_who_is_who(tmp_path: Path) -> None:
    seen = []
    for order in (SOURCES, SOURCES[::-1], (SOURCES[1], SOURCES[0], SOURCES[2])):
        query = built(write_firm(tmp_path / "-".join(order), order))
        seen.append((partition(query, "party"), partition(query, "person")))
        ((first,),) = query(
            "select party_id from core.party where party_id in ('books:1', 'crm:A', 'clock:x')"
        )
        assert str(first).split(":")[0] == order[0]
    assert all(one == seen[0] for one in seen)


def test_an_alias_is_never_two_and_never_stands_for_itself(found: Query) -> None:
    for entity in ("party", "person"):
        assert not found(f"select alias_id from core.{entity}_alias group by alias_id having count(*) > 1")
        assert not found(
            f"select a.alias_id from core.{entity}_alias a join core.{entity} t on t.{entity}_id = a.alias_id"
        )
        assert not found(
            f"select a.{entity}_id from core.{entity}_alias a anti join core.{entity} t using ({entity}_id)"
        )


def test_what_the_firm_says_goes_before_what_is_inferred(tmp_path: Path) -> None:
    said = [
        ("1", "party", "crm", "A", "books", "2", "true"),
        ("2", "party", "clock", "x", "books", "1", "false"),
        ("3", "person", "clock", "zoe", "books", "E2", "true"),
    ]
    query = built(write_firm(tmp_path / "firm", SOURCES, said))
    assert partition(query, "party") >= {frozenset({"books:1"}), frozenset({"clock:x"})}
    assert any({"crm:A", "books:2"} <= keys for keys in partition(query, "party"))
    assert query("select matched_by from core.person_alias where alias_id = 'clock:zoe'") == [
        ("the firm says so",)
    ]


def test_a_reference_by_what_is_not_there_says_where(tmp_path: Path) -> None:
    folder = write_firm(tmp_path / "firm", SOURCES)
    path = folder / "mappings" / "clock.yaml"
    path.write_text(CLOCK.replace("{email: t.who}", "{emial: t.who}"))
    with pytest.raises(ConfigurationError, match=r'at key: emial\n[\s\S]*nearest: "email"'):
        built(folder)

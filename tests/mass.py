"""Many actions at once: one rule, a client each, approved by the rule itself and waiting in the outbox."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert, select, text

from opslayer import actions
from opslayer.config import Firm, load_firm
from opslayer.store import Base, Store
from opslayer.warehouse import Layer, open_layer
from tests.reminders import AS_OF, CORE, MOMENT
from tests.snapshots import version

RULE = """
rule: greeting
kind: message
description: every client, once
owner: sales
who: {query: everybody}
when: {jobs: [monday]}
what:
  to: client
  steps: [{name: Greeting, template: greeting}]
  shows: {number: {title: Number, type: number}}
daily_cap: 1000000
fresh_hours: 100000
approval: {roles: [partner], automatic_up_to: 1, expires_days: 365}
"""
QUERY = """-- every client; key: subject
select party_id as subject, name, 0 as amount_base, party_id as recipient_id,
    cast(substr(party_id, 2) as integer) as number
from core.party
"""
TEMPLATE = "Subject: A word, {{ name }}\n\nYou are client number {{ number }}, and this is said once.\n"


def fill(firm: Firm, store: Store, count: int) -> Firm:
    """`count` messages approved; the firm as it is configured then."""
    for folder, name, content in (
        ("rules", "greeting.yaml", RULE),
        ("queries", "everybody.sql", QUERY),
        ("templates", "greeting.txt.j2", TEMPLATE),
    ):
        place: Path = firm.directory / folder
        place.mkdir(exist_ok=True)
        (place / name).write_text(content)
    firm = load_firm(firm.directory)
    with version(firm, as_of=AS_OF, moment=MOMENT) as connection:
        connection.execute(CORE)
        connection.execute(
            "insert into core.party by name select 'c' || range as party_id, 'Client ' || range as name, "
            "'c' || range || '@client.example' as email from range($count)",
            {"count": count},
        )
    with open_layer(firm) as layer:
        made = propose(firm, layer, store)
    assert [one.state for one in made] == ["approved"] * count
    return firm


def copy_rows(source: Store, target: Store) -> None:
    """Everything that one store holds into one in which nothing happened, on whatever engine."""
    with source.engine.connect() as there, target.engine.begin() as here:
        for table in Base.metadata.sorted_tables:
            stored = [column for column in table.columns if column.computed is None]
            rows = [dict(row) for row in there.execute(select(*stored)).mappings()]
            if not rows:
                continue
            here.execute(insert(table), rows)
            if here.dialect.name == "postgresql" and table.autoincrement_column is not None:
                name = table.autoincrement_column.name
                following = f"setval(pg_get_serial_sequence('{table.name}', '{name}'), max({name}))"
                here.execute(text(f"select {following} from {table.name}"))


def propose(firm: Firm, layer: Layer, store: Store) -> list[actions.Proposal]:
    return actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT, rule="greeting")

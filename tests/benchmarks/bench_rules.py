"""Fifty rules over a million subjects against the same predicates as bare SQL, on one published snapshot.

Ours is all that the jobs do before they write a message: the rules read, their queries, what was asked before
(ten thousand subjects a rule), the steps, whose turn it is, the cap, the readers' addresses. The rival gives
DuckDB the same fifty predicates and reads the same columns and addresses of the 200 rows that come first, one
query after the other or all in one statement, whichever is faster; it knows nothing of what was asked before.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from opslayer.actions.kinds import choose_rules
from opslayer.actions.messaging.choice import Asked, choose
from opslayer.config import Firm, load_firm
from opslayer.warehouse import Layer, Version, open_layer
from opslayer.warehouse.versions import point, record
from tests.reminders import write_firm

AS_OF = date(2026, 11, 16)
MOMENT = datetime(2026, 11, 16, 6, tzinfo=UTC)
RULES, ASKED, CAP = 50, 10_000, 200
TABLES = """
create schema core; create schema intelligence;
create table intelligence.client_silence as
select
    $as_of as as_of,
    'P' || lpad(range::varchar, 7, '0') as party_id,
    'Client ' || range as party_name,
    cast(hash(range) % 400 as bigint) as silent_days,
    cast(hash(range, 1) % 100000000 / 100 as decimal(18, 2)) as revenue_year_base,
    hash(range, 2) % 1000 / 1000 as chance,
    hash(range, 3) % 10 < 7 as is_named
from range($subjects);
create table core.party as
select party_id, party_name as name, party_id || '@client.example' as email from intelligence.client_silence;
"""
QUERY = """-- clients silent for long, one of many like it; key: subject
select party_id as subject, party_name as name, revenue_year_base as amount_base, party_id as recipient_id,
    silent_days, chance
from intelligence.client_silence
where {predicate}
"""
PREDICATE = (
    "silent_days >= {days} and revenue_year_base between {low} and {high} and chance < {chance} and is_named"
)
RULE = """
rule: {name}
kind: message
description: clients who have gone silent
owner: sales
who: {{query: {name}}}
when: {{jobs: [monday], again_after_days: 30}}
what:
  to: client
  steps: [{{name: Silent, template: no_contact}}]
  shows: {{silent_days: {{title: Days, type: number}}}}
daily_cap: {cap}
approval: {{roles: [partner]}}
"""


def predicates() -> list[str]:
    """Fifty conditions that hold for two in three subjects to one in seven."""
    return [
        PREDICATE.format(days=4 * n, low=1000 * n, high=999_000 - 2000 * n, chance=0.98 - 0.01 * n)
        for n in range(RULES)
    ]


def make(folder: Path, subjects: int) -> Firm:
    """A firm with its fifty rules and a published snapshot of so many subjects."""
    firm = write_firm(folder)
    for place in ("rules", "queries"):
        (folder / place).mkdir()
    for number, predicate in enumerate(predicates()):
        name = f"silent_{number:02}"
        (folder / "queries" / f"{name}.sql").write_text(QUERY.format(predicate=predicate))
        (folder / "rules" / f"{name}.yaml").write_text(RULE.format(name=name, cap=CAP))
    path = firm.var / "warehouse" / f"{AS_OF}.001.duckdb"
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as connection:
        for statement in TABLES.strip().rstrip(";").split(";"):
            bound = {"as_of": AS_OF, "subjects": subjects}
            used = {name: value for name, value in bound.items() if f"${name}" in statement}
            connection.execute(statement, used)
    version = Version(f"{AS_OF}.001", path, AS_OF, MOMENT, {}, 0, 0)
    record(version)
    point(firm, version)
    return firm


def ours(firm: Firm, layer: Layer, history: list[Asked]) -> int:
    """How many rows the rules of the job call for."""
    rules = [rule for rule in choose_rules(firm, None, "monday") if rule.name.startswith("silent_")]
    return sum(len(choose(layer, rule, history)) for rule in rules)


def one_by_one(layer: Layer) -> int:
    found = 0
    for predicate in predicates():
        with layer.connection.cursor() as cursor:
            found += len(cursor.execute(bare(predicate)).fetchall())
    return found


def in_one(layer: Layer) -> int:
    whole = " union all ".join(f"({bare(predicate)})" for predicate in predicates())
    with layer.connection.cursor() as cursor:
        return len(cursor.execute(whole).fetchall())


def bare(predicate: str) -> str:
    query = QUERY.partition("\n")[2].format(predicate=predicate)
    first = f"{query} order by amount_base desc limit {CAP}"
    return (
        f"select chosen.*, party.name, party.email from ({first}) as chosen "
        "left join core.party as party on party.party_id = chosen.recipient_id"
    )


def main(millions: float) -> list[dict[str, Any]]:
    """Medians of three alternating runs, the snapshot warm; nothing but one million, as the claim says."""
    if millions != 1:
        return []
    with tempfile.TemporaryDirectory(prefix="opslayer-bench-") as place:
        make(Path(place) / "firm", round(millions * 1_000_000))
        firm = load_firm(Path(place) / "firm")
        asked = [Asked(f"P{n * 97:07}", 1, 0, n % 60, False, False, None) for n in range(ASKED)]
        with open_layer(firm) as layer:
            sides: dict[str, Callable[[], int]] = {
                "ours": lambda: ours(firm, layer, asked),
                "one by one": lambda: one_by_one(layer),
                "in one": lambda: in_one(layer),
            }
            taken: dict[str, list[float]] = {side: [] for side in sides}
            for _ in range(4):
                for side, run in sides.items():
                    started = time.perf_counter()
                    assert run() == RULES * CAP
                    taken[side].append(time.perf_counter() - started)
    seconds = {side: statistics.median(runs[1:]) for side, runs in taken.items()}  # the first warms
    fastest = min(("one by one", "in one"), key=seconds.__getitem__)
    return [
        {
            "name": f"{RULES} rules, each with {ASKED:,} subjects asked before",
            "scale": f"{millions:g} million subjects",
            "ours_s": seconds["ours"],
            "rival": f"the same predicates as bare SQL, {fastest}",
            "rival_s": seconds[fastest],
            "ratio": seconds["ours"] / seconds[fastest],
            "claim": "at most 2",
        }
    ]

"""All contracts of a build, beside the same checks by hand in DuckDB and through GX's pandas engine.

The file holds staging, core and marts of `books`, broken in known places (queries/plants.sql). Ours is
`contracts.audit`: every rule, counts and samples of what is red, and the results page. By hand is what a
careful analyst would write: one aggregate query a table, one a key and a foreign key, then a count and a
sample of what failed; ours and by hand must find the same. The pandas engine gets the tables as frames that
are loaded already (not timed), core only, and none of the conditions over several columns, which it cannot
say: a smaller task than ours, which is then measured on core only too.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from opslayer.config import Firm
from opslayer.contracts import Contract, Rule, Table, audit, load_contracts
from opslayer.contracts.queries import bound, broken_rows, quoted, relation
from opslayer.warehouse import build
from tests.benchmarks import books

REPEATS = 3
PANDAS_LIMIT = 2.0  # million lines; its frames of ten million do not fit beside the rest in 16 GB


def main(millions: float = 1.0) -> list[dict[str, Any]]:
    """Seconds are the best of three, ours and by hand in turn (pandas once).

    The ratio is ours / by hand, and pandas / ours.
    """
    folder = Path(tempfile.mkdtemp(prefix="opslayer-bench-"))
    try:
        firm = books.make(folder / "firm", int(millions * 1e6))
        build(firm, as_of=books.AS_OF)
        database = firm.var / "warehouse" / "staged.duckdb"
        books.plant(database)
        rows = [beside_by_hand(firm, database, millions)]
        if millions <= PANDAS_LIMIT:
            rows.append(beside_pandas(firm, database, millions))
        return rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def beside_by_hand(firm: Firm, database: Path, millions: float) -> dict[str, Any]:
    contracts = load_contracts(firm)
    placed = tables(database, contracts)
    docs = database.parent / "docs"
    found: dict[str, set[tuple[str, str, int]]] = {}

    def ours() -> None:
        report = audit(database, contracts, as_of=books.AS_OF, docs=docs)
        found["ours"] = {(r.table, r.rule, r.rows_failed) for r in report.red}

    def hand() -> None:
        found["hand"] = set(by_hand(database, placed))

    import opslayer.contracts.expectations  # noqa: F401  # loaded once in the audit process; not timed

    ours_s, hand_s = in_turn(ours, hand)
    assert found["ours"] == found["hand"], found["ours"] ^ found["hand"]
    rules = sum(len(table.rules) for table in placed.values())
    return {
        "name": f"contracts ({rules} rules, {len(found['ours'])} of them red, with details)",
        "scale": f"{millions:g} M invoice lines",
        "ours_s": ours_s,
        "rival": "the same checks by hand",
        "rival_s": hand_s,
        "ratio": ours_s / hand_s,
        "claim": "within 2x at 10 million rows",
    }


def tables(database: Path, contracts: Iterable[Contract]) -> dict[str, Table]:
    """Physical name -> table: those the audit looks at."""
    placed: dict[str, Table] = {}
    for contract in contracts:
        for table in contract.tables:
            short = table.name.partition(".")[2]
            if contract.mapping is None:
                placed[table.name] = table
            elif contract.mapping == "opslayer":
                placed[f"raw_books.{short}"] = table
    return placed


def by_hand(database: Path, placed: dict[str, Table]) -> Iterable[tuple[str, str, int]]:
    """The rules that are red, by plain queries on one connection: table, rule, rows."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for name, table in placed.items():
            for rule in failed_rules(connection, name, table):
                query = broken_rows(rule, name, table, books.AS_OF)
                counted = connection.execute(f"select count(*) from ({query})").fetchall()[0][0]
                columns = ", ".join(quoted(c) for c in dict.fromkeys((*table.key, *rule.columns)))
                shown = columns if rule.predicate and columns else "*"
                connection.execute(f"select {shown} from ({query}) order by all limit 5").fetchall()
                yield name, rule.name, counted


def failed_rules(connection: duckdb.DuckDBPyConnection, name: str, table: Table) -> list[Rule]:
    """One aggregate query for what can be said of a row, one for the key, one for each other rule."""
    rows = [rule for rule in table.rules if rule.predicate and not rule.parents]
    sums = [f"count(*) filter (where {bound(rule, books.AS_OF)})" for rule in rows]
    counts = connection.execute(
        f"select {', '.join(['count(*)', *sums])} from {relation(name)} as t"
    ).fetchall()[0]
    red = [rule for rule, count in zip(rows, counts[1:], strict=True) if count]
    for rule in table.rules:
        match rule.kind:
            case "row_count":
                failed = not (rule.low or 0) <= counts[0] <= (rule.high or 0)
            case "unique" if len(rule.columns) == 1:
                key = quoted(rule.columns[0])
                distinct = connection.execute(
                    f"select count(distinct {key}) from {relation(name)}"
                ).fetchall()
                failed = distinct[0][0] < counts[0]
            case _ if rule in rows:
                continue
            case _:
                query = broken_rows(rule, name, table, books.AS_OF)
                failed = bool(connection.execute(f"select count(*) from ({query})").fetchall()[0][0])
        red += [rule] if failed else []
    return red


def beside_pandas(firm: Firm, database: Path, millions: float) -> dict[str, Any]:
    contracts = [c for c in load_contracts(firm) if c.name == "finance_core"]
    core = {table.name: table for contract in contracts for table in contract.tables}
    with duckdb.connect(str(database), read_only=True) as connection:
        frames = {name: connection.execute(f"select * from {relation(name)}").df() for name in core}
    import opslayer.contracts.expectations  # noqa: F401

    def ours() -> None:
        audit(database, contracts, as_of=books.AS_OF, docs=None, only=set(core))

    ours_s = seconds(ours)
    started = time.perf_counter()
    asked = through_pandas(core, frames)
    pandas_s = time.perf_counter() - started
    rules = sum(len(table.rules) for table in core.values())
    return {
        "name": f"contracts of core ({rules} rules, of which pandas is asked {asked})",
        "scale": f"{millions:g} M invoice lines",
        "ours_s": ours_s,
        "rival": "GX, pandas engine",
        "rival_s": pandas_s,
        "ratio": pandas_s / ours_s,
        "claim": "at least 20x faster",
    }


def through_pandas(core: dict[str, Table], frames: dict[str, Any]) -> int:
    """Run the suite on frames, with counts and samples; how many rules were asked."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("frames")
    asked = 0
    for name, table in core.items():
        expectations = [e for rule in table.rules for e in expectation(rule, frames)]
        asked += len(expectations)
        definition = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
        batch = definition.get_batch({"dataframe": frames[name]})
        result = batch.validate(
            gx.ExpectationSuite(name=name, expectations=expectations), result_format="SUMMARY"
        )
        assert not any(r.exception_info.get("raised_exception") for r in result.results), result
    return asked


def expectation(rule: Rule, frames: dict[str, Any]) -> list[Any]:
    from great_expectations import expectations as gxe

    match rule.kind:
        case "not_null":
            return [gxe.ExpectColumnValuesToNotBeNull(column=rule.columns[0])]
        case "allowed":
            return [gxe.ExpectColumnValuesToBeInSet(column=rule.columns[0], value_set=list(rule.allowed))]
        case "range":
            return [
                gxe.ExpectColumnValuesToBeBetween(
                    column=rule.columns[0], min_value=rule.low, max_value=rule.high
                )
            ]
        case "row_count":
            return [
                gxe.ExpectTableRowCountToBeBetween(
                    min_value=int(rule.low or 0), max_value=int(rule.high or 0)
                )
            ]
        case "unique" if len(rule.columns) == 1:
            return [gxe.ExpectColumnValuesToBeUnique(column=rule.columns[0])]
        case "unique":
            return [gxe.ExpectCompoundColumnsToBeUnique(column_list=list(rule.columns))]
        case "foreign_key":
            parent, _, key = rule.references[0].rpartition(".")
            keys = frames[parent][key].dropna().tolist()
            return [gxe.ExpectColumnValuesToBeInSet(column=rule.columns[0], value_set=keys)]
    return []


def in_turn(*tasks: Callable[[], None]) -> list[float]:
    """Best seconds of each, run one after the other: what others do on the machine only ever adds."""
    taken: list[list[float]] = [[] for _ in tasks]
    for _ in range(REPEATS):
        for task, own in zip(tasks, taken, strict=True):
            started = time.perf_counter()
            task()
            own.append(time.perf_counter() - started)
    return [min(own) for own in taken]


def seconds(task: Callable[[], None]) -> float:
    (found,) = in_turn(task)
    return found

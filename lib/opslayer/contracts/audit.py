"""Audit: every rule of every contract on a staged file, with the rows that break what is red."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from opslayer.contracts.contract import Contract, Rule, Severity, Table

Progress = Callable[[str], None]
SAMPLE = 5


@dataclass(frozen=True)
class Result:
    """How one rule stood: rows looked at, rows that broke it, and a few of those."""

    contract: str
    version: str
    table: str
    rule: str
    dimension: str
    severity: Severity
    passed: bool
    rows_checked: int
    rows_failed: int
    sample: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class AuditReport:
    """Every result of an audit."""

    results: tuple[Result, ...]

    @property
    def red(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if not result.passed)

    @property
    def blocking(self) -> tuple[Result, ...]:
        return tuple(result for result in self.red if result.severity == "block")


def audit(
    database: Path,
    contracts: Iterable[Contract],
    *,
    as_of: date,
    docs: Path | None,
    only: Collection[str] | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Run the contracts on `database`, write quality.results into it, and pages of it into `docs`.

    `only` limits it to those tables; results of others stay. Nobody else may have the file open.
    """
    from opslayer.contracts.expectations import validate  # takes seconds to load, and only audits need it

    report = progress or (lambda _: None)
    listed = list(contracts)
    with duckdb.connect(str(database)) as connection:
        placed = _placed(connection, listed)
    chosen = {name: pair for name, pair in placed.items() if only is None or name in only}
    report(f"auditing {len(chosen)} tables")
    outcome = validate(database, {name: table for name, (_, table) in chosen.items()}, as_of)
    results: list[Result] = []
    with duckdb.connect(str(database)) as connection:
        for name, (contract, table) in chosen.items():
            held, seconds = outcome[name]
            results += _results(connection, contract, table, name, held, seconds, as_of)
        write_results(connection, results, as_of, only)
        if docs is not None:
            from opslayer.contracts.pages import write_pages

            write_pages(connection, listed, docs, as_of=as_of)
    red = [result for result in results if not result.passed]
    report(f"{len(results) - len(red)} rules green, {len(red)} red")
    return AuditReport(tuple(results))


def _placed(
    connection: duckdb.DuckDBPyConnection, contracts: Iterable[Contract]
) -> dict[str, tuple[Contract, Table]]:
    """Physical name -> its contract; a source's contract stands once for each source of its mapping."""
    present = {
        f"{schema}.{name}"
        for schema, name in connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = current_database()"
        ).fetchall()
    }
    mapped = dict(
        connection.execute("select source, mapping from quality.mappings").fetchall()
        if "quality.mappings" in present
        else []
    )
    placed: dict[str, tuple[Contract, Table]] = {}
    for contract in contracts:
        for table in contract.tables:
            if contract.mapping is None:
                names = [table.name]
            else:
                short = table.name.rpartition(".")[2]
                names = [f"raw_{source}.{short}" for source, mapping in mapped.items() if mapping == contract.mapping]
                names = [name for name in names if name in present]
            placed |= {name: (contract, table) for name in names}
    return placed


def _results(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    table: Table,
    name: str,
    held: dict[str, bool],
    seconds: float,
    as_of: date,
) -> list[Result]:
    relation = ".".join(f'"{part}"' for part in name.split("."))
    rows = _one(connection, f"select count(*) from {relation}")
    aside = dict(
        connection.execute(
            "select rule, list_concat([cast(count(*) as varchar)], list(source_key order by source_key)[1:$n]) "
            "from quality.quarantine where table_name = $table group by rule",
            {"table": name, "n": SAMPLE},
        ).fetchall()
    )
    results = []
    for rule in table.rules:
        started = time.perf_counter()
        failed, sample = 0, ()
        if rule.name in aside:
            count, *keys = aside[rule.name]
            failed, sample = int(count), tuple(keys)
        if not held[rule.name]:
            found, rows_ = _details(connection, rule, name, table, as_of)
            failed, sample = failed + found, (*sample, *rows_)[:SAMPLE]
        results.append(
            Result(
                contract.name,
                contract.version,
                name,
                rule.name,
                rule.dimension,
                rule.severity,
                held[rule.name] and not failed,
                rows + (failed if rule.name in aside else 0),
                failed,
                sample,
                seconds / len(table.rules) + time.perf_counter() - started,
            )
        )
    return results


def _details(
    connection: duckdb.DuckDBPyConnection, rule: Rule, name: str, table: Table, as_of: date
) -> tuple[int, tuple[str, ...]]:
    """How many rows break a rule that is red, and a few of them by key."""
    from opslayer.contracts.expectations import bad_rows

    query = bad_rows(rule, name, table, as_of)
    count = _one(connection, f"select count(*) from ({query})")
    shown = rule.columns if rule.kind == "unique" else tuple(dict.fromkeys((*table.key, *rule.columns)))
    columns = ", ".join(f'"{column}"' for column in shown) if shown and rule.predicate else "*"
    found = connection.execute(f"select {columns} from ({query}) order by all limit {SAMPLE}")
    names = [column[0] for column in found.description or []]
    return count, tuple(
        ", ".join(f"{key}={value}" for key, value in zip(names, row, strict=True)) for row in found.fetchall()
    )


def write_results(
    connection: duckdb.DuckDBPyConnection, results: Iterable[Result], as_of: date, only: Collection[str] | None
) -> None:
    """Put results into quality.results, in place of what their tables had."""
    connection.execute(
        "create table if not exists quality.results (as_of date, contract varchar, contract_version varchar, "
        "table_name varchar, rule varchar, dimension varchar, severity varchar, passed boolean, "
        "rows_checked bigint, rows_failed bigint, sample varchar, seconds double)"
    )
    if only is None:
        connection.execute("delete from quality.results")
    else:
        connection.execute("delete from quality.results where table_name in (select unnest($names))", {"names": list(only)})
    rows = [
        (as_of, r.contract, r.version, r.table, r.rule, r.dimension, r.severity, r.passed, r.rows_checked,
         r.rows_failed, "; ".join(r.sample), r.seconds)
        for r in results
    ]  # fmt: skip
    if rows:
        connection.executemany(f"insert into quality.results values ({', '.join('?' * 12)})", rows)


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    ((found,),) = connection.execute(query).fetchall()
    return int(found)

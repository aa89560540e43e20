"""Audit: every rule of every contract on a staged file, with the rows that break what is red."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl
from duckdb import DuckDBPyConnection, connect

from opslayer.contracts.contract import Contract, Rule, Severity, Table
from opslayer.contracts.queries import broken_rows, literal, quoted, relation

Progress = Callable[[str], None]
Settings = dict[str, str | bool | int | float | list[str]]
SAMPLE = 5
RESULTS = """
    create table if not exists quality.results (
        as_of date, contract varchar, contract_version varchar, table_name varchar, rule varchar,
        dimension varchar, severity varchar, passed boolean, rows_checked bigint, rows_failed bigint,
        sample varchar, seconds double
    )
"""


@dataclass(frozen=True)
class Result:
    """How one rule stood: rows looked at, rows that broke it, and a few of those.

    A rule of severity quarantine counts what was set aside before as broken.
    """

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


@dataclass(frozen=True)
class _Placed:
    """A table under contract as it stands in the file: its physical name and columns."""

    name: str
    contract: Contract
    table: Table
    columns: frozenset[str]

    @property
    def askable(self) -> Table:
        """The table without the rules that look at columns it has not."""
        return replace(
            self.table, rules=tuple(rule for rule in self.table.rules if self.columns >= {*rule.columns})
        )


@dataclass(frozen=True)
class _Broken:
    """Rows that break a rule: how many, and a few by their keys."""

    rows: int = 0
    sample: tuple[str, ...] = ()

    def __add__(self, other: _Broken) -> _Broken:
        return _Broken(self.rows + other.rows, (*self.sample, *other.sample)[:SAMPLE])


@dataclass(frozen=True)
class _Answers:
    """What is known of a table before its details: rules that hold, what asking took, what was set aside."""

    held: Mapping[str, bool]
    seconds: float
    aside: Mapping[tuple[str, str], _Broken]


def audit(
    database: Path,
    contracts: Iterable[Contract],
    *,
    as_of: date,
    docs: Path | None,
    only: Collection[str] | None = None,
    memory_limit: str | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Run the contracts on `database`, write quality.results into it, and pages of it into `docs`.

    `only` limits it to those tables; results of others stay. `memory_limit` is DuckDB's, such as "4GB".
    Nobody else may have the file open. Raises ConfigurationError for a rule whose SQL the database does not
    understand.
    """
    from opslayer.contracts.expectations import validate  # takes seconds to load, and only audits need it

    report = progress or (lambda _: None)
    listed = list(contracts)
    settings: Settings = {"memory_limit": memory_limit} if memory_limit else {}
    with connect(str(database), config=settings) as connection:
        placed = [p for p in _place(connection, listed) if only is None or p.name in only]
    report(f"auditing {len(placed)} tables")
    outcome = validate(database, {p.name: p.askable for p in placed if p.columns}, as_of, settings)
    results: list[Result] = []
    with connect(str(database), config=settings) as connection:
        rows, aside = _rows(connection, placed), _set_aside(connection)
        for place in placed:
            answers = _Answers(*outcome.get(place.name, ({}, 0.0)), aside)
            results += _results(connection, place, rows.get(place.name, 0), answers, as_of)
        write_results(connection, results, as_of, only)
        if docs is not None:
            from opslayer.contracts.pages import write_pages

            write_pages(connection, listed, docs, as_of=as_of)
    found = AuditReport(tuple(results))
    report(f"{len(results) - len(found.red)} rules green, {len(found.red)} red")
    return found


def _place(connection: DuckDBPyConnection, contracts: Iterable[Contract]) -> list[_Placed]:
    """Where each table under contract stands; a source's contract stands once for each source of its mapping.

    A table that is not there has no columns, so every rule of it is red; a source may lack tables it has no
    use for, which landing minds.
    """
    columns: dict[str, set[str]] = {}
    for name, column in connection.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        "where database_name = current_database()"
    ).fetchall():
        columns.setdefault(name, set()).add(column)
    sources: list[tuple[str, str]] = []
    if "quality.mappings" in columns:
        sources = connection.execute("select source, mapping from quality.mappings").fetchall()
    return [
        _Placed(name, contract, table, frozenset(columns.get(name, ())))
        for contract in contracts
        for table in contract.tables
        for name in _names(contract, table, sources)
        if name in columns or contract.mapping is None
    ]


def _names(contract: Contract, table: Table, sources: Iterable[tuple[str, str]]) -> list[str]:
    if contract.mapping is None:
        return [table.name]
    short = table.name.partition(".")[2]
    return [f"raw_{source}.{short}" for source, mapping in sources if mapping == contract.mapping]


def _results(
    connection: DuckDBPyConnection, place: _Placed, rows: int, answers: _Answers, as_of: date
) -> Iterator[Result]:
    for rule in place.table.rules:
        started = time.perf_counter()
        aside = answers.aside.get((place.name, rule.name), _Broken())
        missing = sorted({*rule.columns} - place.columns)
        if not place.columns:
            found = _Broken(0, ("no such table",))
        elif missing:
            found = _Broken(rows, (f"no column {', '.join(missing)}",))
        elif answers.held[rule.name]:
            found = aside
        else:
            found = aside + _details(connection, rule, place, as_of)
        yield Result(
            contract=place.contract.name,
            version=place.contract.version,
            table=place.name,
            rule=rule.name,
            dimension=rule.dimension,
            severity=rule.severity,
            passed=found == _Broken(),
            rows_checked=rows + aside.rows,
            rows_failed=found.rows,
            sample=found.sample,
            seconds=answers.seconds / max(1, len(answers.held)) + time.perf_counter() - started,
        )


def _set_aside(connection: DuckDBPyConnection) -> dict[tuple[str, str], _Broken]:
    """(table, rule) -> what stands in quarantine."""
    found = connection.execute(
        "select table_name, rule, count(*), list(source_key order by source_key)[1:$n] "
        "from quality.quarantine group by table_name, rule",
        {"n": SAMPLE},
    ).fetchall()
    return {(table, rule): _Broken(count, tuple(map(str, keys))) for table, rule, count, keys in found}


def _rows(connection: DuckDBPyConnection, placed: Iterable[_Placed]) -> dict[str, int]:
    """Rows of each table that is there."""
    counts = " union all ".join(
        f"select {literal(place.name)}, count(*) from {relation(place.name)}"
        for place in placed
        if place.columns
    )
    return dict(connection.execute(counts).fetchall()) if counts else {}


def _details(connection: DuckDBPyConnection, rule: Rule, place: _Placed, as_of: date) -> _Broken:
    """How many rows break a rule that is red, and a few of them by key."""
    query = broken_rows(rule, place.name, place.table, as_of)
    count = _count(connection, f"select count(*) from ({query})")
    columns = "*"
    if rule.predicate is not None:
        shown = dict.fromkeys((*(c for c in place.table.key if c in place.columns), *rule.columns))
        columns = ", ".join(quoted(column) for column in shown)
    found = connection.execute(f"select {columns} from ({query}) order by all limit {SAMPLE}")
    names = [str(column[0]) for column in found.description or []]
    return _Broken(
        count,
        tuple(
            ", ".join(
                f"{key}={'null' if value is None else value}" for key, value in zip(names, row, strict=True)
            )
            for row in found.fetchall()
        ),
    )


def write_results(
    connection: DuckDBPyConnection, results: Iterable[Result], as_of: date, only: Collection[str] | None
) -> None:
    """Put results into quality.results, in place of what their tables had."""
    connection.execute(RESULTS)
    if only is None:
        connection.execute("delete from quality.results")
    else:
        doomed = {"names": list(only)}
        connection.execute("delete from quality.results where table_name in (select unnest($names))", doomed)
    rows = [_row(result, as_of) for result in results]
    if rows:
        connection.register("fresh", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
        connection.execute("insert into quality.results select * from fresh")
        connection.unregister("fresh")


def _row(result: Result, as_of: date) -> dict[str, object]:
    return {"as_of": as_of, **asdict(result), "sample": "; ".join(result.sample)}


def _count(connection: DuckDBPyConnection, query: str) -> int:
    ((found,),) = connection.execute(query).fetchall()
    return int(found)

"""A query that somebody else wrote: it may read published tables, and do nothing else.

What a query does is read from its syntax (sqlglot), not from what DuckDB lets pass: a snapshot is open
read-only, and yet COPY would write a file, and read_csv would read one.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import sqlglot
from sqlglot import exp

from opslayer.errors import ConfigurationError, nearest

PUBLISHED = ("core", "marts", "intelligence", "quality")
EFFECTS = (
    exp.DML,
    exp.DDL,
    exp.Into,
    exp.Lock,
    exp.Command,
    exp.Attach,
    exp.Detach,
    exp.Copy,
    exp.Pragma,
    exp.Set,
    exp.Use,
)
CLOCK = {"current_time", "current_timestamp", "localtime", "localtimestamp"}  # DuckDB does not list these
ROWS = (exp.Unnest, exp.GenerateSeries)


class Text(NamedTuple):
    """A query and the file it stands in."""

    sql: str
    path: Path


@cache
def check_reading(sql: str, path: Path) -> None:
    """Pass a query that only reads. Raises ConfigurationError, naming file, line and column, for any other.

    That is: not one SELECT; one that writes; that reads a file, the network, the clock, chance or a setting;
    a table that is not of a published schema, or a function that DuckDB does not have.
    """
    try:
        statements = [one for one in sqlglot.parse(sql, dialect="duckdb") if one is not None]
    except sqlglot.errors.ParseError as error:
        found = error.errors[0] if error.errors else {}
        where = f"{path}:{found.get('line', 1)}:{found.get('col', 1)}"
        raise ConfigurationError(f"{where}\n    is not SQL: {found.get('description', error)}") from error
    if len(statements) != 1:
        raise ConfigurationError(f"{path}:1:1\n    expected one query; got {len(statements)}")
    query, text = statements[0], Text(sql, path)
    if not isinstance(query, exp.Select | exp.SetOperation):
        raise _refused(text, query, f"expected a SELECT; got {query.key.upper()}")
    for node in query.walk():
        if isinstance(node, EFFECTS) and not isinstance(node, exp.Query):
            raise _refused(text, node, f"a query of a rule only reads; got {node.key.upper()}")
        if isinstance(node, exp.Table):
            _check_table(text, node)
        elif isinstance(node, exp.Func):
            _check_function(text, node)


def _check_table(text: Text, table: exp.Table) -> None:
    if not isinstance(table.this, exp.Identifier):
        if not isinstance(table.this, ROWS):
            raise _refused(text, table, f"expected a published table; got the function {_name(table.this)}")
        return
    if not table.db and table.name in _named_in_query(table):
        return
    if table.db not in PUBLISHED or table.catalog:
        shown = ".".join(part.name for part in table.parts)
        near = nearest(table.db, PUBLISHED) if table.db else None
        raise _refused(
            text,
            table,
            f"expected a table of {', '.join(PUBLISHED)}; got {shown}"
            + (f'\n    nearest: "{near}.{table.name}"' if near else ""),
        )


def _named_in_query(table: exp.Expr) -> set[str]:
    """Plain names given by WITH, anywhere: whether it is seen from here or not, none is a file's."""
    return {name.alias for name in table.root().find_all(exp.CTE) if name.alias.isidentifier()}


def _check_function(text: Text, function: exp.Func) -> None:
    name = _name(function)
    known, impure = _functions()
    names = {name} if isinstance(function, exp.Anonymous) else {n.lower() for n in function.sql_names()}
    if names & impure:
        said = f"a query of a rule reads tables only, and is the same when run again; got {name}()"
        raise _refused(text, function, said)
    if isinstance(function, exp.Anonymous | exp.AnonymousAggFunc) and name not in known:
        near = nearest(name, known)
        raise _refused(
            text, function, f"no function named {name}" + (f'\n    nearest: "{near}"' if near else "")
        )


@cache
def _functions() -> tuple[frozenset[str], frozenset[str]]:
    """Functions that answer the same each time from their arguments alone; and those that do not."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct function_name, function_type in ('scalar', 'aggregate', 'window', 'macro') "
            "and coalesce(stability = 'CONSISTENT', true) from duckdb_functions()"
        ).fetchall()
    known = frozenset(name for name, pure in rows if pure)
    return known, frozenset(name for name, _ in rows) - known - {"unnest"} | CLOCK


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return str(node.name).lower()
    return (node.sql_names()[0] if isinstance(node, exp.Func) else node.key).lower()


def _refused(text: Text, node: exp.Expr, said: str) -> ConfigurationError:
    """The error at the first name within `node` that has a place in the text."""
    line, column = position(node, text.sql)
    return ConfigurationError(f"{text.path}:{line}:{column}\n    {said}")


def position(node: exp.Expr, sql: str) -> tuple[int, int]:
    """Line and column, from 1, where a part of a query begins; sqlglot's own lines are off after a $name."""
    start = min((int(one.meta["start"]) for one in node.walk() if "start" in one.meta), default=0)
    return sql.count("\n", 0, start) + 1, start - sql.rfind("\n", 0, start)

"""A named statement: one UPDATE of one allowed table, by its key, and only from the values expected.

    update deal set stage = :stage where deal_id = :deal_id and stage = :stage_before

Each column is set to the parameter of its own name, and is compared with :COLUMN_before: compare and set.
What runs is built from what was read here, so that not one character of the file reaches the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from opslayer.errors import ConfigurationError

BEFORE = "_before"


@dataclass(frozen=True)
class Statement:
    """`columns` are those it sets; `key` is the column that names the row."""

    table: str
    schema: str | None
    key: str
    columns: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.key, *self.columns, *(f"{column}{BEFORE}" for column in self.columns))


def read_statement(path: Path, *, table: str, key: str) -> Statement:
    """Raises ConfigurationError for anything but what the module says, on the table that is allowed."""
    try:
        parsed = sqlglot.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}\n  there is no such statement") from error
    except (SqlglotError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}\n  cannot be read: {error}") from error
    return checked(parsed, path, table=table, key=key)


def checked(parsed: list[exp.Expr | None], path: Path, *, table: str, key: str) -> Statement:
    found = [one for one in parsed if one is not None and not isinstance(one, exp.Semicolon)]
    if len(found) != 1 or not isinstance(found[0], exp.Update):
        raise _wrong(path, "one UPDATE and nothing else", f"{len(found)} statements: {_kinds(found)}")
    (update,) = found
    more = [
        name for name, value in update.args.items() if value and name not in ("this", "expressions", "where")
    ]
    if more or update.find(exp.Select, exp.Subquery, exp.CTE, exp.Join):
        raise _wrong(path, "set and where alone", f"{', '.join(more) or 'a query within'}")
    target = update.this
    name = ".".join(part.name for part in target.parts) if isinstance(target, exp.Table) else target.sql()
    if name != table:
        raise _wrong(path, f"the allowed table {table}", name)
    columns = tuple(_set_column(path, one) for one in update.expressions)
    compared = _compared(path, update.args.get("where"))
    expected = {key: key} | {column: f"{column}{BEFORE}" for column in columns}
    if compared != expected or not columns or key in columns or len(set(columns)) != len(columns):
        said = " and ".join(f"{column} = :{name}" for column, name in expected.items())
        raise _wrong(
            path, f"where {said}", " and ".join(f"{c} = :{p}" for c, p in compared.items()) or "no where"
        )
    return Statement(target.name, target.db or None, key, columns)


def _compared(path: Path, where: exp.Expr | None) -> dict[str, str]:
    """Column -> parameter, of comparisons joined by AND."""
    if where is None:
        return {}
    chain = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    return dict(_sides(path, one) for one in chain)


def _set_column(path: Path, one: exp.Expr) -> str:
    column, parameter = _sides(path, one)
    if column != parameter:
        raise _wrong(path, f"{column} = :{column}", one.sql())
    return column


def _sides(path: Path, one: exp.Expr) -> tuple[str, str]:
    left, right = one.args.get("this"), one.args.get("expression")
    plain = isinstance(one, exp.EQ | exp.NullSafeEQ) and isinstance(left, exp.Column) and not left.table
    if not plain or not isinstance(right, exp.Placeholder) or left is None:
        raise _wrong(path, "column = :parameter", one.sql())
    return left.name, right.name


def _kinds(found: list[exp.Expr]) -> str:
    return ", ".join(one.key for one in found) or "none"


def _wrong(path: Path, expected: str, got: str) -> ConfigurationError:
    return ConfigurationError(f"{path}\n    expected {expected}; got {got}")

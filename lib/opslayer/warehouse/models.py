"""The SQL models: one query a file, ordered by what they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp

from opslayer.errors import BuildError

MODELS = Path(__file__).parent / "models"
LAYERS = ("staging", "core", "marts")

Bound = str | int | float | bool | date | list[str] | None


@dataclass(frozen=True)
class Model:
    """One table: its name is folder.file, its query the file's text."""

    name: str
    sql: str
    reads: frozenset[str]
    values: frozenset[str]

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]


def load_models(folder: Path = MODELS) -> dict[str, Model]:
    """Every model under `folder`, by name. Raises BuildError for SQL that does not parse."""
    return {
        model.name: model
        for layer in LAYERS
        for path in sorted((folder / layer).glob("*.sql"))
        for model in [read_model(path)]
    }


def read_model(path: Path) -> Model:
    sql = path.read_text(encoding="utf-8")
    reads, values = _links(sql, str(path))
    return Model(name=f"{path.parent.name}.{path.stem}", sql=sql, reads=reads, values=values)


@lru_cache(maxsize=512)
def _links(sql: str, where: str) -> tuple[frozenset[str], frozenset[str]]:
    """What the one query in `sql` reads and binds; a text that was read once is not parsed again."""
    query = parsed(sql, Path(where))
    return _tables(query), placeholders(query)


def parsed(sql: str, path: Path) -> exp.Expr:
    """The one query in `sql`. Raises BuildError where there is none, or more than one."""
    try:
        queries = [query for query in sqlglot.parse(sql, dialect="duckdb") if query is not None]
    except sqlglot.errors.ParseError as error:
        raise BuildError(f"{path}\n  does not parse: {error}") from error
    if len(queries) != 1:
        raise BuildError(f"{path}\n  expected one query, found {len(queries)}")
    query: exp.Expr = queries[0]
    return query


@lru_cache(maxsize=512)
def bound_names(sql: str, where: str) -> frozenset[str]:
    """Names that the one query in `sql` binds; what was asked once is not parsed again."""
    return placeholders(parsed(sql, Path(where)))


@lru_cache(maxsize=512)
def tables_read(sql: str) -> frozenset[str]:
    """The tables of a schema that the one query in `sql` reads, as schema.table."""
    return _tables(parsed(sql, Path("query")))


def _tables(query: exp.Expr) -> frozenset[str]:
    return frozenset(f"{table.db}.{table.name}" for table in query.find_all(exp.Table) if table.db)


def placeholders(query: exp.Expr) -> frozenset[str]:
    """Names bound in the query as $name."""
    return frozenset(
        node.name
        for node in query.find_all(exp.Placeholder, exp.Parameter)
        if node.name and not node.name.isdigit()
    )


def bind(names: Iterable[str], values: Mapping[str, Bound], where: str) -> dict[str, Bound]:
    """The values a query asks for, and no others. Raises BuildError for one that was not given."""
    missing = sorted(set(names) - values.keys())
    if missing:
        raise BuildError(
            f"{where} binds ${', $'.join(missing)}; given: {', '.join(sorted(values)) or 'nothing'}"
        )
    return {name: values[name] for name in names}


def dependencies(models: Mapping[str, Model]) -> TopologicalSorter[str]:
    """A sorter over the models, prepared to hand out those whose inputs are built.

    Raises BuildError where models read each other in a circle, or a table that no model makes.
    """
    known = set(models)
    for model in models.values():
        strangers = sorted(t for t in model.reads if t.partition(".")[0] in LAYERS and t not in known)
        if strangers:
            raise BuildError(f"{model.name} reads {', '.join(strangers)}, which no model makes")
    sorter = TopologicalSorter({name: model.reads & known - {name} for name, model in models.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise BuildError(f"models read each other in a circle: {' -> '.join(error.args[1])}") from error
    return sorter

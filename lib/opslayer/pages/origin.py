"""Where predictions come from: the model and its version, the run that made them, the snapshot it read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from opslayer.config import Firm
from opslayer.store import Run, Store
from opslayer.warehouse import Layer, Version, pruned_version, published_in, versions

SCHEMA = "intelligence."
MODELS = """
select as_of, string_agg(distinct model, ', ') as model, string_agg(distinct model_version, ', ') as version
from {table}
where as_of = (select max(as_of) from {table})
group by as_of
"""


@dataclass(frozen=True)
class Origin:
    """The last predictions of a table: `made_from` is the snapshot that the model read.

    `notebook`, `run_id` and `made_from` are None where no record of them is left: a table that somebody
    published by hand, or by an earlier opslayer.
    """

    table: str
    as_of: date
    model: str
    model_version: str
    made_from: str | None = None
    notebook: str | None = None
    run_id: str | None = None


def origins(firm: Firm, layer: Layer, store: Store, tables: Iterable[str]) -> Iterator[Origin]:
    """One a table of predictions that holds any, of those that were read."""
    known = {version.name: version for version in versions(firm)}
    for table in sorted(one for one in tables if one.startswith(SCHEMA)):
        columns = layer.query(f"select * from {table} limit 0").columns
        if "model_version" not in columns:
            continue
        for as_of, model, version in layer.query(MODELS.format(table=table)).iter_rows():
            published = published_in(firm, table.removeprefix(SCHEMA), as_of=as_of)
            base, moment = _base(firm, known, published)
            run = _run(store, as_of, moment) if moment else None
            yield Origin(
                table, as_of, model, version, base, run.notebook if run else None, run.run_id if run else None
            )


def _base(firm: Firm, known: dict[str, Version], name: str | None) -> tuple[str | None, datetime | None]:
    """The version that another was made from, and when that was published."""
    found = known.get(name or "") or (pruned_version(firm, name) if name else None)
    return (found.base, found.published_at) if found is not None else (None, None)


def _run(store: Store, as_of: date, moment: datetime) -> Run | None:
    """The run during which something was published."""
    query = (
        select(Run)
        .where(Run.as_of == as_of, Run.started_at <= moment)
        .where((Run.ended_at >= moment) | Run.ended_at.is_(None))
        .order_by(Run.started_at.desc())
    )
    with store.reading() as session:
        return session.scalars(query).first()

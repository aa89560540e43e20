"""Landing from PostgreSQL into Parquet: ours (ADBC) beside a bare ADBC copy, SQLAlchemy's stream, connectorx.

connectorx is not a dependency: it was no faster than ours on 20 November 2026 (5.4 s against 5.1 for one
million rows of 14 columns, bare ADBC 3.7), holds the whole table in memory, and takes numerics through
floats. Its row appears where it is installed.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_postgresql.dbapi
import psycopg
import pyarrow.parquet as pq
import sqlalchemy as sa

from opslayer.config import Firm, SqlSource
from opslayer.sources import raw_tables
from opslayer.sources.parquet import Parts, workbench
from opslayer.sources.sql import SqlReader
from tests.conftest import postgres_cluster
from tests.landing import firm_with, landed

REPEATS = 3
TABLE = """
create table invoice as select
    g::bigint as id, 'INV-' || g as number, g % 5000 as party_id,
    date '2020-01-01' + (g % 1000)::int as issued_on, date '2020-02-01' + (g % 1000)::int as due_on,
    'EUR' as currency, (g / 7.0)::numeric(18, 2) as subtotal, (g / 35.0)::numeric(18, 2) as tax,
    (g / 5.8)::numeric(18, 2) as total, 'paid' as status, g % 50 = 0 as is_disputed,
    md5(g::text) as reference, 'a line of text about ' || g as description,
    timestamptz '2026-01-01' + g * interval '1 second' as updated_at
from generate_series(1, {rows}) g
"""


def main(millions: float = 1.0) -> list[dict[str, Any]]:
    """Seconds are medians of three; ratio is ours / the rival."""
    rows = int(millions * 1e6)
    with postgres_cluster() as url, temporary() as folder:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(TABLE.format(rows=rows))
            connection.execute("analyze invoice")
        firm = firm_with(folder, f'kind = "sql"\nurl = "{url}"\n')

        def ours() -> None:
            landed(firm, full=True)
            assert raw_tables(firm)[0].rows == rows

        ours_s = seconds(ours)
        rivals: dict[str, Callable[[], None]] = {
            "bare ADBC to Parquet": lambda: bare_adbc(url, folder / "bare.parquet"),
            "SQLAlchemy rows to Parquet": lambda: by_rows(firm, url, folder),
        }
        if importlib.util.find_spec("connectorx"):
            rivals["connectorx to Parquet"] = lambda: by_connectorx(url, folder / "cx.parquet")
        return [
            {
                "name": "land",
                "scale": f"{millions:g} M x 14",
                "ours_s": ours_s,
                "rival": rival,
                "rival_s": (rival_s := seconds(run)),
                "ratio": ours_s / rival_s,
            }
            for rival, run in rivals.items()
        ]


def bare_adbc(url: str, path: Path) -> None:
    """The least that can be done: numerics as the driver gives them, no load id, nothing made durable."""
    with (
        adbc_driver_postgresql.dbapi.connect(url.replace("+psycopg", "")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select * from invoice")
        reader = cursor.fetch_record_batch()
        with pq.ParquetWriter(path, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


def by_rows(firm: Firm, url: str, folder: Path) -> None:
    """Our own path for databases other than PostgreSQL."""
    source = SqlSource(kind="sql", mapping="books", url=url)
    with SqlReader(source, folder) as reader, workbench(firm) as connection:
        reader.connection = reader.engine.connect()
        parts = Parts(connection, folder, "rows")
        reader._read_rows("invoice", reader._columns("invoice"), None, None, parts)
        reader.connection.close()


def by_connectorx(url: str, path: Path) -> None:
    import connectorx

    plain = sa.make_url(url)
    target = f"postgresql://{plain.username}@{quote(str(plain.query['host']), safe='')}/{plain.database}"
    table = connectorx.read_sql(target, "select * from invoice", return_type="arrow")
    pq.write_table(table, path)


def seconds(run: Callable[[], None]) -> float:
    took = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


@contextmanager
def temporary() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="opslayer-land-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)

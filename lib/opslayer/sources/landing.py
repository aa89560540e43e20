"""Land: each source is read whole into files nobody sees, then its tables are made visible together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Literal

import duckdb
from filelock import FileLock, Timeout

from opslayer.config import (
    AttachmentsSource,
    DocumentsSource,
    FilesSource,
    Firm,
    MailboxSource,
    RestSource,
    Settings,
    Source,
    SqlSource,
)
from opslayer.errors import ConfigurationError, RefreshInProgress, SourceError, nearest, unknown
from opslayer.sources.documents import DocumentsReader, Folder, kept, open_attachments
from opslayer.sources.drift import DriftPolicy
from opslayer.sources.failures import naming
from opslayer.sources.files import FilesReader
from opslayer.sources.mailbox import open_mailbox
from opslayer.sources.manifest import read_manifest, sweep
from opslayer.sources.mapping import MappedTable, load_mapping
from opslayer.sources.parquet import workbench
from opslayer.sources.reader import Reader
from opslayer.sources.rest import RestReader
from opslayer.sources.sql import SqlReader
from opslayer.sources.table import Landed, Task, fingerprint, publish, stage

PlannedMode = Literal["replace", "append", "unchanged"]
_SOURCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
Policies = Mapping[tuple[str, str], DriftPolicy]


class PlannedTable(Settings):
    """What a landing would do to one table: replace it, append to it, or leave it."""

    source: str
    table: str
    kind: str
    mode: PlannedMode
    cursor: str | None


def land(
    firm: Firm,
    *,
    as_of: date,
    moment: datetime,
    only: str | None = None,
    full: bool = False,
    policies: Policies | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Landed]:
    """Pull what is new from every source (or `only` one) into `var/raw`; one Landed a table.

    `full` reads tables whole that would be read from their cursor on, which finds rows deleted at the source.
    `policies` say by (mapping, table) what happens when columns change; without one, they evolve.
    Raises SourceError (SourceUnavailable, UnreadableSource, SchemaDrift) naming source, table and cause: that
    source's last landing then stands whole, as do those of the others. Raises RefreshInProgress while
    another process lands.
    """
    say = progress or (lambda _: None)
    landed: list[Landed] = []
    with _alone(firm), workbench(firm) as connection:
        for name, source in _chosen(firm, only).items():
            with naming(name, section=f"sources.{name}"), opened(firm, source) as reader:
                tasks = [
                    Task(
                        source=name,
                        mapping=source.mapping,
                        table=table,
                        spec=spec,
                        folder=firm.var / "raw" / name / table,
                        policy=policy,
                        full=full,
                        as_of=as_of,
                        moment=moment,
                    )
                    for table, spec, policy in _tables(firm, source, reader, policies)
                ]
                landed += _land_source(reader, tasks, connection, say)
    return landed


def plan_land(
    firm: Firm, *, only: str | None = None, full: bool = False, policies: Policies | None = None
) -> list[PlannedTable]:
    """What `land` would do now, table by table; changes nothing. Raises SourceUnavailable as `land` does."""
    planned: list[PlannedTable] = []
    for name, source in _chosen(firm, only).items():
        with naming(name, section=f"sources.{name}"), opened(firm, source) as reader:
            for table, spec, policy in _tables(firm, source, reader, policies):
                before = None if full else read_manifest(firm.var / "raw" / name / table)
                cursor = before.cursor if before and reader.incremental(table, spec) else None
                stamp = fingerprint(reader, table, spec, policy)
                same = bool(before and stamp and before.source_stamp == stamp)
                mode: PlannedMode = "unchanged" if same else "append" if cursor else "replace"
                planned.append(
                    PlannedTable(source=name, table=table, kind=source.kind, mode=mode, cursor=cursor)
                )
    return planned


@contextmanager
def opened(firm: Firm, source: Source) -> Iterator[Reader]:
    """The source, open for reading."""
    match source:
        case FilesSource():
            yield FilesReader(source, firm.directory)
        case MailboxSource():
            with open_mailbox(source, firm.directory) as mailbox:
                yield mailbox
        case DocumentsSource():
            yield DocumentsReader(Folder((firm.directory / source.path.expanduser()).resolve()), kept(firm))
        case AttachmentsSource():
            with open_attachments(source, firm.directory) as attachments:
                yield DocumentsReader(attachments, kept(firm))
        case RestSource():
            yield RestReader(source)
        case SqlSource():
            with SqlReader(source, firm.directory) as reader:
                yield reader


def _land_source(
    reader: Reader, tasks: list[Task], connection: duckdb.DuckDBPyConnection, say: Callable[[str], None]
) -> list[Landed]:
    """All tables of a source, or none: they are read first, and made visible when all are there."""
    try:
        staged = []
        for task in tasks:
            say(f"{task.source}.{task.table}")
            with naming(task.table):
                staged.append(stage(task, reader, connection))
        published = []
        for one in staged:
            with naming(one.landed.table):
                published.append(publish(one))
        return published
    except BaseException:
        for task in tasks:  # a full disk is not left full
            with suppress(SourceError, OSError):
                sweep(task.folder, read_manifest(task.folder))
        raise


def _tables(
    firm: Firm, source: Source, reader: Reader, policies: Policies | None
) -> list[tuple[str, MappedTable, DriftPolicy]]:
    """The mapping's tables that are to be landed: all but optional ones that the source does not have."""
    tables = load_mapping(firm, source.mapping).tables
    for table in source.optional:
        if table not in tables:
            raise ConfigurationError(
                f"firm.toml\n  at key: optional\n    expected tables of the mapping {source.mapping}; "
                f'got "{table}"',
                mend=f'did you mean "{near}"?' if (near := nearest(table, tables)) else None,
            )
    return [
        (table, spec, (policies or {}).get((source.mapping, table), DriftPolicy()))
        for table, spec in tables.items()
        if not (spec.optional or table in source.optional) or reader.present(table)
    ]


def _chosen(firm: Firm, only: str | None) -> dict[str, Source]:
    for name in firm.sources:
        if not _SOURCE.fullmatch(name) or name == "intelligence":
            raise ConfigurationError(
                f"firm.toml\n  at sources.{name}\n    expected a name of letters, digits, - and _ "
                '(but not "intelligence", which holds predictions)'
            )
    if only is None:
        return dict(firm.sources)
    if only not in firm.sources:
        raise unknown("source", only, firm.sources)
    return {only: firm.sources[only]}


@contextmanager
def _alone(firm: Firm) -> Iterator[None]:
    """One landing at a time; the lock is freed when its process dies."""
    folder = firm.var / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".land.lock", timeout=0):
            yield
    except Timeout:
        raise RefreshInProgress(
            "another process is landing into this firm's var/raw", mend="wait for it to end, then land again"
        ) from None

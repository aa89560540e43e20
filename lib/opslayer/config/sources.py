"""Where a firm's records come from: `[sources.NAME]`, one model a kind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from opslayer.config.mailbox import Mailbox
from opslayer.config.settings import Settings


class FilesSource(Settings):
    """Exports in a folder: CSV, Parquet, JSON or Excel."""

    kind: Literal["files"]
    mapping: str = Field(description="the mapping that takes these tables to staging")
    path: Path = Field(description="folder of the exports, relative to firm.toml")
    pattern: str = Field("{table}.*", description="file name or glob of a table; {table} is its name")
    encoding: str = Field("utf-8", description="of text files; cp1252 is common in old exports")
    delimiter: str = ","
    optional: tuple[str, ...] = Field((), description="tables of the mapping this firm does not have")


class SqlSource(Settings):
    """A database, by SQLAlchemy URL."""

    kind: Literal["sql"]
    mapping: str
    url: str = Field(description='"env:NAME" or "keyring:service/name", or a URL that holds no password')
    db_schema: str | None = Field(None, description="the database schema that holds the tables")
    lag: int = Field(60, ge=0, description="seconds the cursor reaches back, for rows committed late")
    optional: tuple[str, ...] = ()


class RestEndpoint(Settings):
    """One table behind a REST API, in dlt's declarative words."""

    path: str
    data_selector: str | None = None
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)
    cursor_param: str | None = Field(None, description="query parameter that takes the cursor")


class RestSource(Settings):
    """A REST API, described rather than programmed."""

    kind: Literal["rest"]
    mapping: str
    base_url: str
    auth: dict[str, str] = Field(
        default_factory=dict, description='dlt auth, e.g. {type="bearer", token="env:TOKEN"}'
    )
    paginator: dict[str, str | int | bool] | None = None
    endpoints: dict[str, RestEndpoint]
    lag: int = Field(60, ge=0)
    optional: tuple[str, ...] = ()


class MailboxSource(Mailbox):
    """A mailbox: a maildir on this machine (`path`), or a folder on an IMAP server (`host`)."""

    kind: Literal["mailbox"]
    mapping: str = "mailbox"
    optional: tuple[str, ...] = ()


class DocumentsSource(Settings):
    """A folder that documents are put into: PDF, PNG, JPEG, TIFF, text; the folders in it too."""

    kind: Literal["documents"]
    mapping: str = "documents"
    path: Path = Field(description="the folder, relative to firm.toml")
    optional: tuple[str, ...] = ()


class AttachmentsSource(Mailbox):
    """What is attached to mail in a maildir (`path`), or in a folder on an IMAP server (`host`)."""

    kind: Literal["attachments"]
    mapping: str = "documents"
    optional: tuple[str, ...] = ()


Source = Annotated[
    FilesSource | SqlSource | RestSource | MailboxSource | DocumentsSource | AttachmentsSource,
    Field(discriminator="kind"),
]

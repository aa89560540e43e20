"""Where the world comes in: the clock, the firm's directory, the terminal."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from opslayer.config import Firm, load_firm
from opslayer.errors import OpslayerError, UsageError
from opslayer.store import Store, open_store

output = Console(emoji=False)  # a key like "x:ledger:C1" has no picture in it
notices = Console(stderr=True, emoji=False)

Number = Annotated[int, typer.Argument(help="Its number in `opslayer actions list`.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="The business day to work for; today in the firm's time zone where it is not given.",
    ),
]

_start: list[Path | None] = [None]


def choose_firm(directory: Path | None) -> None:
    """Remember the --firm option for the command that follows it."""
    _start[0] = directory


def firm() -> Firm:
    return load_firm(_start[0])


@contextmanager
def records() -> Iterator[tuple[Firm, Store]]:
    """The firm and its store, open."""
    chosen = firm()
    with open_store(chosen) as store:
        yield chosen, store


def now() -> datetime:
    """The moment of this command, the only clock anything below is given."""
    return datetime.now(UTC)


def business_day(settings: Firm, as_of: datetime | None) -> date:
    return as_of.date() if as_of else now().astimezone(settings.zone).date()


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A function to call with each step; a spinner shows the last one on a terminal."""
    if quiet or not notices.is_terminal:
        yield lambda _: None
        return
    with notices.status("starting") as status:

        def report(step: str) -> None:
            status.update(step)
            notices.print(f"[dim]{step}[/dim]", highlight=False)

        yield report


def read_text(path: Path) -> str:
    """A file's text. Raises UsageError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text: {error}") from error


def show_json(value: Any) -> None:
    json.dump(value, sys.stdout, default=_plain, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "to_dicts"):
        return value.to_dicts()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return str(value)


NUMBERS = (int, float, Decimal)


def show_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "none"
) -> None:
    """A table, or one line that says there is nothing; columns whose every value is a number align right, and
    have two decimals where they hold fractions or amounts."""
    listed = [list(row) for row in rows]
    if not listed:
        output.print(f"[bold]{title}[/bold]: {empty}", highlight=False)
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], NUMBERS) for row in listed)
        table.add_column(column, justify="right" if numeric else "left", header_style="dim", overflow="fold")
    for row in listed:
        table.add_row(*(_written(cell) for cell in row))
    output.print(table)


def _written(cell: object) -> str:
    match cell:
        case None:
            return ""
        case float() | Decimal():
            return f"{cell:,.2f}"
        case int():
            return f"{cell:,}"
        case _:
            return str(cell)


def parameters(pairs: Iterable[str]) -> dict[str, str]:
    """`-p key=value` options as a mapping. Raises UsageError for one without "="."""
    values = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f'a parameter is key=value; got "{pair}"')
        values[key] = value
    return values


def fail(error: OpslayerError) -> int:
    """Show an error the way a person can act on; its exit code."""
    notices.print(f"[red]error:[/red] {_escape(error.message)}", highlight=False, soft_wrap=True)
    if error.mend:
        notices.print(f"[green] mend:[/green] {_escape(error.mend)}", highlight=False, soft_wrap=True)
    return error.exit_code


def _escape(text: str) -> str:
    return text.replace("[", "\\[")

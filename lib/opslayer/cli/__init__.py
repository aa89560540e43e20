"""`opslayer ...`: a face with no logic of its own.

Exit codes: 0 fine, 1 failed, 2 usage or configuration, 3 a blocking contract is red, 4 held by a guardrail.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from opslayer.cli import actions, alerts, channels, data, edge, events, metrics, models, pages, rules, work
from opslayer.errors import OpslayerError

app = typer.Typer(
    name="opslayer",
    help=(
        "An operating layer for service firms: joins the systems a firm has, proves the data right, works "
        "out what will happen and what to do, and does it inside guardrails.\n\n"
        "Exit codes: 0 fine, 1 failed, 2 usage, 3 a blocking contract is red, 4 held by a guardrail."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def choose(
    directory: Annotated[
        Path | None,
        typer.Option(
            "--firm", envvar="OPSLAYER_FIRM", help="Directory of firm.toml; else found upwards from here."
        ),
    ] = None,
) -> None:
    edge.choose_firm(directory)


DATA, WORK = "Data", "Work"
app.command(rich_help_panel="Start")(data.init)
app.command(rich_help_panel="Start")(data.demo)
app.command(rich_help_panel="Start")(work.doctor)
app.command(rich_help_panel="Start")(work.up)
DATA_COMMANDS: tuple[Callable[..., None], ...] = (
    data.refresh,
    data.land,
    data.build,
    data.audit,
    data.publish,
    data.versions,
    data.rollback,
    data.quarantine,
)
for command in DATA_COMMANDS:
    app.command(rich_help_panel=DATA)(command)
WORK_COMMANDS: tuple[Callable[..., None], ...] = (
    work.run,
    work.status,
    work.lab,
    work.promote,
    work.notify,
    work.links,
)
for command in WORK_COMMANDS:
    app.command(rich_help_panel=WORK)(command)

GROUPS: tuple[tuple[str, str, Mapping[str, Callable[..., None]], str], ...] = (
    ("contracts", "What the data must be.", {"check": data.check_contracts}, DATA),
    ("metrics", "What is measured, and the rows behind each number.", metrics.COMMANDS, DATA),
    ("models", "Who answers what is asked of models, and how right it was.", models.COMMANDS, DATA),
    ("pages", "What the pages show, and the way from it to its rows.", pages.COMMANDS, DATA),
    ("actions", "What is proposed, and who decided.", actions.COMMANDS, WORK),
    ("alerts", "What is out of range, since when, and who has taken it on.", alerts.COMMANDS, WORK),
    ("channels", "The ways that what was approved leaves by.", channels.COMMANDS, WORK),
    ("rules", "When something is proposed, to whom, and who must say yes.", rules.COMMANDS, WORK),
    ("events", "What happened, for rules that wait for it.", events.COMMANDS, WORK),
)
for group, told, commands, panel in GROUPS:
    shown = typer.Typer(no_args_is_help=True, help=told)
    for name, one in commands.items():
        shown.command(name)(one)
    app.add_typer(shown, name=group, rich_help_panel=panel)


def _silence() -> None:
    """DuckDB names objects that SQLAlchemy still holds at the end: harmless, and of no concern."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def main() -> None:
    """Run a command; an error a person can mend ends in its message and exit code, not a traceback."""
    atexit.register(_silence)
    try:
        app()
    except OpslayerError as error:
        sys.exit(edge.fail(error))
    except KeyboardInterrupt:
        sys.exit(130)

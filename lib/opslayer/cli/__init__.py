"""`opslayer ...`: a face with no logic of its own.

Exit codes: 0 fine, 1 failed, 2 usage or configuration, 3 a blocking contract is red, 4 held by a guardrail.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from opslayer.cli import actions as action_commands
from opslayer.cli import channels as channel_commands
from opslayer.cli import data, edge, work
from opslayer.cli import events as event_commands
from opslayer.cli import metrics as metric_commands
from opslayer.cli import models as model_commands
from opslayer.cli import pages as page_commands
from opslayer.cli import rules as rule_commands
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
WORK_COMMANDS: tuple[Callable[..., None], ...] = (work.run, work.status, work.notify, work.links)
for command in WORK_COMMANDS:
    app.command(rich_help_panel=WORK)(command)

contracts = typer.Typer(no_args_is_help=True, help="What the data must be.")
contracts.command("check")(data.check_contracts)
app.add_typer(contracts, name="contracts", rich_help_panel=DATA)

metrics = typer.Typer(no_args_is_help=True, help="What is measured, and the rows behind each number.")
for name, command in metric_commands.COMMANDS.items():
    metrics.command(name)(command)
app.add_typer(metrics, name="metrics", rich_help_panel=DATA)

models = typer.Typer(no_args_is_help=True, help="Who answers what is asked of models, and how right it was.")
for name, command in model_commands.COMMANDS.items():
    models.command(name)(command)
app.add_typer(models, name="models", rich_help_panel=DATA)

pages = typer.Typer(no_args_is_help=True, help="What the pages show, and the way from it to its rows.")
for name, command in page_commands.COMMANDS.items():
    pages.command(name)(command)
app.add_typer(pages, name="pages", rich_help_panel=DATA)

actions = typer.Typer(no_args_is_help=True, help="What is proposed, and who decided.")
for name, command in action_commands.COMMANDS.items():
    actions.command(name)(command)
app.add_typer(actions, name="actions", rich_help_panel=WORK)

channels = typer.Typer(no_args_is_help=True, help="The ways that what was approved leaves by.")
for name, command in channel_commands.COMMANDS.items():
    channels.command(name)(command)
app.add_typer(channels, name="channels", rich_help_panel=WORK)

rules = typer.Typer(no_args_is_help=True, help="When something is proposed, to whom, and who must say yes.")
for name, command in rule_commands.COMMANDS.items():
    rules.command(name)(command)
app.add_typer(rules, name="rules", rich_help_panel=WORK)

events = typer.Typer(no_args_is_help=True, help="What happened, for rules that wait for it.")
for name, command in event_commands.COMMANDS.items():
    events.command(name)(command)
app.add_typer(events, name="events", rich_help_panel=WORK)


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

"""Commands over the channels: which there are, and whether they would let us in now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json
from opslayer.errors import OpslayerError

Name = Annotated[str | None, typer.Argument(help="mail, or its name under \\[channels]; all without it.")]


def check(name: Name = None, json: Json = False) -> None:
    """Connect to each channel and authenticate, for real, and write nothing; exit code 1 where one fails.

    [dim]Examples:[/dim]
      opslayer channels check
      opslayer channels check mail --json
    """
    from opslayer.actions.channels import configured

    found: list[tuple[str, bool, str]] = []
    firm = edge.firm()
    for one in configured.choose_channels(firm, name):
        try:
            found.append((one, True, configured.open_channel(firm, one).check()))
        except OpslayerError as error:
            found.append((one, False, error.message))
    if json:
        edge.show_json([{"channel": one, "works": works, "said": said} for one, works, said in found])
    else:
        edge.show_table(
            f"{len(found)} channels",
            ("channel", "", "what it said"),
            ((one, "works" if works else "fails", said) for one, works, said in found),
            empty="none; [mail] or [channels.NAME] in firm.toml makes one",
        )
    if not all(works for _, works, _ in found):
        raise typer.Exit(1)


COMMANDS: dict[str, Callable[..., None]] = {"check": check}

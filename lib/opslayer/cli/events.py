"""Commands over events: tell of one, see what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json


def emit(
    name: Annotated[str, typer.Argument(help="What happened: a name under \\[events] in firm.toml.")],
    subject: Annotated[str, typer.Option(help="About whom: a key as the rule's query gives it.")],
    key: Annotated[str, typer.Option(help="Its own key: the same event told twice is one.")],
    json: Json = False,
) -> None:
    """Tell that something happened; the next dispatch or refresh asks the rules that wait for it.

    [dim]Example:[/dim]
      opslayer events emit order_signed --subject crm:4711 --key signature-90210
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        told = actions.emit_event(firm, store, name, subject=subject, key=key, moment=edge.now())
    if json:
        edge.show_json(told)
        return
    known = "" if told.is_new else "; it was told of before"
    edge.output.print(f"event {told.id}: {told.name} about {told.subject}{known}", highlight=False)


def show_list(json: Json = False) -> None:
    """List the last events, newest first, and how many proposals came of each.

    [dim]Example:[/dim]
      opslayer events list
    """
    from opslayer import actions

    with edge.records() as (_, store):
        found = actions.list_events(store)
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} events",
        ("number", "event", "about", "key", "at", "proposed"),
        ((e.id, e.name, e.subject, e.key, f"{e.happened_at:%Y-%m-%d %H:%M}", e.proposed) for e in found),
        empty="none",
    )


COMMANDS: dict[str, Callable[..., None]] = {"emit": emit, "list": show_list}

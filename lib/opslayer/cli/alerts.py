"""Commands over alerts: what is out of range, who has taken it on, what became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json

if TYPE_CHECKING:
    from opslayer.alerts import Alert
    from opslayer.config import Firm

Key = Annotated[str, typer.Argument(help="Its name in `opslayer alerts list`, or its number.")]
By = Annotated[str, typer.Option("--by", help="Who: an e-mail address under \\[\\[people]] in firm.toml.")]
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]


def show_list(
    state: Annotated[str | None, typer.Option(help="Only those in this state, e.g. firing.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Those in their range too.")] = False,
    json: Json = False,
) -> None:
    """List the alerts that are not at rest: since when, the value against its limits, who has taken them on.

    [dim]Examples:[/dim]
      opslayer alerts list
      opslayer alerts list --state firing --json
    """
    from opslayer import alerts

    with edge.records() as (firm, store):
        found = [
            one
            for one in alerts.list_alerts(store)
            if (one.state == state if state else every or one.state not in alerts.AT_REST)
        ]
    if json:
        edge.show_json(found)
        return
    _show(firm, found, f"{len(found)} alerts")


def acknowledge(
    key: Key,
    by: By,
    comment: Annotated[str, typer.Option(help="What is done about it; kept in its history.")] = "",
    json: Json = False,
) -> None:
    """Take an alert on: nobody is told of it again until it is over.

    [dim]Example:[/dim]
      opslayer alerts ack over_90 --by tomas@example.com --comment "I call them today"
    """
    from opslayer import alerts

    with edge.records() as (firm, store):
        one = alerts.acknowledge(firm, store, key, person=by, comment=comment, moment=edge.now())
    _answer(one, json, f"{one.key} is {one.state}, by {one.acknowledged_by}")


def silence(
    key: Key,
    until: Annotated[
        datetime,
        typer.Option(formats=FORMATS, metavar="TIME", help="Until when, in the firm's time zone."),
    ],
    why: Annotated[str, typer.Option(help="Why; whoever looks next has to know.")],
    by: By,
    json: Json = False,
) -> None:
    """Keep an alert quiet until a moment, whatever is measured.

    [dim]Example:[/dim]
      opslayer alerts silence dso --until 2026-12-01 --why "year-end bills" --by tomas@example.com
    """
    from opslayer import alerts

    with edge.records() as (firm, store):
        end = until.replace(tzinfo=firm.zone)
        one = alerts.silence(firm, store, key, until=end, person=by, why=why, moment=edge.now())
    _answer(one, json, f"{one.key} is {one.state} until {end:%Y-%m-%d %H:%M}")


def lift(key: Key, by: By, json: Json = False) -> None:
    """End a silence before its time.

    [dim]Example:[/dim]
      opslayer alerts lift dso --by tomas@example.com
    """
    from opslayer import alerts

    with edge.records() as (firm, store):
        one = alerts.lift(firm, store, key, person=by, moment=edge.now())
    _answer(one, json, f"{one.key} is {one.state}")


def history(
    key: Annotated[str | None, typer.Argument(help="One alert's; all without it.")] = None,
    json: Json = False,
) -> None:
    """What became of alerts: each move with its value, who made it and why, last first.

    [dim]Examples:[/dim]
      opslayer alerts history
      opslayer alerts history over_90 --json
    """
    from opslayer import alerts

    with edge.records() as (_, store):
        moves = alerts.changes(store, key)
    if json:
        edge.show_json({"changes": moves, "episodes": alerts.episodes(moves)})
        return
    edge.show_table(
        f"{moves.height} moves",
        ("when", "alert", "from", "to", "value", "who", "why"),
        (
            (
                f"{row['moment']:%Y-%m-%d %H:%M}",
                ":".join(filter(None, (row["definition"], row["entity"]))),
                row["before"],
                row["after"],
                row["value"],
                row["person"],
                row["why"],
            )
            for row in moves.reverse().iter_rows(named=True)
        ),
        empty="none yet",
    )
    hours = alerts.median_hours(alerts.episodes(moves))
    if hours is not None:
        edge.output.print(f"acknowledged after {hours:,.1f} hours, by the median", highlight=False)


def evaluate(json: Json = False) -> None:
    """Measure every alert on the current snapshot; the same snapshot again changes nothing.

    [dim]Example:[/dim]
      opslayer alerts evaluate
    """
    from opslayer import alerts, warehouse

    with edge.records() as (firm, store), warehouse.open_layer(firm) as layer:
        standing = alerts.evaluate(firm, layer, store, moment=edge.now())
    if json:
        edge.show_json(standing)
        return
    found = [one for one in standing if one.state not in alerts.AT_REST]
    _show(firm, found, f"{len(found)} of {len(standing)} alerts are not at rest")


def _show(firm: Firm, found: list[Alert], title: str) -> None:
    from opslayer import alerts, metrics

    known = {metric.name: metric for metric in metrics.load_metrics(firm)}
    definitions = alerts.load_definitions(firm, known.values())

    def value(one: Alert) -> str:
        definition = definitions.get(one.definition)
        unit = alerts.unit_of(definition, known) if definition else "count"
        return metrics.written(one.value, unit, firm.base_currency)

    edge.show_table(
        title,
        ("number", "alert", "about", "state", "since", "value", "who", "why"),
        (
            (
                one.number,
                one.key,
                one.name,
                one.state,
                f"{one.since:%Y-%m-%d %H:%M}",
                value(one),
                one.silenced_by or one.acknowledged_by,
                one.silenced_why or one.comment or one.message,
            )
            for one in found
        ),
        empty="none",
    )


def _answer(one: Alert, json: bool, words: str) -> None:
    edge.show_json(one) if json else edge.output.print(words, highlight=False)


COMMANDS: dict[str, Callable[..., None]] = {
    "list": show_list,
    "ack": acknowledge,
    "silence": silence,
    "lift": lift,
    "history": history,
    "evaluate": evaluate,
}

"""How a firm stands, in one look: what `opslayer status` shows."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Any

from opslayer.cli import edge
from opslayer.config import Firm
from opslayer.warehouse import Version, current, open_layer

LAST_RUNS = 7  # a morning's


@dataclass(frozen=True)
class Standing:
    """Snapshot, contracts, alerts, proposals and last runs; counts by state."""

    firm: str
    snapshot: Version | None
    quarantined: int
    alerts: dict[str, str]
    proposals: dict[str, int]
    stops: list[str]
    runs: list[dict[str, str]]


def read_standing(firm: Firm) -> Standing:
    from opslayer.actions import list_proposals, list_stops
    from opslayer.alerts import list_alerts
    from opslayer.runner import last_runs
    from opslayer.store import open_store

    snapshot = current(firm)
    quarantined = 0
    if snapshot is not None:
        with open_layer(firm) as layer:
            quarantined = rows_of(layer.query("quarantine_rows").to_dicts())
    with open_store(firm) as store:
        return Standing(
            firm=firm.name,
            snapshot=snapshot,
            quarantined=quarantined,
            alerts={alert.key: alert.state for alert in list_alerts(store)},
            proposals=dict(Counter(proposal.state for proposal in list_proposals(store))),
            stops=[f"{stop.rule}, by {stop.person}: {stop.reason}" for stop in list_stops(store)],
            runs=[
                {
                    "notebook": run.notebook,
                    "state": run.state,
                    "as_of": str(run.as_of),
                    "executed": run.output or "",
                    "page": run.page or "",
                }
                for run in last_runs(store, LAST_RUNS)
            ],
        )


def rows_of(quarantine: Iterable[Mapping[str, Any]]) -> int:
    """Rows in quarantine; one that broke several rules counts once."""
    return len({(row["table_name"], row["source"], row["source_key"]) for row in quarantine})


def show_standing(standing: Standing) -> None:
    snapshot = standing.snapshot
    edge.output.rule(f"[bold]{standing.firm}[/bold]", align="left")
    if snapshot is None:
        edge.output.print("no snapshot yet: `opslayer refresh` publishes the first", highlight=False)
    else:
        edge.output.print(
            f"snapshot   {snapshot.name}, published {snapshot.published_at:%Y-%m-%d %H:%M} UTC\n"
            f"contracts  {snapshot.contracts_green:,} rules green, {snapshot.contracts_red} red, "
            f"{standing.quarantined:,} rows in quarantine",
            highlight=False,
        )
        edge.show_table("Rows", ("entity", "rows"), snapshot.rows.items())
    firing = sorted(metric for metric, state in standing.alerts.items() if state == "firing")
    said = f"alerts     {len(firing)} firing{': ' if firing else ''}{', '.join(firing)}"
    edge.output.print(fill(said, edge.output.width, subsequent_indent=" " * 11), highlight=False)
    waiting = standing.proposals.get("proposed", 0)
    states = ", ".join(f"{count} {state}" for state, count in sorted(standing.proposals.items()))
    edge.output.print(f"proposals  {waiting} waiting ({states or 'none yet'})", highlight=False)
    for stop in standing.stops:
        edge.output.print(f"[red]stopped[/red]    {stop}", highlight=False)
    edge.output.print("\n[bold]Last runs[/bold]" + ("" if standing.runs else ": none yet"))
    for run in standing.runs:
        mark = "green" if run["state"] == "succeeded" else "red"
        edge.output.print(
            f"[{mark}]{run['state']:<10}[/{mark}] {run['notebook']:<24} {run['as_of']}  {_near(run['page'])}",
            highlight=False,
            soft_wrap=True,
        )


def _near(path: str) -> str:
    """A path as it is typed from here, where that is shorter."""
    relative = os.path.relpath(path) if path else ""
    return min(relative, path, key=len)

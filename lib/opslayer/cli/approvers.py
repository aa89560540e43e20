"""The command over how people decide."""

from __future__ import annotations

from opslayer.cli import edge
from opslayer.cli.edge import Json


def show_approvers(json: Json = False) -> None:
    """Show how people decide: how many, how fast, how often they say no, and who never does.

    [dim]Example:[/dim]
      opslayer actions approvers
    """
    from opslayer import actions
    from opslayer.store import open_store

    firm = edge.firm()
    with open_store(firm) as store:
        found = actions.approvers(firm, store).to_dicts()
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} people have decided",
        (
            "person",
            "decisions",
            "rejected",
            "hours, median",
            "within 5 s",
            "tests missed",
            "",
        ),
        (
            (
                one["name"],
                one["decided"],
                one["rejected"],
                one["median_hours"],
                f"{one['share_quick'] or 0:.0%}",
                f"{one['probes_missed']} of {one['probes']}" if one["probes"] else "",
                "approves everything" if one["approves_everything"] else "",
            )
            for one in found
        ),
        empty="nobody has decided anything yet",
    )

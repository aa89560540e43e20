"""Commands over the metrics: what is measured, and the way from each number to its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json
from opslayer.errors import unknown

if TYPE_CHECKING:
    from opslayer.metrics import Proof

Name = Annotated[str | None, typer.Argument(help="Its name in `opslayer metrics list`; all without it.")]
OfVersion = Annotated[str | None, typer.Option("--version", help="A published version; the current without.")]


def show_list(json: Json = False) -> None:
    """List every metric as it stands on the current snapshot.

    [dim]Example:[/dim]
      opslayer metrics list
    """
    from opslayer import metrics, warehouse

    firm = edge.firm()
    with warehouse.open_layer(firm) as layer:
        found = metrics.measure(layer, metrics.load_metrics(firm))
    if json:
        edge.show_json([{"metric": one.metric.name, "value": one.value, "as_of": one.as_of} for one in found])
        return
    edge.show_table(
        f"{len(found)} metrics as of {layer.as_of}",
        ("metric", "what", "value", "owner"),
        (
            (
                one.metric.name,
                one.metric.title,
                metrics.written(one.value, one.metric.unit, firm.base_currency),
                one.metric.owner,
            )
            for one in found
        ),
        empty="none",
    )


def prove(name: Name = None, version: OfVersion = None, json: Json = False) -> None:
    """Compute each number again from its rows; exit code 1 where the two ways do not meet.

    It says the queries, the snapshot, how many rows, and what the contracts say of the tables behind it.

    [dim]Examples:[/dim]
      opslayer metrics prove
      opslayer metrics prove dso --json
    """
    from opslayer import metrics, warehouse

    firm = edge.firm()
    known = {metric.name: metric for metric in metrics.load_metrics(firm)}
    if name is not None and name not in known:
        raise unknown("metric", name, known)
    with warehouse.open_layer(firm, version) as layer:
        found = [metrics.prove(layer, one) for one in known.values() if name in (None, one.name)]
    if json:
        edge.show_json([_record(proof) for proof in found])
    else:
        edge.show_table(
            f"{len(found)} metrics, snapshot {layer.version.name}",
            ("metric", "value", "of its rows", "rows", "contracts", ""),
            (
                (
                    proof.value.metric.name,
                    *(
                        metrics.written(value, proof.value.metric.unit, firm.base_currency)
                        for value in (proof.value.value, proof.recomputed)
                    ),
                    proof.rows,
                    f"{proof.contracts.height - proof.red} hold, {proof.red} do not",
                    proof.failure or proof.value.failure or ("proved" if proof.holds else "they differ"),
                )
                for proof in found
            ),
            empty="none",
        )
    if not all(proof.holds for proof in found):
        raise typer.Exit(1)


def _record(proof: Proof) -> dict[str, object]:
    metric = proof.value.metric
    return {
        "metric": metric.name,
        "value": proof.value.value,
        "recomputed": proof.recomputed,
        "holds": proof.holds,
        "failure": proof.failure or proof.value.failure,
        "snapshot": proof.snapshot,
        "as_of": proof.value.as_of,
        "query": metric.query,
        "rows_query": metric.rows,
        "of_rows": metric.of_rows,
        "rows": proof.rows,
        "tables": proof.tables,
        "contracts": proof.contracts.to_dicts(),
    }


COMMANDS: dict[str, Callable[..., None]] = {"list": show_list, "prove": prove}

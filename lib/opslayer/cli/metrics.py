"""Commands over the metrics: what is measured, and the way from each number to its rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json
from opslayer.errors import OpslayerError, unknown

if TYPE_CHECKING:
    from opslayer.metrics import MetricValue, Proof

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
        edge.show_json([_listed(one) for one in found])
        return
    edge.show_table(
        f"{len(found)} metrics as of {layer.as_of}",
        ("metric", "what", "value", "expected", "target", "owner", "by"),
        (
            (
                one.metric.name,
                one.metric.title,
                metrics.written(one.value, one.metric.unit, firm.base_currency),
                metrics.expected_words(one.metric.expected),
                one.metric.target,
                one.metric.owner,
                ", ".join(one.metric.dimensions),
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


def query(
    name: Annotated[str, typer.Argument(help="Its name in `opslayer metrics list`.")],
    by: Annotated[str | None, typer.Option(help="A dimension of it: one row an entity.")] = None,
    version: OfVersion = None,
    json: Json = False,
) -> None:
    """One number, or one for each entity of a dimension, computed from the rows that prove it.

    [dim]Examples:[/dim]
      opslayer metrics query dso
      opslayer metrics query over_90 --by client --json
    """
    from opslayer import metrics, warehouse

    firm = edge.firm()
    known = {metric.name: metric for metric in metrics.load_metrics(firm)}
    if name not in known:
        raise unknown("metric", name, known)
    metric = known[name]
    with warehouse.open_layer(firm, version) as layer:
        if by is None:
            (value,) = metrics.measure(layer, [metric])
            rows: list[dict[str, Any]] = [{"entity": "", "name": metric.title, "value": value.value}]
            if value.failure:
                raise OpslayerError(value.failure)
        else:
            rows = metrics.cut(layer, metric, by).to_dicts()
        as_of = layer.as_of
    if json:
        edge.show_json({"metric": name, "by": by, "unit": metric.unit, "as_of": as_of, "rows": rows})
        return
    edge.show_table(
        f"{metric.title}{f' by {by}' if by else ''}, as of {as_of}",
        ("key", "name", "value"),
        (
            (r["entity"], r["name"], metrics.written(r["value"], metric.unit, firm.base_currency))
            for r in rows
        ),
        empty="no entity has a value",
    )


def check(version: OfVersion = None, json: Json = False) -> None:
    """Whether each metric can be asked, cut as it says, and stands only once; exit code 1 where not.

    [dim]Example:[/dim]
      opslayer metrics check
    """
    from opslayer import metrics, warehouse

    firm = edge.firm()
    known = metrics.load_metrics(firm)
    with warehouse.open_layer(firm, version) as layer:
        faults = metrics.check(layer, known)
    if json:
        edge.show_json(faults)
    else:
        edge.show_table(
            f"{len(faults)} faults in {len(known)} metrics",
            ("metric", "what is wrong"),
            ((one.metric, one.what) for one in faults),
            empty="each can be asked, and stands once",
        )
    if faults:
        raise typer.Exit(1)


def docs(
    to: Annotated[Path | None, typer.Option(help="A file to write; without it the page is printed.")] = None,
) -> None:
    """Write the page that says what each metric means, from its definition.

    [dim]Example:[/dim]
      opslayer metrics docs --to docs/metrics.md
    """
    from opslayer import metrics

    text = metrics.reference(metrics.load_metrics(edge.firm()))
    if to is None:
        sys.stdout.write(text)
    else:
        to.write_text(text, encoding="utf-8")
        edge.output.print(f"wrote {to}", highlight=False)


def _listed(one: MetricValue) -> dict[str, object]:
    metric = one.metric
    return {
        "metric": metric.name,
        "title": metric.title,
        "value": one.value,
        "as_of": one.as_of,
        "unit": metric.unit,
        "grain": metric.grain,
        "owner": metric.owner,
        "better": metric.better,
        "target": metric.target,
        "low": metric.expected.low,
        "high": metric.expected.high,
        "dimensions": list(metric.dimensions),
    }


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


COMMANDS: dict[str, Callable[..., None]] = {
    "list": show_list,
    "query": query,
    "check": check,
    "docs": docs,
    "prove": prove,
}

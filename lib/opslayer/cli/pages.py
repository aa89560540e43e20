"""Commands over the pages: what each shows, and the way from each figure, table and headline to its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json
from opslayer.errors import unknown

if TYPE_CHECKING:
    from opslayer.pages import ShownProof

Name = Annotated[str | None, typer.Argument(help="Its name in `opslayer pages list`; all without it.")]
OfVersion = Annotated[str | None, typer.Option("--version", help="A published version; the current without.")]


def show_list(json: Json = False) -> None:
    """List the pages with what each shows beside its metrics.

    [dim]Example:[/dim]
      opslayer pages list
    """
    from opslayer.pages import PAGES

    if json:
        edge.show_json(
            [
                {"page": page.name, "metrics": page.metrics, "shows": [one.name for one in page.shows]}
                for page in PAGES.values()
            ]
        )
        return
    edge.show_table(
        f"{len(PAGES)} pages",
        ("page", "question", "metrics", "shows"),
        (
            (page.name, page.question, ", ".join(page.metrics), ", ".join(one.name for one in page.shows))
            for page in PAGES.values()
        ),
    )


def prove(page: Name = None, version: OfVersion = None, json: Json = False) -> None:
    """Draw what the pages show again from the snapshot, and reach its numbers by another way; exit code 1
    where they do not meet.

    It says the queries with their rows, the snapshot, what the contracts say of the tables; of predictions
    the model, the run that made them and the snapshot it read. Metrics prove by `opslayer metrics prove`.

    [dim]Examples:[/dim]
      opslayer pages prove
      opslayer pages prove cash --json
    """
    from opslayer import pages, warehouse

    if page is not None and page not in pages.PAGES:
        raise unknown("page", page, pages.PAGES)
    with edge.records() as (firm, store), warehouse.open_layer(firm, version) as layer:
        found = [
            proof
            for one in pages.PAGES.values()
            if page in (None, one.name)
            for proof in pages.prove_page(firm, layer, store, one)
        ]
    if json:
        edge.show_json([_record(proof) for proof in found])
    else:
        edge.show_table(
            f"{len(found)} shown, snapshot {layer.version.name}",
            ("page", "what", "rows", "other ways", "contracts", "models", ""),
            (
                (
                    proof.page,
                    " ".join((proof.name, *(str(value) for value in proof.choices.values()))),
                    proof.rows,
                    len(proof.ways),
                    f"{proof.contracts.height - proof.red} hold, {proof.red} do not",
                    ", ".join(dict.fromkeys(origin.model for origin in proof.origins)),
                    "proved" if proof.holds else proof.why,
                )
                for proof in found
            ),
            empty="nothing",
        )
    if not all(proof.holds for proof in found):
        raise typer.Exit(1)


def _record(proof: ShownProof) -> dict[str, object]:
    return {
        "page": proof.page,
        "shown": proof.name,
        "choices": {name: str(value) for name, value in proof.choices.items()},
        "holds": proof.holds,
        "why": proof.why,
        "snapshot": proof.snapshot,
        "queries": [vars(one) for one in proof.asked],
        "ways": [vars(way) for way in proof.ways],
        "tables": proof.tables,
        "predictions": [vars(origin) for origin in proof.origins],
        "contracts": proof.contracts.to_dicts(),
    }


COMMANDS: dict[str, Callable[..., None]] = {"list": show_list, "prove": prove}

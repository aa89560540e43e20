"""Commands over the record of what was proposed: verify it, prove its numbers, hand it to an auditor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json, Number
from opslayer.errors import UsageError


def verify(
    file: Annotated[
        Path | None, typer.Argument(help="A signed export; the firm's own store without it.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="THUMBPRINT", help="The key the firm says it signs with.")
    ] = None,
    json: Json = False,
) -> None:
    """Prove that nobody changed the audit trail, nor what it is about; exit code 1 where somebody did.

    [dim]Examples:[/dim]
      opslayer actions verify
      opslayer actions verify trail.json --key bcAxKNJ8Y6NOVbkGZBzbV18IAiv-dwrNhhHmXkudfcc
    """
    from opslayer import actions

    signer = None
    if file is not None:
        outcome, signer = actions.verify_export(file, key=key)
    else:
        with edge.records() as (_, store):
            outcome = actions.verify(store)
    if json:
        edge.show_json(outcome)
    elif outcome.holds:
        edge.output.print(f"{outcome.events} events, and the chain holds", highlight=False)
        if signer:
            edge.output.print(f"signed by the key {signer}", highlight=False)
    else:
        edge.notices.print(f"[red]broken at event {outcome.broken}:[/red] {outcome.why}", highlight=False)
    if not outcome.holds:
        raise typer.Exit(1)


def prove(number: Number, json: Json = False) -> None:
    """Write a message again from the snapshot it was of; exit code 1 where a word or a figure differs.

    It says which queries and tables it comes from, what the contracts say of them, and the rows.

    [dim]Example:[/dim]
      opslayer actions prove 1
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        proof = actions.prove(firm, store, number)
    if json:
        edge.show_json(
            {**vars(proof), "holds": proof.holds, "rows": proof.rows.to_dicts(),
             "contracts": proof.contracts.to_dicts(), "proposal": proof.proposal.id}
        )  # fmt: skip
    else:
        how = "drawn again word for word" if proof.is_drawn_again else "its rows compared"
        edge.output.print(
            f"[bold]{proof.proposal.title}[/bold]\n"
            f"snapshot {proof.snapshot or proof.proposal.snapshot}, {', '.join(proof.queries)}\n"
            f"reads {', '.join(proof.tables)}: {proof.contracts.height - proof.red} contract rules hold, "
            f"{proof.red} do not\n"
            + (f"[green]proved[/green]: {how}; {len(proof.figures)} figures" if proof.holds else ""),
            highlight=False,
        )
        for document in proof.documents:
            same = "does not come out again" if document.differences else f"drawn again {document.how}"
            edge.output.print(f"{document.name}: {same}, {document.terms} terms", highlight=False)
        if proof.theirs:
            edge.output.print(f"a person wrote: {', '.join(proof.theirs)}", highlight=False)
        if proof.rows.height:
            edge.show_table("its rows", proof.rows.columns, proof.rows.iter_rows())
        if proof.failure:
            edge.notices.print("[red]not proved:[/red]")
            edge.notices.print(proof.failure, highlight=False, markup=False)
    if not proof.holds:
        raise typer.Exit(1)


def export(
    file: Annotated[Path, typer.Argument(help="Where to: .csv to read, .json signed.")], json: Json = False
) -> None:
    """Write the whole audit trail for an auditor: as CSV, or as JSON signed with the firm's key.

    [dim]Examples:[/dim]
      opslayer actions export trail.csv
      opslayer actions export trail.json
    """
    from opslayer import actions

    if file.suffix not in (".csv", ".json"):
        raise UsageError(f'an export ends in .csv or .json; got "{file.name}"')
    with edge.records() as (firm, store):
        if file.suffix == ".csv":
            made = actions.export_csv(store, file)
        else:
            made = actions.export_signed(firm, store, file, moment=edge.now())
    if json:
        edge.show_json(made)
        return
    edge.output.print(f"{made.events} events in {made.path}; the last has {made.head}", highlight=False)
    if made.key:
        edge.output.print(f"signed by the key {made.key}: tell it to whom you send the file", highlight=False)

"""Commands over the models: who is served, what was learnt, what people said instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json

Name = Annotated[str, typer.Argument(help="Its name in `opslayer models list`.")]
Only = Annotated[str | None, typer.Argument(help="One capability; all that learn without it.")]
By = Annotated[str, typer.Option("--as", help="Who you are: an address under [[people]] in firm.toml.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes into the trail.")]
Version = Annotated[str, typer.Argument(help="A version in `opslayer models show NAME`.")]
Anew = Annotated[bool, typer.Option("--anew", help="Teach even where nothing has decayed.")]


def show_list(json: Json = False) -> None:
    """List what models are asked: who is served, how often the fallback answered, what it cost.

    [dim]Example:[/dim]
      opslayer models list
    """
    from opslayer.modelops import operations

    with edge.records() as (firm, store):
        found = operations.standing(firm, store, as_of=edge.business_day(firm, None)).to_dicts()
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} capabilities",
        ("capability", "what", "served", "waits", "answers", "fallback", "overrides", "cost", ""),
        (
            (
                one["capability"],
                one["title"],
                one["champion"] or "",
                f"{one['challenger']} ({one['share']:.0%})" if one["challenger"] else "",
                one["answers"],
                f"{one['fallbacks'] / one['answers']:.0%}" if one["answers"] else "",
                one["overrides"],
                f"{one['cost']:.2f}" if one["cost"] else "",
                one["note"],
            )
            for one in found
        ),
        empty="none",
    )


def show(name: Name, json: Json = False) -> None:
    """Show one capability: what it is asked, who may answer, and the versions of what was learnt.

    [dim]Example:[/dim]
      opslayer models show lead_score
    """
    from opslayer.modelops import Registry
    from opslayer.modelops.capability import capability_named

    firm = edge.firm()
    capability = capability_named(firm, name)
    registry = Registry(firm)
    versions = registry.versions(name).to_dicts() if capability.learnt else []
    if json:
        edge.show_json({**capability.model_dump(mode="json"), "versions": versions})
        return
    inputs = ", ".join(one.name for one in capability.inputs)
    edge.output.print(f"[bold]{capability.title}[/bold]\n{capability.question}\nIt is told {inputs}.")
    edge.show_table(
        f"{len(versions)} versions",
        ("version", "", "model", "as of", "snapshot", "how it did"),
        ((v["version"], v["alias"], v["model"], v["as_of"], v["snapshot"], v["note"]) for v in versions),
        empty="nothing has been learnt; `opslayer models train` does it"
        if capability.learnt
        else "it learns nothing",
    )


def train(name: Only = None, anew: Anew = False, json: Json = False) -> None:
    """Put outcomes beside predictions, look for decay, and teach anew what has decayed or was never taught.

    [dim]Examples:[/dim]
      opslayer models train
      opslayer models train lead_score --anew
    """
    from opslayer.modelops import operations
    from opslayer.warehouse import open_layer

    with edge.records() as (firm, store), open_layer(firm) as layer, edge.progress(quiet=json) as report:
        report("teaching")
        found = operations.tend(firm, store, layer, moment=edge.now(), only=name, anew=anew).to_dicts()
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} models that learn",
        ("capability", "new outcomes", "", "version", "why"),
        (
            (one["capability"], one["outcomes"], one["did"], one["version"] or "", one["reasons"])
            for one in found
        ),
        empty="none",
    )


def promote(name: Name, version: Version, by: By, reason: Reason) -> None:
    """Serve a version to all.

    [dim]Example:[/dim]
      opslayer models promote lead_score 2 --as maeve@harrowvale.example --reason "looked at its cases"
    """
    from opslayer.modelops import operations

    with edge.records() as (firm, store):
        operations.promote(firm, store, name, version, by=by, reason=reason, moment=edge.now())
    edge.output.print(f"Version {version} of {name} serves all.")


def roll_back(name: Name, by: By, reason: Reason) -> None:
    """Return to the version that served before.

    [dim]Example:[/dim]
      opslayer models rollback lead_score --as maeve@harrowvale.example --reason "odd scores"
    """
    from opslayer.modelops import operations

    with edge.records() as (firm, store):
        version = operations.roll_back(firm, store, name, by=by, reason=reason, moment=edge.now())
    edge.output.print(f"Version {version} of {name} serves all again.")


def correct(
    number: Annotated[int, typer.Argument(help="Of the prediction, in `opslayer models answers NAME`.")],
    answer: Annotated[str, typer.Argument(help="What it should have said.")],
    by: By,
    reason: Reason,
) -> None:
    """Say otherwise than a model: it stands beside its answer, and the model learns from it.

    [dim]Example:[/dim]
      opslayer models correct 12 0.9 --as maeve@harrowvale.example --reason "I know them"
    """
    from opslayer.modelops import capture, operations

    with edge.records() as (firm, store):
        moment = edge.now()
        operations.entitled(firm, store, by, moment=moment)
        with store.session() as session:
            capture.correct(session, number, capture.as_answer(answer), by=by, reason=reason, moment=moment)
    edge.output.print(f"Prediction {number}: {answer}, says {by}.")


def answers(name: Name, json: Json = False) -> None:
    """List what was answered last, with the reasons, and what people said instead.

    [dim]Example:[/dim]
      opslayer models answers lead_score
    """
    from opslayer.modelops import capture

    with edge.records() as (_, store), store.reading() as session:
        found = capture.latest(session, name).to_dicts()
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} answers of {name}, the last first",
        ("", "about", "answer", "override", "model", "why"),
        (
            (
                one["prediction_id"],
                one["subject"],
                one["answer"],
                one["override"] or "",
                f"{one['model']} {one['model_version']}" + (" (fallback)" if one["is_fallback"] else ""),
                one["reasons"],
            )
            for one in found
        ),
        empty="it was not asked yet",
    )


def forget(
    subject: Annotated[str, typer.Argument(help="Whom it is about: a key like crm:42.")],
    by: By,
    reason: Reason,
) -> None:
    """Erase what models were asked and answered about a person or client.

    [dim]Example:[/dim]
      opslayer models forget crm:42 --as maeve@harrowvale.example --reason "asked to, 16 November"
    """
    from opslayer.modelops import capture, operations

    with edge.records() as (firm, store):
        moment = edge.now()
        operations.entitled(firm, store, by, moment=moment)
        with store.session() as session:
            gone = capture.forget(session, subject, by=by, reason=reason, moment=moment)
    edge.output.print(f"{gone} predictions about {subject} are forgotten.")


COMMANDS: dict[str, Callable[..., None]] = {
    "list": show_list,
    "show": show,
    "train": train,
    "promote": promote,
    "rollback": roll_back,
    "answers": answers,
    "correct": correct,
    "forget": forget,
}

"""Commands over the rules: which there are, whether they are right, what they say, whether they do it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import Json
from opslayer.errors import ConfigurationError, OpslayerError

Name = Annotated[str, typer.Argument(help="Its name in `opslayer rules list`.")]


def show_list(json: Json = False) -> None:
    """List the rules, shipped and the firm's own.

    [dim]Examples:[/dim]
      opslayer rules list
      opslayer rules list --json
    """
    from opslayer import actions

    rules = actions.load_rules(edge.firm())
    if json:
        edge.show_json(rules)
        return
    edge.show_table(
        f"{len(rules)} rules",
        ("rule", "kind", "", "owner", "what it does"),
        (
            (rule.name, rule.kind, "on" if rule.enabled else "off", rule.owner, rule.description)
            for rule in rules
        ),
    )


def check(json: Json = False) -> None:
    """Say what is wrong with the rules, their queries and templates, with file, line and column; exit code 2.

    [dim]Example:[/dim]
      opslayer rules check
    """
    from opslayer.actions import checking
    from opslayer.actions.replay.run import refusals
    from opslayer.store import open_store

    firm = edge.firm()
    found = checking.check_rules(firm)
    if not found:
        with open_store(firm) as store:
            found = [f"{why}; or switch it off: `enabled: false`" for _, why in refusals(firm, store)]
    if json:
        edge.show_json({"problems": found})
    elif not found:
        edge.output.print("every rule is right, and each shipped one has a case", highlight=False)
    if found and not json:
        raise ConfigurationError("\n".join(found))
    if found:
        raise typer.Exit(2)


def explain(
    rule: Name,
    subject: Annotated[
        str | None, typer.Option(help="Say of this one why it is chosen on the current snapshot, or is not.")
    ] = None,
    json: Json = False,
) -> None:
    """Say in plain English who a rule is about, when, what is sent, and who must say yes.

    [dim]Examples:[/dim]
      opslayer rules explain overrun_escalation
      opslayer rules explain overrun_escalation --subject projects:J00042
    """
    from opslayer.actions import explanation
    from opslayer.store import open_store
    from opslayer.warehouse import open_layer

    firm = edge.firm()
    with open_layer(firm) as layer:
        told = explanation.explain(firm, layer, rule)
        verdict = None
        if subject is not None:
            with open_store(firm) as store:
                verdict = explanation.judge(firm, layer, store, rule, subject, moment=edge.now())
    if json:
        edge.show_json(verdict or told)
        return
    if verdict is not None:
        _show_verdict(verdict)
        return
    state = "on" if told.is_on else "off"
    edge.output.print(f"[bold]{told.rule}[/bold] ({state}): {told.description}", highlight=False)
    conditions = tuple(f"- {condition.says}" for condition in told.conditions)
    parts = {"Who": (*told.who, *conditions), "When": told.when, "What": told.what, "May I": told.may}
    for title, lines in parts.items():
        edge.output.print(f"\n[bold]{title}[/bold]", highlight=False)
        for line in lines:
            edge.output.print(f"  {line}", highlight=False, markup=False)


def _show_verdict(verdict: object) -> None:
    from opslayer.actions.explanation import Verdict

    assert isinstance(verdict, Verdict)
    answer = "is chosen" if verdict.is_chosen else "is not chosen"
    edge.output.print(f"{verdict.subject} {answer}", highlight=False, markup=False)
    for condition in verdict.conditions:
        edge.output.print(
            f"  {'yes' if condition.holds else 'NO '}  {condition.says}", highlight=False, markup=False
        )


def run_cases(
    rule: Annotated[str | None, typer.Argument(help="One rule; all that have cases without it.")] = None,
    json: Json = False,
) -> None:
    """Run the example cases of the rules: rows in, proposals out; exit code 1 where one comes out otherwise.

    [dim]Examples:[/dim]
      opslayer rules test
      opslayer rules test overrun_escalation
    """
    from opslayer.actions import cases

    found = list(cases.run_cases(edge.firm(), rule))
    failed = [one for one in found if not one.holds]
    if json:
        edge.show_json(found)
    else:
        edge.show_table(
            f"{len(found)} cases, {len(failed)} come out otherwise",
            ("rule", "case", "", "otherwise"),
            (
                (one.rule, one.case, "ok" if one.holds else "FAILED", "\n".join(one.differences))
                for one in found
            ),
        )
    if failed:
        raise typer.Exit(OpslayerError.exit_code)


def effect(
    rule: Annotated[str | None, typer.Argument(help="One rule; all with a holdout without it.")] = None,
    json: Json = False,
) -> None:
    """Say what a rule brings about, beside the subjects it leaves alone (`holdout`, its own or the firm's).

    [dim]Examples:[/dim]
      opslayer rules effect
      opslayer rules effect payment_reminder --json
    """
    from opslayer import actions
    from opslayer.store import open_store

    firm = edge.firm()
    with open_store(firm) as store:
        found = actions.rule_effects(firm, store, rule).to_dicts()
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} rules with a holdout",
        ("rule", "to act on", "reached", "left alone", "", f"supported, {firm.base_currency}", "why"),
        (
            (one["rule"], one["treated"], one["reached"], one["left_alone"], one["verdict"],
             one["supported_amount"], one["reasons"])
            for one in found
        ),
        empty="none; `holdout = 0.05` under [limits] in firm.toml leaves one subject in twenty alone",
    )  # fmt: skip


def show_trials(json: Json = False) -> None:
    """Show which words work better: each trial's arms beside each other, and keep, stop, or not yet.

    [dim]Example:[/dim]
      opslayer rules trials
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        found = actions.trials(firm, store).to_dicts()
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} trials of words",
        ("rule", "trial", "", "tried on", "as they are", "why"),
        (
            (
                one["rule"],
                one["trial"],
                one["verdict"],
                one["subjects"],
                one["standing_subjects"],
                one["reasons"],
            )
            for one in found
        ),
        empty="none; `trial: {name: ..., template: ...}` in a step of a rule tries other words on half",
    )


def replay(
    rule: Name,
    months: Annotated[int, typer.Option(min=1, max=120, help="How far back.")] = 12,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help="Build a day a week anew from what landed, where no snapshot is kept."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Show what a rule, on or off, would have done over past snapshots; nothing is proposed or sent.

    A kept snapshot says what was known that day; keep_weeks in firm.toml keeps one a week. A day built anew
    is as of its day in dated facts alone.

    [dim]Examples:[/dim]
      opslayer rules replay payment_reminder
      opslayer rules replay lead_follow_up --months 6 --rebuild --json
    """
    from opslayer import actions
    from opslayer.errors import GuardrailHeld
    from opslayer.store import open_store
    from opslayer.warehouse import open_layer

    firm = edge.firm()
    with open_layer(firm) as layer, open_store(firm) as store:
        until = layer.as_of
        done = actions.replay(
            firm, store, rule, until=until, moment=edge.now(), months=months, rebuild=rebuild
        )
    if json:
        edge.show_json(done)
        return
    edge.output.print(done.coverage, highlight=False)
    for title, frame in (
        ("By month", done.months),
        ("Most money", done.subjects),
        ("Would have been stopped", done.stopped),
        ("Other rules, same clients", done.overlap),
    ):
        edge.show_table(title, [name.replace("_", " ") for name in frame.columns], frame.rows(), empty="none")
    if done.refusal:
        raise GuardrailHeld(done.refusal)


def autonomy(
    rule: Annotated[str | None, typer.Argument(help="The rule to confirm, or to end.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Let it approve by itself.")] = False,
    end: Annotated[bool, typer.Option("--end", help="Let it approve no more by itself.")] = False,
    person: Annotated[
        str, typer.Option("--as", metavar="EMAIL", help="Who: to confirm, one with the role of its owner.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why; the trail keeps it.")] = "",
    json: Json = False,
) -> None:
    """List which rules have earned to approve by themselves (`autonomy` in their file); confirm or end it.

    [dim]Examples:[/dim]
      opslayer rules autonomy
      opslayer rules autonomy payment_reminder --confirm --as ada@example.com --reason "no mistake"
      opslayer rules autonomy payment_reminder --end --as ada@example.com --reason "new staff"
    """
    from opslayer import actions
    from opslayer.errors import UsageError
    from opslayer.store import open_store

    firm = edge.firm()
    if (confirm or end) and (rule is None or confirm == end):
        raise UsageError("name one rule, and either --confirm or --end")
    with open_store(firm) as store:
        if rule is not None and (confirm or end):
            act = actions.confirm_autonomy if confirm else actions.stop_autonomy
            act(firm, store, rule, person=person, reason=reason, moment=edge.now())
        found = [one for one in actions.list_autonomy(firm, store) if rule in (None, one["rule"])]
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} rules that may earn it",
        ("rule", "", "approved", "of", "at least", "asked for", "up to", "confirmed by", "ended because"),
        (
            (
                one["rule"], one["standing"], one["approved"], one["decided"],
                f"{one['lower_bound'] or 0:.1%}", f"{one['at_least']:.1%} over {one['over']}", one["up_to"],
                one["confirmed_by"] or "", one["ended_because"] or "",
            )
            for one in found
        ),
        empty="none; `autonomy: {up_to: 500}` in a rule's file asks for it",
    )  # fmt: skip


def schema() -> None:
    """Print the JSON Schema of a rule's file, so that an editor completes and checks it.

    [dim]Example:[/dim]
      opslayer rules schema > rules/schema.json
    """
    from opslayer.actions.schema import rule_schema

    edge.show_json(rule_schema())
    sys.stdout.flush()


COMMANDS: dict[str, Callable[..., None]] = {
    "list": show_list,
    "check": check,
    "explain": explain,
    "test": run_cases,
    "effect": effect,
    "replay": replay,
    "trials": show_trials,
    "autonomy": autonomy,
    "schema": schema,
}

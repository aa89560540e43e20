"""Commands over what is proposed: look, decide, send."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opslayer.cli import edge, proof
from opslayer.cli.approvers import show_approvers
from opslayer.cli.edge import DryRun, Json, Number

if TYPE_CHECKING:
    from opslayer.actions import Proposal, Shown

Person = Annotated[
    str, typer.Option("--as", metavar="EMAIL", help="Who decides: an e-mail address under \\[\\[people]].")
]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]


def show_list(
    state: Annotated[
        str | None, typer.Option(help="proposed, approved, sent, held, uncertain, rejected, ...")
    ] = None,
    json: Json = False,
) -> None:
    """List what is proposed, decided and done, newest first.

    [dim]Examples:[/dim]
      opslayer actions list
      opslayer actions list --state proposed --json
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        found = actions.list_proposals(store, state)
        due = actions.deadlines(firm, found, moment=edge.now())
    if json:
        edge.show_json(found)
        return
    edge.show_table(
        f"{len(found)} proposals",
        ("number", "state", "what", "amount", "", "next", "reason"),
        (
            (p.id or 0, p.state, p.title, p.amount, p.currency, due.get(p.id or 0, ""), p.reason or "")
            for p in found
        ),
        empty="none; `opslayer run morning` proposes what is due",
    )


def show(number: Number, json: Json = False) -> None:
    """Show one proposal: the message, its evidence, who may decide, what happened to it.

    [dim]Example:[/dim]
      opslayer actions show 1
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        shown = actions.show_proposal(store, number)
        due = actions.deadlines(firm, [shown.proposal], moment=edge.now()).get(number, "")
    if json:
        edge.show_json({key: value for key, value in vars(shown).items() if key != "attachments"})
        return
    proposal = shown.proposal
    state = f"{proposal.state}: {proposal.reason}" if proposal.reason else proposal.state
    edge.output.print(
        f"[bold]{proposal.title}[/bold]\n{state}\n{shown.policy} {due[:1].upper()}{due[1:]}\n{_way(shown)}\n",
        highlight=False,
    )
    edge.output.print(shown.text, highlight=False, markup=False)
    if shown.edited:
        edge.output.print("[bold]Edited since the draft[/bold]", highlight=False)
        edge.output.print(shown.edited + "\n", highlight=False, markup=False)
    edge.show_table(
        f"Evidence, as of {proposal.as_of}, snapshot {proposal.snapshot}",
        tuple(column.title.lower() for column in actions.KINDS[proposal.kind].columns),
        shown.rows.iter_rows(),
        empty="none",
    )
    edge.show_table(
        "What happened",
        ("when", "who", "what"),
        ((f"{event['at']:%Y-%m-%d %H:%M}", event["who"], event["what"]) for event in shown.events),
    )


def _way(shown: Shown) -> str:
    if shown.channel != "mail":
        return f"by {shown.channel}, about {shown.recipient or shown.proposal.party_name}"
    return f"from {shown.sender or '(no sender)'} to {shown.recipient or '(no address)'}"


def approve(
    numbers: Annotated[list[int], typer.Argument(help="Their numbers in `opslayer actions list`.")],
    person: Person,
    reason: Reason,
) -> None:
    """Approve proposals, each by itself; exit code 4 where a guardrail holds one of them.

    [dim]Examples:[/dim]
      opslayer actions approve 1 --as maeve@harrowvale.example --reason "due for weeks"
      opslayer actions approve 1 2 5 --as maeve@harrowvale.example --reason "looked at each"
    """
    from opslayer import actions
    from opslayer.warehouse import open_layer

    with edge.records() as (firm, store), open_layer(firm) as layer:
        done, refused = actions.approve_each(
            firm, store, numbers, person=person, reason=reason, moment=edge.now(), layer=layer
        )
    for decided in done:
        edge.output.print(_became(decided), highlight=False)
    if len(numbers) == 1 and refused:
        raise refused[0].error
    for one in refused:
        edge.notices.print(f"[red]{one.id}:[/red] {one.error}", highlight=False, soft_wrap=True)
    if refused:
        raise typer.Exit(max(one.error.exit_code for one in refused))


def _became(decided: Proposal) -> str:
    """What a decision led to; of one that ended otherwise, why."""
    why = f": {decided.reason}" if decided.state == "cancelled" else ""
    return f"{decided.id}: {decided.state}{why}"


def reject(number: Number, person: Person, reason: Reason) -> None:
    """Reject a proposal: nothing is sent.

    [dim]Example:[/dim]
      opslayer actions reject 1 --as maeve@harrowvale.example --reason "we spoke on Friday"
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        decided = actions.reject(firm, store, number, person=person, reason=reason, moment=edge.now())
    edge.output.print(_became(decided), highlight=False)


def edit(
    number: Number,
    person: Annotated[
        str, typer.Option("--by", metavar="EMAIL", help="Who edits: an e-mail address under \\[\\[people]].")
    ],
    reason: Reason,
    subject: Annotated[str | None, typer.Option(help="The new subject; without it, it stays.")] = None,
    text_file: Annotated[
        Path | None, typer.Option(help="A file with the new text; without it, it stays.", dir_okay=False)
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Change the words of a mail that waits; whoever said yes to the old ones is asked again.

    [dim]Examples:[/dim]
      opslayer actions edit 1 --subject "Two open invoices" --by maeve@harrowvale.example --reason "softer"
      opslayer actions edit 1 --text-file words.txt --by maeve@harrowvale.example --reason "we spoke"
    """
    from opslayer import actions

    text = edge.read_text(text_file) if text_file else None
    with edge.records() as (firm, store):
        difference = actions.preview_edit(firm, store, number, subject=subject, text=text)
        if not dry_run:
            actions.edit(
                firm,
                store,
                number,
                subject=subject,
                text=text,
                person=person,
                reason=reason,
                moment=edge.now(),
            )
    edge.output.print(difference, highlight=False, markup=False)


def dispatch(
    limit: Annotated[int | None, typer.Option(min=1, help="Messages to send at most.")] = None,
    json: Json = False,
) -> None:
    """Send what is approved and whose hold has ended; safe to run twice at once.

    [dim]Example:[/dim]
      opslayer actions dispatch
    """
    from opslayer import actions
    from opslayer.warehouse import open_layer

    with edge.records() as (firm, store), open_layer(firm) as layer:
        moved = actions.dispatch(firm, store, layer=layer, moment=edge.now(), limit=limit)
        proposed = actions.propose_due(firm, store, moment=edge.now())
    if json:
        edge.show_json(moved)
        return
    edge.show_table(
        "Dispatched",
        ("number", "state", "what", "reason"),
        ((p.id or 0, p.state, p.title, p.reason or "") for p in moved),
        empty="nothing was due",
    )
    if proposed:
        edge.output.print(f"{len(proposed)} new proposals: `opslayer actions list`", highlight=False)


def complain(
    number: Number,
    person: Annotated[str, typer.Option("--as", metavar="EMAIL", help="Who heard it, or settles it.")],
    reason: Annotated[str, typer.Option(help="What was complained of, or how it was settled.")],
    settled: Annotated[
        bool, typer.Option("--settled", help="It is mended: the rule may write again.")
    ] = False,
) -> None:
    """Write down that a client complained of a message that was sent.

    Its rule approves nothing by itself any more, and writes to that client no more until it is settled.

    [dim]Examples:[/dim]
      opslayer actions complain 1 --as maeve@harrowvale.example --reason "they had paid in cash"
      opslayer actions complain 1 --settled --as maeve@harrowvale.example --reason "we apologised"
    """
    from opslayer import actions

    act = actions.settle_complaint if settled else actions.complain
    with edge.records() as (firm, store):
        act(firm, store, number, person=person, reason=reason, moment=edge.now())
    said = "settled" if settled else "its rule leaves the client alone"
    edge.output.print(f"{number}: {said}", highlight=False)


def settle(
    number: Number,
    person: Person,
    reason: Reason,
    sent: Annotated[bool, typer.Option("--sent/--send-again", help="What the person found out.")],
) -> None:
    """Say of an uncertain message that it was sent, or that it is to be sent again.

    [dim]Example:[/dim]
      opslayer actions settle 1 --sent --as maeve@harrowvale.example --reason "it is in our Sent folder"
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        settled = actions.settle(
            firm, store, number, sent=sent, person=person, reason=reason, moment=edge.now()
        )
    edge.output.print(f"{settled.id}: {settled.state}", highlight=False)


def undo(number: Number, person: Person, reason: Reason) -> None:
    """Take back what has not left; of what has, propose what undoes it, with the same roles' approval.

    The reader of a correction is told the reason.

    [dim]Example:[/dim]
      opslayer actions undo 1 --as maeve@harrowvale.example --reason "It was for another client."
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        undone = actions.undo(firm, store, number, person=person, reason=reason, moment=edge.now())
    if undone.id == number:
        edge.output.print(f"{number}: {undone.state}; nothing was sent", highlight=False)
    else:
        edge.output.print(f"{number} is undone by {undone.id}: {undone.state}", highlight=False)


RuleName = Annotated[str | None, typer.Argument(help="Its name in rules/; all rules without it.")]


def stop(person: Person, reason: Reason, rule: RuleName = None) -> None:
    """Stop sending at once: of one rule, or of all. What is approved waits.

    [dim]Examples:[/dim]
      opslayer actions stop --as maeve@harrowvale.example --reason "wrong bank account on the letterhead"
      opslayer actions stop payment_reminder --as maeve@harrowvale.example --reason "we are talking to them"
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        made = actions.stop(firm, store, rule=rule, person=person, reason=reason, moment=edge.now())
    edge.output.print(
        f"{rule or 'all sending'} is stopped since {made.stopped_at:%Y-%m-%d %H:%M} UTC by {made.person}",
        highlight=False,
    )


def resume(person: Person, reason: Reason, rule: RuleName = None) -> None:
    """Let what was stopped leave again.

    [dim]Example:[/dim]
      opslayer actions resume --as maeve@harrowvale.example --reason "the letterhead is mended"
    """
    from opslayer import actions

    with edge.records() as (firm, store):
        actions.resume(firm, store, rule=rule, person=person, reason=reason, moment=edge.now())
    edge.output.print(f"{rule or 'all sending'} is not stopped any more", highlight=False)


COMMANDS: dict[str, Callable[..., None]] = {
    "list": show_list,
    "show": show,
    "approve": approve,
    "reject": reject,
    "edit": edit,
    "dispatch": dispatch,
    "complain": complain,
    "settle": settle,
    "undo": undo,
    "stop": stop,
    "resume": resume,
    "approvers": show_approvers,
    "verify": proof.verify,
    "prove": proof.prove,
    "export": proof.export,
}

"""Commands over the work: jobs, what is proposed, how things stand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import AsOf, DryRun, Json


def run(
    job: Annotated[str, typer.Argument(help="A job of scheduled/, such as morning.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="KEY=VALUE", help="A notebook parameter; repeatable."),
    ] = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Run a job's notebooks now, as the scheduler would.

    [dim]Examples:[/dim]
      opslayer run morning
      opslayer run morning --as-of 2021-01-15 --dry-run
      opslayer run cash -p seed=11
    """
    from opslayer import runner

    firm = edge.firm()
    with edge.progress(json) as report:
        done = runner.run_job(
            firm,
            job,
            as_of=edge.business_day(firm, as_of),
            moment=edge.now(),
            parameters=edge.parameters(parameter or []),
            dry_run=dry_run,
            progress=report,
        )
    if json:
        edge.show_json(done)
    else:
        edge.show_table(
            f"{'Would run' if dry_run else 'Ran'} {job}",
            ("step", "state", "seconds", "notebook"),
            ((s.name, s.state, s.seconds, s.output or s.notebook) for s in done.steps),
        )
        for step in done.steps:
            if step.cause:
                edge.notices.print(f"[red]{step.name}:[/red] {step.cause}", highlight=False, soft_wrap=True)
    if done.exit_code:
        raise typer.Exit(done.exit_code)


def status(json: Json = False) -> None:
    """How the firm stands: snapshot, contracts, alerts, what waits for a decision, last runs.

    [dim]Examples:[/dim]
      opslayer status
      opslayer status --json
    """
    from opslayer.cli.standing import read_standing, show_standing

    standing = read_standing(edge.firm())
    edge.show_json(standing) if json else show_standing(standing)


def doctor(json: Json = False) -> None:
    """Check that this machine and this firm have what the layer needs; exit code 1 where they have not.

    [dim]Example:[/dim]
      opslayer doctor
    """
    from opslayer.cli.examination import examine

    findings = examine(edge.firm)
    if json:
        edge.show_json(findings)
    else:
        for finding in findings:
            mark = "[green]ok[/green]  " if finding.fine else "[red]fix[/red] "
            edge.output.print(f"{mark} {finding.subject}: {finding.detail}", highlight=False, soft_wrap=True)
    if not all(finding.fine for finding in findings):
        raise typer.Exit(1)


def up(
    only: Annotated[str | None, typer.Option(help="One of scheduler, dashboards, notebooks, links.")] = None,
) -> None:
    """Start the scheduler with its UI, the dashboards and JupyterLab; Ctrl-C ends all.

    [dim]Examples:[/dim]
      opslayer up
      opslayer up --only dashboards
    """
    from opslayer import runner

    raise typer.Exit(runner.up(edge.firm(), only=only, progress=edge.output.print))


def lab(
    notebook: Annotated[
        str, typer.Argument(help="What to open, such as intelligence/cash: your firm's own copy of it.")
    ] = "explore/start_here",
) -> None:
    """Open JupyterLab on your firm's own notebooks, beside the shipped ones; Ctrl-C ends it.

    A notebook that your firm has of its own runs at night instead of the shipped one of that name. In a cell
    `from opslayer import layer` has the snapshot's tables, metrics and queries; Tab completes their names.

    [dim]Examples:[/dim]
      opslayer lab
      opslayer lab intelligence/cash
    """
    from opslayer import runner

    firm = edge.firm()
    opened = runner.own_copy(firm, notebook)
    raise typer.Exit(runner.up(firm, only="notebooks", opened=opened, progress=edge.output.print))


def promote(
    notebook: Annotated[
        Path, typer.Argument(help="The file of an exploration.", exists=True, dir_okay=False)
    ],
    cron: Annotated[str, typer.Option(help="When: minute, hour, day, month, weekday.")] = "0 7 * * 1",
    owner: Annotated[str, typer.Option(help="Who is asked when it fails.")] = "operations",
    name: Annotated[
        str | None, typer.Option(help="Its place under notebooks/; reports/ and the file's name without it.")
    ] = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Schedule an exploration: look at its cells, put it in its place, run it, write its job.

    [dim]Examples:[/dim]
      opslayer promote notebooks/explore/retainers.ipynb --dry-run
      opslayer promote notebooks/explore/retainers.ipynb --cron "0 7 * * 1" --owner finance
    """
    from opslayer import lab, warehouse

    firm = edge.firm()
    with warehouse.open_layer(firm) as layer:
        day = as_of.date() if as_of else layer.as_of
    done = lab.promote(
        firm,
        notebook,
        name=name or f"reports/{notebook.stem}",
        cron=cron,
        owner=owner,
        as_of=day,
        moment=edge.now(),
        dry_run=dry_run,
    )
    if json:
        edge.show_json(done)
    elif done.run is None:
        edge.output.print(f"would run as of {day}, and write {done.notebook} and {done.job}", soft_wrap=True)
    else:
        edge.output.print(f"ran in {done.run.seconds:.1f} s: {done.run.page}", soft_wrap=True)
        edge.output.print(f"scheduled by {done.job}", soft_wrap=True)


def notify(json: Json = False) -> None:
    """Write to everybody for whom something new waits, and to whom alerts are routed.

    A mail a person, with a signed link to each decision; of alerts one a person and state.

    [dim]Example:[/dim]
      opslayer notify
    """
    from opslayer import actions
    from opslayer.store import open_store
    from opslayer.warehouse import open_layer

    firm = edge.firm()
    with open_store(firm) as store, open_layer(firm) as layer:
        sent = actions.notify(firm, store, layer=layer, moment=edge.now())
        told = actions.tell(firm, store, moment=edge.now())
    if json:
        edge.show_json([*sent, *told])
        return
    if firm.alerts:
        edge.show_table(
            "Told of alerts",
            ("who", "what", "alerts", "state", "what the server said"),
            ((one.person, one.what, one.alerts, one.state, one.reply) for one in told),
            empty="nobody: nothing new is to be told at this hour",
        )
    edge.show_table(
        "Written to",
        ("who", "decisions", "state", "what the server said"),
        ((one.person, one.proposals, one.state, one.reply) for one in sent),
        empty="nobody: nothing new waits" if firm.approvals else "nobody: firm.toml has no \\[approvals]",
    )


def links() -> None:
    """Serve the pages behind the links in those mails, on this machine; Ctrl-C ends it. `up` starts it too.

    [dim]Example:[/dim]
      opslayer links
    """
    from opslayer.links import serve

    serve(edge.firm(), now=edge.now)

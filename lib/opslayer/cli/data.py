"""Commands over the data: from a new firm to a published snapshot, and back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opslayer.cli import edge
from opslayer.cli.edge import AsOf, DryRun, Json

if TYPE_CHECKING:
    from opslayer.sources import Landed

Full = Annotated[bool, typer.Option("--full", help="Pull whole tables, so that hard deletes are seen.")]


def init(
    directory: Annotated[Path, typer.Argument(help="Where the firm is to live.")],
    mapping: Annotated[str, typer.Option(help="How its ledger is laid out: xero, quickbooks or opslayer.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of the exports; templates are written without it.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The firm's name.")] = None,
    currency: Annotated[
        str | None, typer.Option(help="Base currency; found in the data where it can be.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="IANA time zone the firm's days are cut in.")] = None,
) -> None:
    """Write a commented firm.toml and the folders a firm may fill.

    [dim]Examples:[/dim]
      opslayer init acme --mapping xero --data exports/xero
      opslayer init acme --mapping opslayer --currency EUR    [dim]# empty CSV and Excel templates[/dim]
    """
    from opslayer import scaffold

    path = scaffold.init(
        directory, mapping=mapping, data=data, name=name, base_currency=currency, time_zone=time_zone
    )
    edge.output.print(f"wrote {path}\nnext: opslayer --firm {directory} refresh", highlight=False)


def demo(
    directory: Annotated[Path, typer.Argument(help="Where the demo firm is to live.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same firm, byte for byte.")] = 7,
    scale: Annotated[float, typer.Option(help="1 is a firm of 75 million a year.")] = 1.0,
    as_of: AsOf = None,
) -> None:
    """Generate a firm to try everything on: 36 months of books with known answers.

    [dim]Examples:[/dim]
      opslayer demo demo
      opslayer demo big --scale 10 --seed 11
    """
    from opslayer import demo as firm

    made = firm.generate(directory, seed=seed, scale=scale, as_of=as_of.date() if as_of else firm.AS_OF)
    rows = ", ".join(f"{count:,} {table}" for table, count in made.rows.items())
    edge.output.print(f"wrote {directory} as of {made.as_of}: {rows}", highlight=False)


def land(
    source: Annotated[str | None, typer.Argument(help="One source; all of firm.toml without it.")] = None,
    full: Full = False,
    as_of: AsOf = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Pull new and changed records from the sources.

    [dim]Examples:[/dim]
      opslayer land
      opslayer land ledger --full
      opslayer land --dry-run
    """
    firm = edge.firm()
    day = edge.business_day(firm, as_of)
    if dry_run:
        _show_landing_plan(json, source, full)
        return
    from opslayer import warehouse

    with edge.progress(json) as report:
        landed = warehouse.land(firm, as_of=day, moment=edge.now(), only=source, full=full, progress=report)
    if json:
        edge.show_json(landed)
        return
    edge.show_table(
        "Landed",
        ("source", "table", "new", "total", "deleted", "discarded"),
        (
            (t.source, t.table, t.rows_new, t.rows_total, t.rows_deleted, ", ".join(t.columns_discarded))
            for t in landed
        ),
    )
    _show_drift(landed)


def _show_drift(landed: Iterable[Landed]) -> None:
    """What changed in the columns of the sources, on standard error: let in, but somebody should know."""
    for table in landed:
        parts = [
            *(f"new column {name}" for name in table.columns_added),
            *(f"column {name} is gone" for name in table.columns_missing),
            *(f"column {name} was {change}" for name, change in table.columns_retyped.items()),
            *(f"{count} values of column {name} left out" for name, count in table.columns_discarded.items()),
        ]
        if parts:
            edge.notices.print(
                f"{table.source}.{table.table}: {', '.join(parts)}", highlight=False, markup=False
            )


def _show_landing_plan(json: bool, source: str | None, full: bool) -> None:
    from opslayer.sources import plan_land

    plan = plan_land(edge.firm(), only=source, full=full)
    if json:
        edge.show_json(plan)
    else:
        edge.show_table(
            "Would land",
            ("source", "table", "mode", "cursor"),
            ((t.source, t.table, t.mode, t.cursor) for t in plan),
        )


def build(as_of: AsOf = None, dry_run: DryRun = False, json: Json = False) -> None:
    """Build every model into a staged file that no reader opens.

    [dim]Example:[/dim]
      opslayer build --as-of 2026-11-16
    """
    from opslayer import warehouse

    firm = edge.firm()
    if dry_run:
        names = list(warehouse.load_models())
        edge.show_json(names) if json else edge.show_table("Would build", ("model",), ((n,) for n in names))
        return
    with edge.progress(json) as report:
        built = warehouse.build(firm, as_of=edge.business_day(firm, as_of), progress=report)
    if json:
        edge.show_json(built)
        return
    edge.show_table(
        "Built", ("model", "rows", "seconds"), ((m.name, m.rows, round(m.seconds, 2)) for m in built.models)
    )
    _show_quarantined([(q.table, q.rule, q.rows) for q in built.quarantined])


def audit(as_of: AsOf = None, json: Json = False) -> None:
    """Run every contract on the staged file; exit code 3 where a blocking one is red.

    [dim]Example:[/dim]
      opslayer audit --json
    """
    from opslayer import warehouse

    firm = edge.firm()
    with edge.progress(json) as report:
        outcome = warehouse.audit(firm, as_of=edge.business_day(firm, as_of), progress=report)
    if json:
        edge.show_json(outcome)
    else:
        green = len(outcome.results) - len(outcome.red)
        edge.output.print(
            f"{green} rules green, {len(outcome.red)} red, {len(outcome.blocking)} of them blocking"
        )
        edge.show_table(
            "Red",
            ("table", "rule", "severity", "failed", "of", "sample"),
            (
                (r.table, r.rule, r.severity, r.rows_failed, r.rows_checked, "; ".join(r.sample[:2]))
                for r in outcome.red
            ),
        )
    if outcome.blocking:
        raise typer.Exit(3)


def publish(as_of: AsOf = None, json: Json = False) -> None:
    """Make the audited build the version readers open, in one atomic step.

    [dim]Example:[/dim]
      opslayer publish
    """
    from opslayer import warehouse

    firm = edge.firm()
    version = warehouse.publish(firm, as_of=edge.business_day(firm, as_of), moment=edge.now())
    edge.show_json(version) if json else edge.output.print(f"published {version.name}", highlight=False)


def refresh(as_of: AsOf = None, full: Full = False, dry_run: DryRun = False, json: Json = False) -> None:
    """Land, build, audit and publish; the last good snapshot stands if any of them fails.

    [dim]Examples:[/dim]
      opslayer refresh
      opslayer refresh --as-of 2021-01-15
    """
    from opslayer import actions, alerts, warehouse
    from opslayer.store import open_store

    firm = edge.firm()
    if dry_run:
        _show_landing_plan(json, None, full)
        return
    day = edge.business_day(firm, as_of)
    with edge.progress(json) as report:
        done = warehouse.refresh(firm, as_of=day, moment=edge.now(), full=full, progress=report)
    with open_store(firm) as store:
        alerts.evaluate_new(firm, store, moment=edge.now())
        proposed = actions.propose_due(firm, store, moment=edge.now())
    _show_drift(done.landed)
    if json:
        edge.show_json(done.version)
        return
    edge.output.print(
        f"published {done.version.name}: {done.version.contracts_green} contract rules green, "
        f"{done.version.contracts_red} red",
        highlight=False,
    )
    edge.show_table("Rows", ("entity", "rows"), done.version.rows.items())
    if proposed:
        edge.output.print(f"{len(proposed)} new proposals: `opslayer actions list`", highlight=False)
    _show_quarantined([(q.table, q.rule, q.rows) for q in done.built.quarantined])


def versions(json: Json = False) -> None:
    """List the published versions that are kept.

    [dim]Example:[/dim]
      opslayer versions
    """
    from opslayer import warehouse

    firm = edge.firm()
    kept = warehouse.versions(firm)
    if json:
        edge.show_json(kept)
        return
    live = warehouse.current(firm)
    edge.show_table(
        "Versions",
        ("version", "published", "green", "red", ""),
        (
            (
                v.name,
                f"{v.published_at:%Y-%m-%d %H:%M} UTC",
                v.contracts_green,
                v.contracts_red,
                "current" if v == live else "",
            )
            for v in kept
        ),
        empty="none yet; `opslayer refresh` publishes the first",
    )


def rollback(
    version: Annotated[str, typer.Argument(help="A version that `opslayer versions` lists.")],
) -> None:
    """Point every reader at an earlier version.

    [dim]Example:[/dim]
      opslayer rollback 2026-11-16.001
    """
    from opslayer import warehouse

    edge.output.print(f"readers now open {warehouse.rollback(edge.firm(), version).name}", highlight=False)


def quarantine(
    table: Annotated[str | None, typer.Argument(help="One table, such as staging.invoice.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 20,
    json: Json = False,
) -> None:
    """Show the rows that broke a contract and were set aside; they return when the source mends them.

    [dim]Examples:[/dim]
      opslayer quarantine
      opslayer quarantine staging.invoice --json
    """
    from opslayer import warehouse
    from opslayer.cli.standing import rows_of

    with warehouse.open_layer(edge.firm()) as layer:
        rows = layer.query("quarantine_rows").to_dicts()
    chosen = [row for row in rows if table is None or row["table_name"] == table]
    if json:
        edge.show_json(chosen)
        return
    edge.show_table(
        f"Quarantine ({rows_of(chosen)} rows, {len(chosen)} rules broken)",
        ("table", "source", "key", "rule", "contract"),
        (
            (
                r["table_name"],
                r["source"],
                r["source_key"],
                r["rule"],
                f"{r['contract']} {r['contract_version']}",
            )
            for r in chosen[:limit]
        ),
        empty="empty",
    )


def check_contracts(json: Json = False) -> None:
    """Check the contract files against the ODCS standard; nothing is run.

    [dim]Example:[/dim]
      opslayer contracts check
    """
    from opslayer.contracts import load_contracts

    loaded = load_contracts(edge.firm())
    tables = sum(len(contract.tables) for contract in loaded)
    if json:
        edge.show_json(
            [{"contract": c.name, "version": c.version, "tables": [t.name for t in c.tables]} for c in loaded]
        )
    else:
        edge.output.print(f"{len(loaded)} contracts over {tables} tables keep to ODCS 3.1", highlight=False)


def _show_quarantined(counts: list[tuple[str, str, int]]) -> None:
    edge.show_table("Quarantined", ("table", "rule", "rows"), counts)

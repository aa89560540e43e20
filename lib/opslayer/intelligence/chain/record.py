"""The chain as tables: the cells of every open deal with their reasons, and what a stage change moved."""

from __future__ import annotations

import polars as pl

from opslayer.intelligence import demand, revenue
from opslayer.intelligence.chain.cells import SCHEMA as CELLS
from opslayer.intelligence.chain.cells import deal_cells
from opslayer.intelligence.chain.what_if import CELL, Chain, Inputs

MODEL, VERSION = "expected values, cell by cell", "2"
TOLD: dict[str, pl.DataType] = {"reasons": pl.String(), "model": pl.String(), "model_version": pl.String()}
SCHEMA = pl.Schema({"as_of": pl.Date(), **CELLS, **TOLD})
MOVES = pl.Schema(
    {
        "as_of": pl.Date(),
        "opportunity_id": pl.String(),
        "name": pl.String(),
        "stage_before": pl.String(),
        "stage_after": pl.String(),
        "step": pl.String(),
        "label": pl.String(),
        "starts_on": pl.Date(),
        "is_later": pl.Boolean(),
        "before": pl.Decimal(18, 2),
        "after": pl.Decimal(18, 2),
        "moved": pl.Decimal(18, 2),
        **TOLD,
    }
)


def chain_cell(chain: Chain, inputs: Inputs) -> pl.DataFrame:
    """One row an open deal, step and cell (columns of intelligence.chain_cell)."""
    deals = inputs.open_deals.select("opportunity_id", reasons=_words("win_probability"))
    return (
        chain.cells.join(deals, on="opportunity_id", maintain_order="left")
        .with_columns(
            as_of=pl.lit(inputs.as_of),
            reasons=pl.concat_str("reasons", _rule()),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        )
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    )


def chain_move(before: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """What moved where because a deal's stage did (columns of intelligence.chain_move).

    `before` has the columns of the query forecast_deals: the deals of the forecast before this one, as it had
    them, and what has become of them. Both sides are spread from today, so only the deal has moved, not time.
    A deal that was won counts as sure, one that was lost or is gone as nothing.
    """
    as_of = inputs.as_of
    now = inputs.open_deals
    gone = before.join(now, on="opportunity_id", how="anti").with_columns(
        win_probability=(pl.col("outcome") == "won").cast(pl.Float64).fill_null(0.0),
        stage=pl.coalesce("outcome", pl.lit("gone")),
        **{name: pl.lit(as_of) for name in ("close_earliest", "close_on", "close_latest")},
    )
    after = pl.concat([now, gone.select(now.columns)], how="vertical_relaxed")
    stages = after.select(
        "opportunity_id", "name", stage_after="stage", reasons=_words("win_probability")
    ).join(before.select("opportunity_id", stage_before="stage"), on="opportunity_id", how="left")
    stages = stages.filter(
        pl.col("stage_before").is_null() | (pl.col("stage_before") != pl.col("stage_after"))
    )
    sides = [
        _cells(side.join(stages, on="opportunity_id", how="semi"), inputs)
        for side in (before.select(now.columns), after)
    ]
    return (
        sides[0]
        .join(sides[1], on=["opportunity_id", *CELL], how="full", coalesce=True, suffix="_after")
        .with_columns(before=pl.col("value").fill_null(0), after=pl.col("value_after").fill_null(0))
        .with_columns(moved=pl.col("after") - pl.col("before"))
        .filter(pl.col("moved") != 0)
        .join(stages, on="opportunity_id")
        .with_columns(
            pl.col("stage_before").fill_null("not open"),
            as_of=pl.lit(as_of),
            reasons=pl.concat_str("reasons", _rule()),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        )
        .select(pl.col(name).cast(kind) for name, kind in MOVES.items())
        .sort("opportunity_id", *CELL)
    )


def _cells(deals: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    known = demand.deals_of(deals, inputs.deal_roles, as_of=inputs.as_of)
    sources = revenue.only(inputs.sources, known.frame)
    return deal_cells(known, sources, inputs.practice_rates, inputs.payment_history, as_of=inputs.as_of)


def _words(probability: str) -> pl.Expr:
    return pl.format(
        "{}, stage {}, chance {}%, expected to close on {}. ",
        "name", "stage", (pl.col(probability) * 100).round(0).cast(pl.Int64), pl.col("close_on"),
    )  # fmt: skip


def _rule() -> pl.Expr:
    rules = {
        "win": "Chance as forecast.",
        "demand": "Hours it needs times its chance, spread evenly from its start.",
        "revenue": "As won deals of its size were invoiced, times its chance: as in the quarter's forecast.",
        "margin": "Revenue less what such work costs.",
        "cash": "Invoiced at the end of the month it is worked in, paid as late as the client pays.",
    }
    return pl.col("step").replace_strict(rules, return_dtype=pl.String)

"""Deals: the won ones behind the projects, those lost, those open; their stages and the roles they need."""

from __future__ import annotations

import numpy as np
import polars as pl

from opslayer.demo import facts
from opslayer.demo.calendar import Days, Month, number, weekday
from opslayer.demo.parties import Clients, client_name
from opslayer.demo.projects import Projects, month_days
from opslayer.demo.staff import day_text
from opslayer.demo.work import SERVICE

LOST_FOR_ONE_WON = 1.4
OPEN_SHARE = 0.04  # deals open today against those won in three years
CHANNELS = ("referral", "existing client", "website", "tender")
CHANNELS_WON = (0.38, 0.42, 0.14, 0.06)
CHANNELS_LOST = (0.27, 0.27, 0.29, 0.17)
DRIFT = 0.08  # standard deviation of what a stage does to a deal's amount
SLIP_DAYS = 9.0  # mean of what it does to the expected close
STAGE_DAYS = (12.0, 20.0, 22.0, 14.0)  # mean days in each stage


def deal_tables(
    made: Projects, project: pl.DataFrame, known: Clients, rate: dict[str, Days], calendar: list[Month],
    *, seed: int,
) -> dict[str, pl.DataFrame]:  # fmt: skip
    """The template tables opportunity, opportunity_stage and opportunity_role."""
    chance = np.random.default_rng([seed, 26])
    firsts, _ = month_days(calendar)
    today = number(calendar[-1].last) + 1
    won = len(made.project)
    lost, still = round(won * LOST_FOR_ONE_WON), max(5, round(won * OPEN_SHARE))
    like = np.concatenate([np.arange(won), chance.integers(0, won, lost + still)])
    outcome = np.repeat(["won", "lost", "open"], [won, lost, still])
    spent = np.maximum(np.rint(chance.exponential(STAGE_DAYS, (len(like), 4))), 1).astype(np.int64)
    start = firsts[made.project["first"].to_numpy()][like]
    # a won deal closes before its project starts; a lost one at any stage; an open one is somewhere inside
    stages = np.where(outcome == "won", 4, chance.integers(1, 5, len(like)))
    in_stage = np.arange(4) < stages[:, None]
    taken = np.where(in_stage, spent, 0)
    closed = np.where(
        outcome == "won",
        start - chance.integers(2, 25, len(like)),
        chance.integers(firsts[0], today, len(like)),
    )
    created = closed - taken.sum(axis=1)
    created = np.where(outcome == "open", today - taken.sum(axis=1), created)
    created += (
        chance.choice(5, len(like), p=facts.ARRIVALS) - weekday(created) - 7
    )  # a day of the week before
    client = made.project["client"].to_numpy()[like]
    free = np.where(np.isin(client, known.stopped) & (outcome != "won"))[0]
    client[free] = int(np.argmax(known.weight))  # those who stopped asked for nothing since
    currency = known.currency[client]
    month = np.clip(np.searchsorted(firsts, created, "right") - 1, 0, len(calendar) - 1)
    millionths = np.select([currency == c for c in rate], [rate[c][month] for c in rate])
    budget = project["budget_amount"].cast(pl.Float64) * project["fx_rate"].cast(pl.Float64)
    base = budget[:won].to_numpy()[like]
    base = base * np.where(outcome == "won", 1, chance.lognormal(0.15, 0.4, len(like)))
    manager = project["manager_id"][:won].gather(like)
    quarters = (
        made.task.group_by("project", maintain_order=True).agg(pl.col("budget").sum())["budget"].to_numpy()
    )
    ident = pl.format("O{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5))
    frame = pl.DataFrame(
        {
            "client": client,
            "service": made.project["service"].to_numpy()[like],
            "currency": currency,
            "rate": millionths,
            "base": base,
            "owner": manager,
            "created": created,
            "closed": closed,
            "expected": created
            + np.rint(taken.sum(axis=1) * chance.lognormal(-0.2, 0.3, len(like))).astype(np.int64)
            + np.where(outcome == "open", 25, 0),
            "outcome": outcome,
            "stage": np.array(facts.STAGES)[stages - 1],
            "channel": np.where(
                outcome == "won",
                chance.choice(CHANNELS, len(like), p=CHANNELS_WON),
                chance.choice(CHANNELS, len(like), p=CHANNELS_LOST),
            ),
            "hours": quarters[like] / 4,
        }
    ).with_columns(id=ident)
    begun = created[:, None] + np.cumsum(np.where(in_stage, spent, 0), axis=1) - taken
    return {
        "opportunity": _opportunities(frame, calendar),
        "opportunity_stage": _stages(frame, begun, in_stage, closed, chance),
        "opportunity_role": _roles(frame),
    }


def _money(value: pl.Expr) -> pl.Expr:
    return value.round(2).cast(pl.Decimal(18, 2)).cast(pl.String)


def _opportunities(frame: pl.DataFrame, calendar: list[Month]) -> pl.DataFrame:
    service = pl.col("service").replace_strict(SERVICE, return_dtype=pl.String)
    party = pl.format("C{}", (pl.col("client") + 1).cast(pl.String).str.zfill(5))
    closed = pl.when(pl.col("outcome") != "open").then("closed")
    names = {client: client_name(client) for client in frame["client"].unique().to_list()}
    return frame.select(
        pl.col("id").alias("opportunity_id"),
        pl.format("{} for {}", service, pl.col("client").replace_strict(names)).alias("name"),
        party.alias("party_id"),
        service.alias("practice"),
        "stage",
        _money(pl.col("base") * 1_000_000 / pl.col("rate")).alias("amount"),
        "currency",
        (pl.col("rate").cast(pl.Decimal(20, 6)) / 1_000_000)
        .cast(pl.Decimal(18, 6))
        .cast(pl.String)
        .alias("fx_rate"),
        pl.col("owner").alias("owner_id"),
        day_text(pl.col("created")).alias("created_on"),
        day_text(pl.col("expected")).alias("expected_close_on"),
        day_text(closed).alias("closed_on"),
        "outcome",
        "channel",
        service.alias("kind"),
        day_text(pl.col("expected") + 14).alias("starts_on"),
        (pl.col("hours") / 40).ceil().clip(2, 78).cast(pl.Int64).cast(pl.String).alias("weeks"),
        pl.format("{}T06:00:00Z", day_text(pl.coalesce(closed, pl.lit(number(calendar[-1].last))))).alias(
            "updated_at"
        ),
    )


def _stages(
    frame: pl.DataFrame, begun: Days, in_stage: np.ndarray, closed: Days, chance: np.random.Generator
) -> pl.DataFrame:
    """One row a stage entered; the last of a closed deal is won or lost.

    The amount and the expected close come to what they are today through the stages, a change at each.
    """
    deal, stage = np.nonzero(in_stage)
    rows = pl.DataFrame({"deal": deal, "day": begun[deal, stage], "stage": np.array(facts.STAGES)[stage]})
    outcome = frame["outcome"].to_numpy()
    ended = np.flatnonzero(outcome != "open")
    last = pl.DataFrame({"deal": ended, "day": closed[ended], "stage": outcome[ended]})
    rows = pl.concat([rows, last]).sort("deal", "day", maintain_order=True)
    deals = frame.with_row_index("deal").select(
        pl.col("deal").cast(pl.Int64), "id", "base", "rate", "expected"
    )
    ahead = pl.len().over("deal") - 1 - pl.int_range(pl.len()).over("deal")
    rows = rows.join(deals, on="deal", maintain_order="left").with_columns(
        drift=pl.Series(chance.normal(0, DRIFT, len(rows))) * ahead.sqrt(),
        slip=(pl.Series(chance.exponential(SLIP_DAYS, len(rows))) * ahead).round().cast(pl.Int64),
    )
    return rows.select(
        pl.format("G{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)).alias(
            "opportunity_stage_id"
        ),
        pl.col("id").alias("opportunity_id"),
        "stage",
        pl.format("{}T09:00:00Z", day_text(pl.col("day"))).alias("entered_at"),
        _money(pl.col("base") * pl.col("drift").exp() * 1_000_000 / pl.col("rate")).alias("amount"),
        day_text(pl.col("expected") - pl.col("slip")).alias("expected_close_on"),
    )


def _roles(frame: pl.DataFrame) -> pl.DataFrame:
    mix = pl.DataFrame({"role": [r.name for r in facts.ROLES], "share": [r.share for r in facts.ROLES]})
    return (
        frame.select("id", "hours")
        .join(mix, how="cross", maintain_order="left_right")
        .select(
            pl.format("{}-{}", "id", pl.col("role").str.slice(0, 2)).alias("opportunity_role_id"),
            pl.col("id").alias("opportunity_id"),
            "role",
            (pl.col("hours") * pl.col("share"))
            .round(2)
            .cast(pl.Decimal(18, 2))
            .cast(pl.String)
            .alias("hours"),
        )
    )

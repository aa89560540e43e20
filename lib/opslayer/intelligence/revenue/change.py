"""What moved the quarter's forecast since last week, and because of which deal; it adds up to the cent.

Two parts. What the week itself brought: invoiced to each client, against what its items were expected to
bring in it. And the rest of the quarter: each item's expectation now less what it was. An item is its deal,
from the first stage to the project it becomes, so that winning a deal is one line. Expectations are not
drawn, so no item's line holds another's noise.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.revenue.forecast import MODEL, VERSION, expected_items
from opslayer.intelligence.revenue.season import next_month, quarter_start
from opslayer.intelligence.revenue.sources import UNHEARD, Sources
from opslayer.intelligence.tables import MONEY, typed

SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "since": pl.Date(),
        "quarter_start": pl.Date(),
        "key": pl.String(),
        "cause": pl.String(),
        "component": pl.String(),
        "name": pl.String(),
        "party_name": pl.String(),
        "before_base": MONEY,
        "now_base": MONEY,
        "change_base": MONEY,
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)
NOBODY = "(none)"


def explain(before: Sources, now: Sources, *, fiscal_year_start: int = 1) -> pl.DataFrame:
    """One row a cause and item (columns of intelligence.revenue_change), of the quarter that `now` lies in.

    The sum of before_base is what was expected of the quarter then, without what was invoiced by then; so
    is that of now_base with what was invoiced since: change_base sums to the change of the total.
    """
    start = quarter_start(now.day, fiscal_year_start)
    end = next_month(start, 3)
    then, today = (expected_items(sources, start, end) for sources in (before, now))
    week = _week(then, before, now, start, end)
    rest = _rest(then, today, before, now)
    rows = pl.concat([week, rest]).with_columns(
        pl.lit(now.day).alias("as_of"),
        pl.lit(before.day).alias("since"),
        pl.lit(start).alias("quarter_start"),
        change_base=pl.col("now_base") - pl.col("before_base"),
        model=pl.lit(MODEL),
        model_version=pl.lit(VERSION),
    )
    return typed(
        rows.filter((pl.col("before_base") != 0) | (pl.col("now_base") != 0)).sort(
            pl.col("change_base").abs(), "cause", "key", descending=[True, False, False]
        ),
        SCHEMA,
    )


def _week(then: pl.DataFrame, before: Sources, now: Sources, start: date, end: date) -> pl.DataFrame:
    """By client: what was invoiced since, against what was expected of the week."""
    invoiced = (
        now.revenue.filter(
            (pl.col("day") > before.day)
            & (pl.col("day") <= now.day)
            & (pl.col("day") >= start)
            & (pl.col("day") < end)
        )
        .group_by("party_id")
        .agg(now_base=pl.col("amount_base").sum().cast(MONEY))
    )
    expected = then.group_by(pl.col("party_id").fill_null(NOBODY)).agg(
        before_base=pl.col("first_week_base").sum().cast(MONEY)
    )
    names = _names(before, now)
    return (
        invoiced.join(expected, on="party_id", how="full", coalesce=True)
        .join(names, on="party_id", how="left")
        .select(
            key="party_id",
            cause=pl.lit("invoiced in the week"),
            component=pl.lit("invoiced"),
            name=pl.coalesce(
                "party_name",
                pl.when(pl.col("party_id") == NOBODY).then(pl.lit("work not in the pipeline")),
                "party_id",
            ),
            party_name="party_name",
            before_base=pl.col("before_base").fill_null(0).cast(MONEY),
            now_base=pl.col("now_base").fill_null(0).cast(MONEY),
            reasons=pl.lit(
                "What was invoiced in the week, against what its work was expected to bring in it."
            ),
        )
    )


def _rest(then: pl.DataFrame, today: pl.DataFrame, before: Sources, now: Sources) -> pl.DataFrame:
    """By item: what is expected of the rest of the quarter now, against what was."""
    left = _by_key(then, "rest_base").rename({"value": "before_base"})
    right = _by_key(today, None).rename({"value": "now_base"})
    both = left.join(right, on="key", how="full", coalesce=True, suffix="_now").with_columns(
        pl.col("before_base", "now_base").fill_null(0).cast(MONEY)
    )
    known = _deals(before, "then").join(_deals(now, "now"), on="key", how="full", coalesce=True)
    both = both.join(known, on="key", how="left", maintain_order="left")
    causes = [_cause(row) for row in both.iter_rows(named=True)]
    return both.select(
        "key",
        pl.Series("cause", [cause for cause, _ in causes], pl.String),
        component=pl.coalesce("component_now", "component"),
        name=pl.when(pl.col("key") == UNHEARD).then(pl.lit("Work not in the pipeline")).otherwise(
            pl.coalesce("name_now", "name", "key")
        ),
        party_name=pl.coalesce("party_name_now", "party_name"),
        before_base="before_base",
        now_base="now_base",
        reasons=pl.Series([words for _, words in causes], dtype=pl.String),
    )  # fmt: skip


def _by_key(items: pl.DataFrame, column: str | None) -> pl.DataFrame:
    value = pl.col(column) if column else pl.col("first_week_base") + pl.col("rest_base")
    return items.group_by("key", maintain_order=True).agg(
        pl.col("component", "name", "party_name").first(), value=value.sum().cast(MONEY)
    )


def _deals(sources: Sources, side: str) -> pl.DataFrame:
    """Open deals of a day, with their chances; the columns end in `side`."""
    deals = sources.outlook.deals
    chance = pl.Series(sources.outlook.probability, dtype=pl.Float64)
    return deals.select(
        pl.col("opportunity_id").alias("key"),
        pl.col("stage").alias(f"stage_{side}"),
        pl.col("amount_base").alias(f"amount_{side}"),
        pl.col("expected_close_on").alias(f"close_{side}"),
        chance.alias(f"chance_{side}"),
    )


def _cause(row: dict[str, object]) -> tuple[str, str]:
    """What happened to an item, in a word and in a sentence."""
    was, is_now = row["component"], row["component_now"]
    if row["key"] == UNHEARD:
        return "work not in the pipeline", "What deals that nobody has heard of are expected to add."
    if row["stage_now"] is not None and row["stage_then"] is None:
        return (
            "new deal",
            f"New in the pipeline, in {row['stage_now']}, with a chance of {row['chance_now']:.0%}.",
        )
    if row["stage_then"] is not None and row["stage_now"] is None:
        if is_now is None:
            return "lost", f"Lost from {row['stage_then']}; its chance had been {row['chance_then']:.0%}."
        return "won", f"Won from {row['stage_then']}; its chance had been {row['chance_then']:.0%}."
    if row["stage_then"] is not None:
        return _moved(row)
    if was == "won_not_started" and is_now in ("backlog", "recurring"):
        return "work began", "It was won before, and work on it began."
    if is_now is None:
        return "project ended", "Nothing more is expected of it: it has ended, or paused for half a year."
    if was is None:
        return "work began", "Work on it began."
    return (
        "pace of work",
        "It goes on at the pace of its last weeks; work of this month that is not invoiced is in it.",
    )


def _moved(row: dict[str, object]) -> tuple[str, str]:
    chance = f"its chance is {row['chance_now']:.0%}, from {row['chance_then']:.0%}"
    if row["stage_now"] != row["stage_then"]:
        return "stage", f"From {row['stage_then']} to {row['stage_now']}; {chance}."
    if row["amount_now"] != row["amount_then"]:
        return (
            "amount",
            f"Its amount is {_amount(row['amount_now'])}, from {_amount(row['amount_then'])}; {chance}.",
        )
    if row["close_now"] != row["close_then"]:
        return (
            "close date",
            f"Expected to close on {_day(row['close_now'])}, from {_day(row['close_then'])}; {chance}.",
        )
    return "time passed", f"Nothing of it changed but a week passed; {chance}."


def _amount(amount: object) -> str:
    return f"{amount:,.0f}" if amount is not None else "unknown"


def _day(when: object) -> str:
    return f"{when:%-d %B %Y}" if when else "no day"


def _names(before: Sources, now: Sources) -> pl.DataFrame:
    items = pl.concat([now.items, before.items]).select("party_id", "party_name").drop_nulls()
    return items.unique("party_id", keep="first", maintain_order=True)


def by_item(change: pl.DataFrame) -> pl.DataFrame:
    """The lines of deals and projects, without those of clients that were invoiced."""
    return change.filter(pl.col("component") != "invoiced")


def summary(change: pl.DataFrame) -> pl.DataFrame:
    """One row a cause: cause, items, change_base; the largest first."""
    return (
        change.group_by("cause", maintain_order=True)
        .agg(items=pl.len().cast(pl.Int64), change_base=pl.col("change_base").sum())
        .sort(pl.col("change_base").abs(), "cause", descending=[True, False])
    )

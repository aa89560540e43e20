"""Journal lines that are out of the ordinary, each with its reasons.

Every reason is a feature, and its weight is how rare it is: -log10 of the share of comparable lines that
have it; the score of a line is the sum (histogram-based outlier score: Goldstein & Dengel, KI-2012;
features as in the journal-entry tests of ISA 240, paragraph A45: unusual accounts, dates, round amounts,
late entries). A firm that always posts on Saturdays is thus not told so. The amount's weight is -log10 of
a one-sided Student p-value of the robust z of its logarithm within the account. False alarms are held by
THRESHOLD, one in ten thousand if the features were independent, and by MOST, so that a page stays
readable.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.stats import t

from opslayer.intelligence.tables import MONEY, typed

MODEL = "journal_surprise"
MODEL_VERSION = "1"
JUDGED_DAYS = 92
THRESHOLD = 4.0
MOST = 50
FEWEST = 12
"""Lines from which an account has a range and pairings of its own."""
STRONGEST = 8.0
"""Weight no single feature goes beyond."""
LEAST_AMOUNT = 2.0
"""Weight of an amount below which it is no reason: one line in a hundred."""
LATE_DAYS = 31
NEAR_DAYS = 7
"""Two equal amounts this close are a possible duplicate."""
SETTLED_DAYS = 180
"""Days of books before an account's first use means anything."""
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "journal_line_id": pl.String(),
        "posted_on": pl.Date(),
        "account_name": pl.String(),
        "amount_base": MONEY,
        "score": pl.Float64(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def journal_lines(lines: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row an unusual line of the last JUDGED_DAYS days (columns of intelligence.unusual_journal_line).

    `lines` has the columns of core.journal_line, and account_name and role of its account. Lines of cash,
    receivable and payable accounts are the other half of every entry and are not judged, only paired with.
    """
    known = lines.filter(pl.col("posted_on") <= as_of).with_columns(
        size=pl.col("amount_base").cast(pl.Float64).abs()
    )
    own = known.filter(pl.col("role").is_null() & (pl.col("size") > 0))
    if own.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    own = own.sort("posted_on", "journal_line_id").join(_partners(known), on="journal_line_id", how="left")
    for feature in FEATURES:
        own = feature(own)
    weights = [name for name in own.columns if name.startswith("weight_")]
    words = [pl.when(pl.col(name) > 0).then(pl.col(name.replace("weight_", "words_"))) for name in weights]
    frame = own.with_columns(
        score=pl.sum_horizontal(weights).round(2),
        reasons=pl.concat_str(words, separator="; ", ignore_nulls=True),
        as_of=pl.lit(as_of),
        model=pl.lit(MODEL),
        model_version=pl.lit(MODEL_VERSION),
    )
    # below the firm's median line a surprise costs more to read than it can be worth
    frame = frame.filter(
        (pl.col("posted_on") > as_of - timedelta(days=JUDGED_DAYS))
        & (pl.col("score") >= THRESHOLD)
        & (pl.col("size") >= own["size"].median())
    )
    frame = frame.sort(["score", "size", "journal_line_id"], descending=[True, True, False]).head(MOST)
    return typed(frame, SCHEMA)


def _partners(lines: pl.DataFrame) -> pl.DataFrame:
    """The account each line was chiefly booked against: the largest line of the other sign in its entry."""
    side = lines.select(
        "journal_id", "journal_line_id", "account_name", "size", debit=pl.col("amount_base") > 0
    )
    largest = (
        side.sort(["size", "account_name"], descending=[True, False])
        .group_by("journal_id", "debit", maintain_order=True)
        .agg(partner=pl.col("account_name").first())
        .with_columns(debit=~pl.col("debit"))
    )
    return side.join(largest, on=["journal_id", "debit"], how="left").select("journal_line_id", "partner")


def _flagged(
    frame: pl.DataFrame, name: str, flag: pl.Expr, words: pl.Expr, *, everywhere: bool = False
) -> pl.DataFrame:
    """Add the weight and words of a yes-or-no feature: its rarity in the account, where ten lines at the
    firm's rate are counted in; or, with `everywhere`, its rarity in the firm."""
    frame = frame.with_columns(flag=flag.fill_null(False))
    firm = (frame["flag"].sum() + 1) / (len(frame) + 1)
    account = ((pl.col("flag").sum() + 10 * firm) / (pl.len() + 10)).over("account_id")
    rarity = -(pl.lit(firm) if everywhere else account).log10()
    return frame.with_columns(
        pl.when("flag").then(rarity.clip(0.0, STRONGEST)).otherwise(0.0).alias(f"weight_{name}"),
        words.alias(f"words_{name}"),
    ).drop("flag")


def _amount(frame: pl.DataFrame) -> pl.DataFrame:
    """How far up its range the amount lies: among the lines of its account booked against the same
    account; where those are few, of its account; where those are few, of the firm."""
    pair, account = ["account_id", "partner"], ["account_id"]
    among = (
        pl.when(pl.len().over(pair) >= FEWEST)
        .then(pl.lit("pair"))
        .when(pl.len().over(account) >= FEWEST)
        .then(pl.lit("account"))
        .otherwise(pl.lit("firm"))
    )
    frame = frame.with_columns(value=pl.col("size").log(), among=among)

    def compared(value: pl.Expr) -> pl.Expr:
        """`value` over the lines that a line is compared with."""
        choice = pl.when(pl.col("among") == "pair").then(value.over(pair))
        return choice.when(pl.col("among") == "account").then(value.over(account)).otherwise(value)

    frame = frame.with_columns(middle=compared(pl.col("value").median()), lines=compared(pl.len()))
    frame = frame.with_columns(above=pl.col("value") - pl.col("middle"))
    spread = 1.4826 * compared(pl.col("above").abs().median())
    z = frame.select(pl.col("above") / spread.clip(lower_bound=0.25)).to_series().to_numpy()
    freedom = np.maximum(frame["lines"].to_numpy().astype(float) - 1, 1)
    weight = np.minimum(-np.log10(np.maximum(t.sf(z, freedom), 1e-12)), STRONGEST)
    usual = {
        "pair": "the account's usual line of the kind",
        "account": "the account's usual line",
        "firm": "the firm's usual line",
    }
    return frame.with_columns(
        weight_amount=np.where(weight >= LEAST_AMOUNT, weight, 0.0),
        words_amount=pl.format(
            "{} times {} ({})",
            pl.col("above").exp().round(1),
            pl.col("among").replace_strict(usual),
            pl.col("middle").exp().map_elements("{:,.0f}".format, return_dtype=pl.String),
        ),
    )


def _duplicate(frame: pl.DataFrame) -> pl.DataFrame:
    same = ["account_id", "amount_base", "description"]
    days = (pl.col("posted_on") - pl.col("posted_on").shift(1).over(same)).dt.total_days()
    other = pl.col("journal_id") != pl.col("journal_id").shift(1).over(same)
    when = pl.when(days == 0).then(pl.lit("the same day")).when(days == 1).then(pl.lit("the day before"))
    words = pl.format(
        "the same amount and text in this account {} (journal {})",
        when.otherwise(pl.format("{} days before", days)),
        pl.col("journal_number").shift(1).over(same).cast(pl.String).fill_null("unnumbered"),
    )
    return _flagged(frame, "duplicate", (days <= NEAR_DAYS) & other, words)


def _round(frame: pl.DataFrame) -> pl.DataFrame:
    return _flagged(
        frame,
        "round",
        (pl.col("size") >= 1000) & (pl.col("size") % 1000 == 0),
        pl.lit("a round amount, rare here"),
    )


def _weekend(frame: pl.DataFrame) -> pl.DataFrame:
    day = pl.col("posted_on").dt.weekday()
    words = pl.format(
        "posted for a {}", pl.when(day == 6).then(pl.lit("Saturday")).otherwise(pl.lit("Sunday"))
    )
    return _flagged(frame, "weekend", day >= 6, words)


def _late(frame: pl.DataFrame) -> pl.DataFrame:
    days = (pl.col("created_at").dt.date() - pl.col("posted_on")).dt.total_days()
    return _flagged(
        frame, "late", days > LATE_DAYS, pl.format("entered {} days after its date", days), everywhere=True
    )


def _manual(frame: pl.DataFrame) -> pl.DataFrame:
    return _flagged(
        frame, "manual", pl.col("document_type") == "manual", pl.lit("a manual entry, rare in this account")
    )


def _pairing(frame: pl.DataFrame) -> pl.DataFrame:
    lines = pl.len().over("account_id")
    together = pl.len().over("account_id", "partner")
    weight = pl.when((lines >= FEWEST) & pl.col("partner").is_not_null()).then(-(together / lines).log10())
    return frame.with_columns(
        weight_pairing=pl.when(weight >= 1.0).then(weight.clip(0.0, STRONGEST)).otherwise(0.0),
        words_pairing=pl.format(
            "booked against {}, as only {} of the account's {} lines", "partner", together, lines
        ),
    )


def _first(frame: pl.DataFrame) -> pl.DataFrame:
    start = frame["posted_on"].min()
    first = pl.col("posted_on") == pl.col("posted_on").min().over("account_id")
    settled = (pl.col("posted_on") - pl.lit(start)).dt.total_days() >= SETTLED_DAYS
    return _flagged(frame, "first", first & settled, pl.lit("the first use of this account"), everywhere=True)


FEATURES: tuple[Callable[[pl.DataFrame], pl.DataFrame], ...] = (
    _amount,
    _duplicate,
    _round,
    _weekend,
    _late,
    _manual,
    _pairing,
    _first,
)

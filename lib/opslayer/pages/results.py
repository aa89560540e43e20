"""What the page Results shows: of one closed month, against budget or the month before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from opslayer import figures
from opslayer.intelligence import margin, variance
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Drawn, Meeting, Page, Shown, bars, figure, sentence, table

PROVED = 3  # months, newest first


def _choices(read: Reading) -> Iterator[dict[str, Any]]:
    for month in read("closed_months")["month"].head(PROVED):
        for against in ("budget", "prior"):
            yield {"month": month, "against": against}


def _pnl(read: Reading, **_: Any) -> Drawn:
    return figures.pnl(read("pnl_comparison"), theme=read.theme, as_of=read.as_of)


def _narrative(read: Reading, *, month: date, against: variance.Comparison) -> str:
    told = read("variance_narrative").filter(pl.col("month") == month)
    if told.is_empty():
        return ":gray[This month is not explained: the job morning explains the last twelve.]"
    return variance.latest_paragraph(told, against)


def _bridge(read: Reading, *, month: date, against: str) -> Drawn:
    return figures.variance_bridge(read("variance_driver"), comparison=against, month=month, theme=read.theme)


def _margin_paragraph(read: Reading, *, month: date, **_: str) -> str:
    return margin.paragraph(read("margin_narrative"), month)


def _margin_bridge(read: Reading, *, month: date, **_: str) -> Drawn:
    return figures.margin_bridge(read("margin_driver"), month=month, theme=read.theme)


def _by_practice(read: Reading, *, month: date, **_: str) -> pl.DataFrame:
    return margin.by_practice(read("margin_driver").filter(pl.col("month") == month))


def _whole(drawn: Any) -> float | None:
    """The whole of a bridge: its last bar."""
    return float(drawn.data[0]["x"][-1]) if drawn.data else None


def _profit(column: str) -> Any:
    def read(drawn: Any) -> float:
        rows = drawn.frame.filter(pl.col("line") == "Profit")
        return float(rows[column][0] or 0)

    return read


RESULTS = Page(
    "results",
    "What did the firm earn, and why is it not what was planned?",
    metrics=("revenue_against_budget", "gross_margin", "profit"),
    choices=_choices,
    shows=(
        Shown(
            "pnl",
            _pnl,
            (
                Meeting(
                    "the bars add up to the revenue that was booked",
                    bars(trace=0),
                    query="proof_revenue_booked",
                ),
            ),
        ),
        table(
            "statement",
            lambda read, *, month, **_: read("pnl_statement", month=month),
            {
                "line": "",
                "actual": "Actual",
                "budget": "Budget",
                "against_budget": "Difference",
                "prior_month": "Month before",
                "prior_year": "Year before",
            },
            empty="Nothing was booked.",
            meets=(
                Meeting(
                    "profit is the sum of the journal lines of the month",
                    _profit("actual"),
                    query="proof_profit_booked",
                ),
            ),
        ),
        sentence("narrative", _narrative),
        Shown(
            "variance_bridge",
            _bridge,
            (
                Meeting(
                    "the drivers add up to the difference in profit", _whole, query="proof_profit_difference"
                ),
            ),
        ),
        sentence("margin_paragraph", _margin_paragraph),
        Shown(
            "margin_bridge",
            _margin_bridge,
            meets=(
                Meeting(
                    "the drivers add up to what the practices differ by",
                    _whole,
                    query="proof_margin_drivers",
                ),
            ),
        ),
        table(
            "by_practice",
            _by_practice,
            margin.TITLES,
            empty="The job monday explains the last twelve months.",
        ),
        figure("unusual_months"),
        table(
            "unusual_lines",
            "unusual_lines",
            {"posted_on": "Posted", "account_name": "Account", "amount_base": "Amount", "reasons": "Why"},
            empty="None in the last look at the books; the job morning looks.",
        ),
    ),
)

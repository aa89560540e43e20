"""What the page Briefing shows: Monday in one screen."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from sqlalchemy import func, select

from opslayer import metrics
from opslayer.intelligence import inquiry, margin, overrun, revenue, utilisation
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Meeting, Page, sentence, table
from opslayer.store import Proposal

SHOWN = 3  # rows of each list; the page behind it has them all


def _practices(read: Reading, **_: str) -> pl.DataFrame:
    practices = margin.by_practice(margin.latest(read("margin_driver")))
    return practices.sort(pl.col("margin_base").abs(), descending=True).head(SHOWN)


def _quarter(read: Reading, **_: str) -> str:
    forecast = read("revenue_forecast")  # Wednesday's: it says of which
    if forecast.is_empty():
        return revenue.headline(forecast, currency=read.currency)
    made = forecast["as_of"].to_list()[0]
    return f"{revenue.headline(forecast, currency=read.currency)} As of {made.day} {made:%b %Y}."


def _waiting(read: Reading) -> pl.DataFrame:
    proposals = read.record("proposals").filter(pl.col("state").is_in(["proposed", "uncertain"]))
    return proposals.sort("level", "amount", descending=True, maintain_order=True)


def _decisions(read: Reading, **_: str) -> pl.DataFrame:
    return _waiting(read).with_columns(pl.col("amount").cast(pl.Float64)).head(SHOWN)


def out_of_range(read: Reading) -> list[metrics.MetricValue]:
    """What is out of its range, or could not be measured."""
    values = metrics.measure(read, metrics.load_metrics(read.firm))
    return [value for value in values if value.out_of_range or value.failure]


def _out(read: Reading, **_: str) -> str:
    every = len(metrics.load_metrics(read.firm))
    return f"**Out of range: {len(out_of_range(read))} of {every} numbers**"


def _first(query: str) -> Callable[..., pl.DataFrame]:
    return lambda read, **_: read(query).head(SHOWN)


BRIEFING = Page(
    "briefing",
    "What happened, what heads where it should not, and what waits for us this week?",
    shows=(
        sentence("month", lambda read, **_: margin.opening(read("margin_narrative"))),
        table(
            "practices",
            _practices,
            {"practice": "Against plan", "revenue_base": "Revenue", "margin_base": "Margin"},
            empty="",
        ),
        sentence("quarter", _quarter),
        sentence(
            "waiting",
            lambda read, **_: f"**{_waiting(read).height}** proposals wait.",
            meets=(
                Meeting(
                    "as many wait as the store has",
                    lambda drawn: float(drawn.split("**")[1]),
                    records=select(func.count())
                    .select_from(Proposal)
                    .where(Proposal.state.in_(("proposed", "uncertain"))),
                ),
            ),
            live=True,
        ),
        table(
            "decisions",
            _decisions,
            {"amount": "Amount, {currency}", "title": "Proposal"},
            empty="",
            live=True,
        ),
        sentence("projects", lambda read, **_: overrun.headline(read("project_forecast"))),
        table(
            "projects_named",
            _first("projects_named"),
            {"name": "Project", "money_at_risk_base": "At risk"},
            empty="",
        ),
        sentence("people", lambda read, **_: utilisation.headline(read("utilisation"), read.currency)),
        table(
            "people_named",
            _first("utilisation_named"),
            {"name": "Person", "utilisation": "Utilisation", "target": "Target"},
            empty="",
        ),
        sentence("inquiries", lambda read, **_: inquiry.headline(read("inquiries"))),
        table(
            "inquiries_named",
            _first("inquiries_named"),
            {"from_name": "From", "subject": "Subject"},
            empty="",
        ),
        sentence("out_of_range", _out),
    ),
)

"""Revenue of this quarter and the next: what is invoiced, what each source is expected to add, and how sure
that is.

Revenue is what is invoiced, on the day of the invoice and without tax, as in the profit and loss; work
of this month that is usually invoiced at its end is expected there. What is expected is worked out source by
source and rounded to cents by item, month, and the first week or the rest, so that every sum adds up;
intervals are of simulated paths, set around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from opslayer.intelligence.revenue.analogues import HORIZON
from opslayer.intelligence.revenue.inputs import Booleans, Floats, Integers
from opslayer.intelligence.revenue.season import Calendar, calendar, next_month, quarter_start
from opslayer.intelligence.revenue.simulation import PATHS, shared, simulate
from opslayer.intelligence.revenue.sources import COMPONENTS, INVOICED, RUNNING, UNHEARD, Sources
from opslayer.intelligence.tables import MONEY, typed

MODEL, VERSION = "sources of revenue, simulated", "2"
LEVELS = {50: (0.25, 0.75), 80: (0.1, 0.9), 95: (0.025, 0.975)}
WEEKS = 26
TOTAL = "total"
SOURCE_NAMES = {
    "invoiced": "invoiced",
    "recurring": "recurring",
    "backlog": "running projects",
    "won_not_started": "won, not started",
    "pipeline": "open deals",
    "not_in_pipeline": "not in the pipeline yet",
    TOTAL: "together",
}
"""Components as people read them, the surest first."""
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "period": pl.String(),
        "period_start": pl.Date(),
        "period_end": pl.Date(),
        "component": pl.String(),
        "expected_base": MONEY,
        **{f"{side}_{level}": MONEY for level in LEVELS for side in ("lower", "upper")},
        "items": pl.Int64(),
        "is_fallback": pl.Boolean(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


@dataclass(frozen=True)
class Expected:
    """Cents by item, part (first week, the rest) and month; the last item is the work nobody has heard of."""

    calendar: Calendar
    cents: Integers

    def within(self, start: date, end: date) -> Integers:
        """Cents by item and part of the months from `start` until the day before `end`."""
        chosen = [start <= month < end for month in self.calendar.months]
        total: Integers = self.cents[:, :, chosen].sum(axis=2)
        return total


def expect(sources: Sources) -> Expected:
    """What each item is expected to bring."""
    ahead = calendar(sources.season, sources.day, HORIZON, unbilled=sources.unbilled)
    flow, runs = _flow(sources)
    parts = np.zeros((len(flow), 2, len(ahead.months)))
    for chosen, share in ((runs, ahead.running), (~runs, ahead.share)):
        own = flow[chosen]
        parts[chosen] = np.stack([own[:, :1] @ share[:1], own[:, 1:] @ share[1:]], axis=1)
    return Expected(ahead, np.rint(parts * 100).astype(np.int64))


def _flow(sources: Sources) -> tuple[Floats, Booleans]:
    """Expected revenue of each item by week, without season, the work nobody has heard of last; which run."""
    flow = np.vstack([sources.expected(), sources.run_rate * sources.unheard.mean(axis=0)])
    return flow, np.append(~sources.is_deal, False)


def expected_items(sources: Sources, start: date, end: date) -> pl.DataFrame:
    """Items that are expected to bring something in the months from `start` until the day before `end`.

    The columns of `sources.items`, first_week_base and rest_base; most first.
    """
    cents = expect(sources).within(start, end)
    unheard = pl.DataFrame([{"key": UNHEARD, "component": UNHEARD}], schema=sources.items.schema)
    return (
        pl.concat([sources.items, unheard])
        .with_columns(first_week_base=_money(cents[:, 0]), rest_base=_money(cents[:, 1]))
        .filter((pl.col("first_week_base") != 0) | (pl.col("rest_base") != 0))
        .sort(pl.col("first_week_base") + pl.col("rest_base"), "key", descending=[True, False])
    )


def forecast(
    sources: Sources, *, seed: int = 0, fiscal_year_start: int = 1, paths: int = PATHS
) -> pl.DataFrame:
    """One row a period and component, and one of their total (columns of intelligence.revenue_forecast).

    Periods: WEEKS weeks from the day after, months to the end of the next quarter, this quarter and the
    next. A month or quarter that has begun holds what is invoiced already; a week is of what is to come.
    """
    expected = expect(sources)
    ahead = expected.calendar
    flows = simulate(sources, seed=seed, paths=paths)
    share = {name: ahead.running if name in RUNNING else ahead.share for name in flows}
    common = shared(sources, ahead, seed=seed, paths=paths)
    start = quarter_start(sources.day, fiscal_year_start)
    quarters = [(start, next_month(start, 3)), (next_month(start, 3), next_month(start, 6))]
    this_month = sources.day.replace(day=1)
    months = [(m, next_month(m)) for m in ahead.months if this_month <= m < quarters[1][1]]
    if months and months[0][0] != this_month:  # on the last day of a month all of it is behind
        months = [(this_month, next_month(this_month)), *months]
    rows = []
    for period, spans in (("month", months), ("quarter", quarters)):
        for first, until in spans:
            chosen = np.array([first <= month < until for month in ahead.months])
            drawn = {
                name: np.einsum("pk,km,pm->p", flow, share[name] * chosen, common)
                for name, flow in flows.items()
            }
            cents = expected.within(first, until).sum(axis=1)
            rows += _rows(sources, period, first, until, cents, drawn, invoiced(sources, first, until))
    weekly, runs = _flow(sources)
    weekly = weekly * np.where(runs[:, None], ahead.running.sum(axis=1), ahead.share.sum(axis=1))
    for week in range(WEEKS):
        first = sources.day + timedelta(days=7 * week + 1)
        drawn = {name: flow[:, week] * (common @ share[name][week]) for name, flow in flows.items()}
        cents = np.rint(weekly[:, week] * 100).astype(np.int64)
        rows += _rows(sources, "week", first, first + timedelta(days=7), cents, drawn, 0)
    return typed(pl.DataFrame(rows), SCHEMA)


def quantile(cents: int, paths: Floats, share: float, floor: float = 0.0) -> float:
    """Of drawn `paths`, set around what is expected; base currency, not below `floor`."""
    return round(max(float(np.quantile(cents / 100 + paths - paths.mean(), share)), floor), 2)


def _rows(
    sources: Sources,
    period: str,
    start: date,
    until: date,
    cents: Integers,
    drawn: dict[str, Floats],
    known: int,
) -> list[dict[str, object]]:
    component = np.array([*sources.items["component"].to_list(), UNHEARD])
    reasons = _reasons(sources)
    rows = []
    parts = {name: int(cents[component == name].sum()) for name in COMPONENTS[1:]}
    total = np.sum(list(drawn.values()), axis=0)
    shown = [(INVOICED, known, np.zeros(1), 0)] if period != "week" else []
    shown += [
        (name, parts[name], drawn[name], int((cents[component == name] > 0).sum())) for name in COMPONENTS[1:]
    ]
    shown.append((TOTAL, known + sum(parts.values()), total, int((cents > 0).sum())))
    for name, value, paths, items in shown:
        floor = known / 100 if name in (TOTAL, INVOICED) else 0.0
        quantiles = {
            f"{side}_{level}": quantile(value, paths, share, floor)
            for level, pair in LEVELS.items()
            for side, share in zip(("lower", "upper"), pair, strict=True)
        }
        rows.append(
            {
                "as_of": sources.day,
                "period": period,
                "period_start": start,
                "period_end": until - timedelta(days=1),
                "component": name,
                "expected_base": value / 100,
                **quantiles,
                "items": items,
                "is_fallback": sources.is_fallback,
                "reasons": reasons[name],
                "model": MODEL,
                "model_version": VERSION,
            }
        )
    return rows


def invoiced(sources: Sources, start: date, until: date) -> int:
    """Cents invoiced from `start` until the day before `until`, as far as they are known."""
    chosen = sources.revenue.filter((pl.col("day") >= start) & (pl.col("day") < until))
    return round(float(chosen["amount_base"].cast(pl.Float64).sum()) * 100)


def _reasons(sources: Sources) -> dict[str, str]:
    components = sources.items["component"]
    count = {name: int((components == name).sum()) for name in COMPONENTS}
    level = sources.level - 1
    past = (
        f"All sources are brought up by {level:.1%}: past quarters came to more than they said."
        if level > 0
        else f"All sources are brought down by {-level:.1%}: past quarters came to less than they said."
    )
    billed = " Work of this month that is usually invoiced at its end is in it." if sources.unbilled else ""
    short = " History is too short for more." if sources.is_fallback else ""
    return {
        "invoiced": "What is invoiced already.",
        "backlog": f"{count['backlog']} running projects, as ones so far through their budgets went on."
        f"{billed}{short}",
        "recurring": f"{count['recurring']} projects that are retainers, or have been worked on in nearly "
        f"every week of the year.{short}",
        "won_not_started": f"{count['won_not_started']} deals are won and no work on them has begun.",
        "pipeline": f"{count['pipeline']} open deals, by their chance, the week they are decided, and how "
        "won ones of their size began.",
        "not_in_pipeline": "Work of deals that are not in the pipeline yet, as there was at past days.",
        TOTAL: past if sources.level != 1.0 else "No past quarter is there to hold it against.",
    }


def _money(cents: Integers) -> pl.Series:
    return (pl.Series(cents).cast(pl.Decimal(20, 2)) / 100).cast(MONEY)


def by_source(table: pl.DataFrame) -> pl.DataFrame:
    """The quarters of a revenue_forecast by source, the surest first, without sources that bring nothing;
    `source` is the component in words."""
    order = pl.col("component").replace_strict(list(SOURCE_NAMES), range(len(SOURCE_NAMES)))
    return (
        table.filter(period="quarter")
        .filter((pl.col("upper_80") != 0) | (pl.col("component") == TOTAL))
        .sort("period_end", order)
        .with_columns(source=pl.col("component").replace(SOURCE_NAMES))
    )

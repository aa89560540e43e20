"""The sources of revenue ahead, each with its expected flow and its analogues: taught once, asked many
times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from opslayer.intelligence import win
from opslayer.intelligence.revenue import analogues
from opslayer.intelligence.revenue.analogues import HORIZON, Pool
from opslayer.intelligence.revenue.inputs import Booleans, Floats, Inputs, Integers, Work, full_weeks, worked
from opslayer.intelligence.revenue.season import Season, seasons, unbilled
from opslayer.intelligence.win import Outlook, WinModel

INVOICED, BACKLOG, RECURRING, WON, PIPELINE, UNHEARD = COMPONENTS = (
    "invoiced",
    "backlog",
    "recurring",
    "won_not_started",
    "pipeline",
    "not_in_pipeline",
)
RUNNING = (BACKLOG, RECURRING)
SIZES = (0.25, 0.5, 0.75, 0.9)  # of the amounts of won deals: the larger, the longer
STEADY_WEEKS, STEADY_SHARE = (
    52,
    0.9,
)  # work in so many of them makes a project recurring, whatever it is called
START_WEEKS, SPREAD_WEEKS = 2, 13  # of won work, until the firm has won deals of its own to go by
SHORTEST_RATE = 26  # weeks of work and invoices below which what is worked counts as what is invoiced


@dataclass(frozen=True)
class Sources:
    """What was known on `day`. One element, or row, an item.

    `items`: key (its opportunity, or else its project), component, name, party_id, party_name, stage.
    `scale` is what a path multiplies: a pace a week or an amount, base currency as invoiced. `won` is the
    chance of being won by week (deals only; one in the first week for what has been won). `pools` are by
    `pool`. `unheard`: paths of work nobody has heard of, over `run_rate`. No season is in any flow.
    `level`: what all flows were brought to by past quarters; `spread`: of its logarithm. `sizes` are the
    amounts that part won deals into classes, `of_size` the pool of each class. `unbilled` are weeks of this
    month's work that are not invoiced yet.
    """

    day: date
    items: pl.DataFrame
    scale: Floats
    won: Floats
    pool: Integers
    pools: tuple[Pool, ...]
    unheard: Floats
    run_rate: float
    realisation: float
    season: Season
    revenue: pl.DataFrame
    outlook: Outlook
    is_fallback: bool
    sizes: Floats
    of_size: Integers
    unbilled: float = 0.0
    level: float = 1.0
    spread: float = 0.0

    @property
    def is_deal(self) -> Booleans:
        """Items that start with being won; the others run."""
        deals: Booleans = self.items["component"].is_in([PIPELINE, WON]).to_numpy()
        return deals

    def expected(self) -> Floats:
        """Expected revenue of each item by week, without season; shape (items, HORIZON)."""
        mean = np.array([pool.mean for pool in self.pools]).reshape(-1, HORIZON)[self.pool]
        flow = mean * self.scale[:, None]
        for row in np.flatnonzero(self.is_deal):
            flow[row] = np.convolve(self.won[row], flow[row])[:HORIZON]
        return flow


def learn(inputs: Inputs, day: date, *, model: WinModel | None = None) -> Sources:
    """What was known on `day`, and what comes of such things. `model` was taught no later than `day`.

    Nothing dated after `day` is used. Budgets and the dates a project is due are not kept as they were
    known: the budget is taken as it stands, the due date not at all.
    """
    work = worked(inputs, day)
    season = seasons(inputs.revenue, day)
    factor = np.array([season.of(work.monday(week) + timedelta(days=3)) for week in range(work.weeks)])
    values = work.values / factor if work.weeks else work.values
    budget = _budget(work.projects)
    realisation = _realisation(inputs.revenue, work)
    standing = analogues.standings(values, budget, work.ended, [*analogues.landmarks(work.weeks), work.weeks])
    running = analogues.running_pools(values, standing)
    deals = _won_deals(inputs, work, day)
    paths, sizes = analogues.won_paths(
        work, values, deals["row"].to_numpy(), deals["closed"].to_numpy(), deals["amount"].to_numpy()
    )
    is_fallback = not running or len(paths) < analogues.FEWEST
    edges = np.quantile(sizes, SIZES) if len(sizes) else np.zeros(len(SIZES))
    book = _Book(running, paths, sizes, edges)
    now = standing.at(-1)
    ahead = win.outlook(inputs.deals, day, model)
    parts = [
        _running(work, values, now, book, realisation),
        _not_started(deals, values, work, book, realisation),
        _pipeline(ahead, book, realisation),
    ]
    of_size = book.of_size()
    unheard = analogues.unheard_of(work, values, standing)
    recent = values[:, -analogues.RUN_RATE_WEEKS :]
    return Sources(
        day=day,
        items=pl.concat([part[0] for part in parts]),
        scale=np.concatenate([part[1] for part in parts]),
        won=np.concatenate([part[2] for part in parts]),
        pool=np.concatenate([part[3] for part in parts]),
        pools=tuple(book.pools),
        unheard=unheard if len(unheard) else np.zeros((1, HORIZON)),
        run_rate=float(recent.sum() / max(recent.shape[1], 1)) * realisation,
        realisation=realisation,
        season=season,
        revenue=inputs.revenue.filter(pl.col("day") <= day),
        outlook=ahead,
        is_fallback=is_fallback,
        sizes=edges,
        of_size=of_size,
        unbilled=unbilled(inputs.revenue, season, day),
    )


class _Book:
    """Pools under the numbers that items hold: of running projects first, then of deals by size and wait."""

    def __init__(self, running: dict[int, Pool], paths: Floats, sizes: Floats, edges: Floats) -> None:
        steady = analogues.pool(np.ones((1, HORIZON)), np.ones(1))
        self.groups = sorted(running)
        self.pools = [running[number] for number in self.groups] or [steady]
        self._paths, self._sizes, self._edges = paths, sizes, edges
        self._numbers: dict[tuple[int, int], int] = {}

    def running(self, groups: Integers) -> Integers:
        if not self.groups:
            return np.zeros(len(groups), dtype=np.int64)
        return np.searchsorted(self.groups, groups).astype(np.int64)

    def deals(self, amounts: Floats, waited: Integers) -> Integers:
        sizes = np.digitize(amounts, self._edges)
        pairs = zip(sizes.tolist(), waited.tolist(), strict=True)
        return np.array([self._deal(size, wait) for size, wait in pairs], dtype=np.int64)

    def of_size(self) -> Integers:
        """Pools of deals that have not waited, by class of size."""
        return np.array([self._deal(size, 0) for size in range(len(self._edges) + 1)], dtype=np.int64)

    def _deal(self, size: int, waited: int) -> int:
        if (size, waited) not in self._numbers:
            own = np.digitize(self._sizes, self._edges) == size
            waiting = (self._paths[:, :waited] == 0).all(axis=1)
            whole = ~np.isnan(self._paths[:, -1])
            if (own & waiting & whole).sum() < analogues.FEWEST // 2:
                own = waiting
            own = own & waiting
            path = np.zeros((int(own.sum()), HORIZON))
            path[:, : HORIZON - waited] = self._paths[own, waited:]
            path[:, HORIZON - waited :] = self._paths[own, -1:]
            weight = self._sizes[own]
            if (own & whole).sum() < analogues.FEWEST // 2:
                path = np.zeros((1, HORIZON))
                path[0, START_WEEKS : START_WEEKS + SPREAD_WEEKS] = 1.0 / SPREAD_WEEKS
                weight = np.ones(1)
            self._numbers[size, waited] = len(self.pools)
            self.pools.append(analogues.pool(path, weight))
        return self._numbers[size, waited]


_Part = tuple[pl.DataFrame, Floats, Floats, Integers]
ITEMS = pl.Schema(
    dict.fromkeys(("key", "component", "name", "party_id", "party_name", "stage", "project_id"), pl.String())
)


def _running(work: Work, values: Floats, now: analogues.Standing, book: _Book, realisation: float) -> _Part:
    rows = work.projects.filter(pl.Series(now.running, dtype=pl.Boolean))
    chosen = values[now.running]
    recent = chosen[:, -STEADY_WEEKS:]
    steady = (recent.shape[1] == STEADY_WEEKS) & ((recent > 0).mean(axis=1) >= STEADY_SHARE)
    recurring = steady | (rows["billing"] == "retainer").fill_null(value=False).to_numpy()
    items = rows.with_columns(
        key=pl.coalesce("opportunity_id", "project_id"),
        component=pl.Series(np.where(recurring, RECURRING, BACKLOG).tolist(), dtype=pl.String),
        stage=pl.lit("running"),
    )
    groups = book.running(now.group[now.running])
    return _items(items), now.pace[now.running] * realisation, np.zeros((len(rows), HORIZON)), groups


def _not_started(deals: pl.DataFrame, values: Floats, work: Work, book: _Book, realisation: float) -> _Part:
    row = deals["row"].to_numpy()
    begun = (
        (row >= 0) & values[row.clip(0)].any(axis=1) if len(values) else np.zeros(len(row), dtype=np.bool_)
    )
    waited = (work.weeks - deals["closed"].to_numpy()).clip(0)
    waiting = ~begun & (waited < analogues.WAIT_WEEKS)
    rows = deals.filter(pl.Series(waiting, dtype=pl.Boolean))
    items = rows.with_columns(key="opportunity_id", component=pl.lit(WON), stage=pl.lit("won"))
    won = np.zeros((len(rows), HORIZON))
    won[:, 0] = 1.0
    amounts = rows["amount"].to_numpy()
    return _items(items), amounts * realisation, won, book.deals(amounts, np.minimum(waited[waiting], 8))


def _pipeline(ahead: Outlook, book: _Book, realisation: float) -> _Part:
    deals = ahead.deals.with_columns(project_id=pl.lit(None, pl.String))
    items = deals.with_columns(key="opportunity_id", component=pl.lit(PIPELINE))
    amounts = deals["amount_base"].cast(pl.Float64).fill_null(0.0).to_numpy()
    pools = book.deals(amounts, np.zeros(len(deals), dtype=np.int64))
    return _items(items), amounts * realisation, ahead.won[:, :HORIZON], pools


def _items(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in ITEMS.items())


def _won_deals(inputs: Inputs, work: Work, day: date) -> pl.DataFrame:
    """Deals won by `day`: the amount they were won at, their project's row (-1 without), full weeks when
    won."""
    rows = (
        work.projects.with_row_index("row")
        .drop_nulls("opportunity_id")
        .unique("opportunity_id", keep="first")
    )
    won = (
        inputs.deals.filter((pl.col("closed_on") <= day) & (pl.col("outcome") == "won"))
        .sort("opportunity_id", "known_from")
        .group_by("opportunity_id", maintain_order=True)
        .agg(pl.col("name", "party_id", "party_name", "closed_on", "amount_base").last())
        .join(
            rows.select("opportunity_id", "row", "project_id"),
            on="opportunity_id",
            how="left",
            maintain_order="left",
        )
    )
    return won.with_columns(
        row=pl.col("row").cast(pl.Int64).fill_null(-1),
        closed=pl.Series(full_weeks(won["closed_on"], work.first)),
        amount=pl.col("amount_base").cast(pl.Float64).fill_null(0.0),
    )


def _budget(projects: pl.DataFrame) -> Floats:
    """Budgets in base currency; 0 without one, and for retainers, which do not burn down."""
    known = (
        pl.when(pl.col("billing") == "retainer")
        .then(0.0)
        .otherwise(pl.col("budget_amount_base").cast(pl.Float64))
    )
    budget: Floats = projects.select(known.fill_null(0.0)).to_series().to_numpy()
    return budget


def _realisation(revenue: pl.DataFrame, work: Work) -> float:
    """What was invoiced over what was worked, over the last weeks that were full."""
    weeks = min(SHORTEST_RATE, work.weeks)
    if weeks == 0:
        return 1.0
    end = work.monday(work.weeks)
    since = end - timedelta(weeks=weeks)
    invoiced = float(
        revenue.filter((pl.col("day") >= since) & (pl.col("day") < end))["amount_base"].cast(pl.Float64).sum()
    )
    booked = float(work.values[:, -weeks:].sum())
    return invoiced / booked if booked > 0 and invoiced > 0 else 1.0

"""The chain of the current snapshot, computed once for all who look, and what a change to it moves."""

from __future__ import annotations

from dataclasses import dataclass

import parts
import polars as pl
import snapshot
import streamlit as st

from opslayer import figures
from opslayer.intelligence import chain, revenue
from opslayer.warehouse import open_layer


@dataclass(frozen=True)
class WhatIf:
    """One changed deal: the firm's cells that moved, the deal's own way through the chain, cash in by
    week, and the quarter's revenue."""

    before: chain.Chain
    after: chain.Chain
    moves: pl.DataFrame
    walk: pl.DataFrame
    cash: pl.DataFrame
    quarters: tuple[revenue.Quarter, revenue.Quarter]

    def total(self, step: str, *, later: bool = True) -> tuple[float, float]:
        """Sums of a step before and after; without `later`, of the cells that have a week or month."""
        sides = []
        for side in (self.before, self.after):
            cells = chain.totals(side).filter(pl.col("step") == step)
            kept = cells if later else cells.filter(~pl.col("is_later"))
            sides.append(float(kept["value"].sum()))
        return sides[0], sides[1]


@st.cache_resource(max_entries=2, show_spinner="Reading the snapshot")
def _before(directory: str, version: str) -> tuple[chain.Inputs, chain.Chain, revenue.Draws]:  # noqa: ARG001
    with open_layer(snapshot.firm(), version) as layer:
        inputs = chain.gather(layer, as_of=layer.as_of)
    return inputs, chain.compute(inputs), revenue.draw(inputs.sources, seed=inputs.seed)


def before() -> tuple[chain.Inputs, chain.Chain, revenue.Draws]:
    """What the published snapshot says, every link of it, and the revenue to come as drawn."""
    return _before(str(snapshot.firm().directory), snapshot.layer().version.name)


@st.cache_resource(max_entries=20, show_spinner="Computing")
def _what_if(directory: str, version: str, change: chain.Change) -> WhatIf:
    inputs, was, drawn = _before(directory, version)
    changed = chain.changed(inputs, change)
    becomes = chain.compute(changed)
    start = snapshot.firm().firm.fiscal_year_start
    redrawn = revenue.redraw(drawn, changed.sources, change.opportunity_id)
    return WhatIf(
        was,
        becomes,
        chain.moves(was, becomes),
        chain.walk(was, becomes, change.opportunity_id),
        chain.cash_weeks(was, becomes, inputs),
        (revenue.quarter(drawn, fiscal_year_start=start), revenue.quarter(redrawn, fiscal_year_start=start)),
    )


def what_if(change: chain.Change) -> WhatIf:
    """What a change moves: computed from the published snapshot, in memory; nothing is kept or published."""
    return _what_if(str(snapshot.firm().directory), snapshot.layer().version.name, change)


TOTALS = {
    "revenue": ("Revenue", "Expected revenue of open deals, next six months."),
    "margin": ("Margin", "Expected margin of open deals, next six months."),
    "cash": ("Cash", "Expected cash of open deals, thirteen weeks, without tax."),
    "shortage": ("Hours short", "Demand above what the firm means to bill, thirteen weeks."),
    "bench": ("Hours on the bench", "Hours meant to be billed that have no demand, thirteen weeks."),
}
STEPS = {
    "win": "Chance, %",
    "demand": "Hours of work",
    **{step: title for step, (title, _) in TOTALS.items()},
    "price": "Price of another deal",
    "displaced": "Margin it displaces",
}
"""Steps of the chain as people read them."""
WORSE_UP = ("shortage", "bench")


def totals(found: WhatIf) -> None:
    """What each step becomes, beside what it was."""
    with st.grid(len(TOTALS), min_column_width=parts.TILE, border=True, key="moved"):
        for step, (title, told) in TOTALS.items():
            was, becomes = found.total(step, later=False)
            change = f"{becomes - was:+,.0f}" if round(becomes - was) else None
            st.metric(
                title,
                f"{becomes:,.0f}",
                change,
                delta_color="inverse" if step in WORSE_UP else "normal",
                delta_description=f"was {was:,.0f}",
                help=told,
            )


def quarter(found: WhatIf) -> None:
    """The quarter's revenue, as it becomes, beside what it was."""
    was, becomes = found.quarters
    st.header(f"Revenue of the quarter to {becomes.end.day} {becomes.end:%B %Y}", anchor=False)
    words = {
        "Median": ("median", "Half of the cases come to more, half to less."),
        "Expected": ("expected_base", "The mean, as on the page Revenue."),
        "From": ("lower_80", "One chance in ten of less."),
        "To": ("upper_80", "One chance in ten of more."),
    }
    with st.grid(len(words), min_column_width=240, border=True, key="quarter"):
        for title, (name, told) in words.items():
            before, after = float(getattr(was, name)), float(getattr(becomes, name))
            change = f"{after - before:+,.0f}" if round(after - before) else None
            st.metric(title, f"{after:,.0f}", change, delta_description=f"was {before:,.0f}", help=told)
    st.caption("Eight chances in ten lie between *From* and *To*; what is invoiced is in it.")


def figures_of(found: WhatIf, *steps: str) -> None:
    """What moves in each step, cell by cell."""
    theme: figures.Theme = "dark" if st.context.theme.type == "dark" else "light"
    for step in steps:
        drawn = figures.chain_moves(found.moves, step=step, theme=theme)
        st.plotly_chart(drawn, key=f"moved-{step}", config={"displayModeBar": False}, theme=None)


def by_worth(deals: pl.DataFrame) -> pl.DataFrame:
    """Open deals, most expected amount first."""
    worth = pl.col("amount_base").cast(pl.Float64) * pl.col("win_probability")
    return deals.sort(worth, "opportunity_id", descending=[True, False], nulls_last=True)


def way(found: WhatIf) -> pl.DataFrame:
    """The deal's own cells that move; its chance in per cent."""
    scale = pl.when(pl.col("step") == "win").then(100.0).otherwise(1.0)
    values = pl.col("before", "after", "moved").cast(pl.Float64) * scale
    label = pl.col("label").replace({"chance": ""})
    return _titled(found.walk.filter(pl.col("moved") != 0).with_columns(values, label))


def elsewhere(found: WhatIf, deals: pl.DataFrame) -> pl.DataFrame:
    """What moves beyond the deal, by one or more: shortage, bench, and the prices of other deals by name."""
    names = dict(deals.select("opportunity_id", "name").iter_rows())
    moved = found.moves.filter(
        pl.col("step").is_in(["shortage", "bench", "price", "displaced"]), pl.col("moved").abs() >= 1
    )
    return _titled(moved.with_columns(pl.col("label").replace(names)))


def _titled(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.with_columns(pl.col("step").replace(STEPS))

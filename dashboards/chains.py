"""The chain of the current snapshot, computed once for all who look, and what a change to it moves."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import snapshot
import streamlit as st

from opslayer import figures
from opslayer.intelligence import chain
from opslayer.warehouse import open_layer


@dataclass(frozen=True)
class WhatIf:
    """One changed deal: the firm's cells that moved, and the deal's own way through the chain."""

    before: chain.Chain
    after: chain.Chain
    moves: pl.DataFrame
    walk: pl.DataFrame

    def total(self, step: str, *, later: bool = True) -> tuple[float, float]:
        """Sums of a step before and after; without `later`, of the cells that have a week or month."""
        sides = []
        for side in (self.before, self.after):
            cells = chain.totals(side).filter(pl.col("step") == step)
            kept = cells if later else cells.filter(~pl.col("is_later"))
            sides.append(float(kept["value"].sum()))
        return sides[0], sides[1]


@st.cache_resource(max_entries=2, show_spinner="Reading the snapshot")
def _before(directory: str, version: str) -> tuple[chain.Inputs, chain.Chain]:  # noqa: ARG001
    with open_layer(snapshot.firm(), version) as layer:
        inputs = chain.gather(layer, as_of=layer.as_of)
    return inputs, chain.compute(inputs)


def before() -> tuple[chain.Inputs, chain.Chain]:
    """What the published snapshot says, and every link of it."""
    return _before(str(snapshot.firm().directory), snapshot.layer().version.name)


@st.cache_resource(max_entries=20, show_spinner="Computing")
def _what_if(directory: str, version: str, change: chain.Change) -> WhatIf:
    inputs, was = _before(directory, version)
    becomes = chain.compute(chain.changed(inputs, change))
    return WhatIf(was, becomes, chain.moves(was, becomes), chain.walk(was, becomes, change.opportunity_id))


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
WORSE_UP = ("shortage", "bench")


def totals(found: WhatIf) -> None:
    """What each step becomes, beside what it was."""
    with st.grid(len(TOTALS), min_column_width=168, border=True, key="moved"):
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
    return found.walk.filter(pl.col("moved") != 0).with_columns(values)


def elsewhere(found: WhatIf, deals: pl.DataFrame) -> pl.DataFrame:
    """What moves beyond the deal, by one or more: shortage, bench, and the prices of other deals by name."""
    names = dict(deals.select("opportunity_id", "name").iter_rows())
    return found.moves.filter(
        pl.col("step").is_in(["shortage", "bench", "price", "displaced"]), pl.col("moved").abs() >= 1
    ).with_columns(pl.col("label").replace(names))

"""The month against plan in a paragraph for the leadership meeting: every number is a cell of the tables.

A fact carries its exact value, the one way it is written, and the cells of margin_driver or pnl_comparison it
is the sum of. `variance.verify_numbers` holds any text to them, a template's or a language model's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.margin.tables import OWN, largest
from opslayer.intelligence.variance import Fact
from opslayer.intelligence.wording import listed, written

MODEL = "margin_template"
MODEL_VERSION = "1"
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "month": pl.Date(),
        "practice": pl.String(),
        "paragraph": pl.String(),
        "facts": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)
WORDS = {
    "volume": "capacity",
    "rate": "rates",
    "mix": "the mix of practices",
    "utilisation": "utilisation",
    "realisation": "realisation",
    "scope": "unbilled overruns",
    "timing": "timing",
    "fx": "exchange rates",
    "cost": "cost",
    "other": "bills without hours, credit notes and other journals",
}
COST_WORDS = {
    ("volume", True): "fewer people than planned saved",
    ("volume", False): "more people than planned cost",
    ("cost", True): "spending below their plan saved",
    ("cost", False): "spending above their plan cost",
}
WORTH_SAYING = Decimal("0.05")
"""Share of all movement below which a driver is not named."""


def draft_month(
    drivers: pl.DataFrame, pnl: pl.DataFrame, *, month: date, currency: str, as_of: date
) -> pl.DataFrame:
    """Rows of intelligence.margin_narrative: one of the firm (practice null) and one of each practice."""
    mine = drivers.filter(pl.col("month") == month)
    books = pnl.filter(pl.col("month") == month)
    practices = mine["practice"].drop_nulls().unique().sort().to_list()
    rows = []
    for practice in (None, *practices):
        writer = _Writer(mine, books, month, practice, currency)
        text = writer.firm() if practice is None else writer.of_practice()
        facts = json.dumps([asdict(fact) for fact in writer.facts.values()], ensure_ascii=False)
        rows.append((as_of, month, practice, text, facts, MODEL, MODEL_VERSION))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


class _Writer:
    """Sentences over one month of the firm or of a practice, and the facts they have used so far."""

    def __init__(
        self, drivers: pl.DataFrame, pnl: pl.DataFrame, month: date, practice: str | None, currency: str
    ) -> None:
        self.all, self.pnl, self.currency = drivers, pnl, currency
        self.where: dict[str, object] = {} if practice is None else {"practice": practice}
        self.drivers = self._rows(self.where)
        self.facts: dict[str, Fact] = {}
        self.month = self._label("month", f"{month:%B %Y}")
        self.practice = practice

    def firm(self) -> str:
        sentences = [
            self._opening(),
            self._causes("revenue"),
            self._causes("cost"),
            self._practices(),
            self._clients(),
        ]
        return " ".join(sentence for sentence in sentences if sentence)

    def of_practice(self) -> str:
        name = self._label("practice", str(self.practice))
        revenue, margin = self._change("revenue", {"measure": "revenue"}), self._change("margin", {})
        opening = (
            f"{name}: revenue {self._than('revenue', revenue)}, margin {self._than('margin', margin)} "
            f"in {self.month}."
        )
        return " ".join(part for part in (opening, self._causes("revenue"), self._clients()) if part)

    def _opening(self) -> str:
        revenue = self._level("revenue", ("revenue",))
        margin = self._level("margin", ("revenue", "direct_cost"))
        off, margin_off = self._change("revenue", {"measure": "revenue"}), self._change("margin", {})
        return (
            f"{self.month} brought revenue of {self._text(revenue)}, {self._than('revenue', off)}, and a "
            f"margin after direct costs of {self._text(margin)}, {self._than('margin', margin_off)}."
        )

    def _causes(self, measure: str) -> str:
        mine = self.drivers.filter(pl.col("measure") == measure)
        sums = mine.group_by("driver").agg(pl.col("amount_base").sum())
        ranked = sorted(sums.iter_rows(), key=lambda pair: (-abs(pair[1]), pair[0]))
        whole = sum((abs(amount) for _, amount in ranked), Decimal(0))
        clauses = []
        for driver, amount in ranked:
            if not amount or abs(amount) < WORTH_SAYING * whole:
                continue
            self._change(f"{measure} {driver}", {"measure": measure, "driver": driver})
            effect = f"{WORDS[driver]} {'added' if amount > 0 else 'took'}"
            words = effect if measure == "revenue" else COST_WORDS[driver, amount > 0]
            clauses.append(f"{words} {self._text(f'{measure} {driver}')}")
        if not clauses:
            return ""
        return f"{'Of revenue' if measure == 'revenue' else 'Of direct costs'}, {listed(clauses)}."

    def _practices(self) -> str:
        """The practice that moved the margin most, and how."""
        sums = self.all.drop_nulls("practice").group_by("practice").agg(pl.col("amount_base").sum())
        ranked = sums.sort(pl.col("amount_base").abs(), "practice", descending=[True, False])
        if len(ranked) < 2:
            return ""
        name, amount = ranked.row(0)
        label = self._label("largest practice", name)
        self._change("largest practice change", {"practice": name})
        effect = "above" if amount > 0 else "below"
        return (
            f"Most of the difference lies in {label}, {self._text('largest practice change')} {effect} plan."
        )

    def _clients(self) -> str:
        """The clients whose own drivers moved the month most."""
        mine = self.drivers.filter(pl.col("party_id").is_not_null())
        clauses = []
        for place, (name, amount, _) in enumerate(
            largest(mine, by="party_name", rows=2).iter_rows(), start=1
        ):
            fact = f"client {place}"
            label = self._label(f"{fact} name", name)
            self._fact(
                fact,
                mine.filter(pl.col("party_name") == name, pl.col("driver").is_in(OWN)),
                {"party_name": name, "driver": list(OWN)},
            )
            clauses.append(f"{label} ({self._text(fact)} {'more' if amount > 0 else 'less'})")
        if not clauses:
            return ""
        return f"Rates, realisation, scope, timing and exchange moved it most at {listed(clauses)}."

    def _rows(self, where: Mapping[str, object]) -> pl.DataFrame:
        return self.all.filter(*(pl.col(name) == value for name, value in where.items()))

    def _change(self, name: str, where: Mapping[str, object]) -> Decimal:
        """The sum of the cells of margin_driver that `where` and the practice choose, as a fact."""
        chosen = {**self.where, **where}
        return self._fact(name, self._rows(chosen), chosen)

    def _fact(self, name: str, rows: pl.DataFrame, where: Mapping[str, object]) -> Decimal:
        value = Decimal(rows["amount_base"].sum())
        source = {"table": "margin_driver", "column": "amount_base", "where": {**self.where, **where}}
        self.facts[name] = Fact(name, f"{value:.2f}", written(value, self.currency), source)
        return value

    def _level(self, name: str, sections: tuple[str, ...]) -> str:
        value = Decimal(self.pnl.filter(pl.col("section").is_in(sections))["actual"].sum())
        source = {"table": "pnl_comparison", "column": "actual", "where": {"section": list(sections)}}
        self.facts[f"{name} level"] = Fact(
            f"{name} level", f"{value:.2f}", written(value, self.currency), source
        )
        return f"{name} level"

    def _than(self, name: str, change: Decimal) -> str:
        if not change:
            return "as planned"
        return f"{self._text(name)} {'above' if change > 0 else 'below'} plan"

    def _label(self, name: str, text: str) -> str:
        self.facts[name] = Fact(name, text, text, {"label": name})
        return text

    def _text(self, name: str) -> str:
        return self.facts[name].text

"""The month in a paragraph, drafted from the driver table: every number in it is one of its facts.

A fact carries its exact value, the one way it is written, and where it comes from: cells of the driver
table or of the P&L comparison, or a share of two other facts. `verify_numbers` holds any text to them, a
template's or a language model's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.variance.drivers import COLUMN, Comparison
from opslayer.intelligence.variance.timing import next_month
from opslayer.intelligence.wording import listed, written

MODEL = "variance_template"
MODEL_VERSION = "1"
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "month": pl.Date(),
        "comparison": pl.String(),
        "paragraph": pl.String(),
        "facts": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)
WORDS = {
    "volume": "volume",
    "price": "price",
    "mix": "mix",
    "fx": "exchange rates",
    "new": "new business",
    "timing": "timing",
    "other": "other items",
}
COST_WORDS = {**WORDS, "other": "spending"}
SECTIONS = {"direct_cost": "Direct costs", "overhead": "Overheads", "other_income": "Other income"}
WORTH_SAYING = Decimal("0.05")
"""Share of a section's movement below which a driver is not named."""
NUMBER = re.compile(
    r"\d(?:[\d.,]*\d)?(?:\s?(?:%|per cent\b|thousand\b|million\b|billion\b|[kmb]\b))?", re.IGNORECASE
)
SPELLED = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|hundreds?"
    r"|twice|double[ds]?|triple[ds]?|half|halved|quarter|third|thousands|millions|billions)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fact:
    """`value` is exact; `text` is how it is written; `source` says which cells it is the sum of."""

    name: str
    value: str
    text: str
    source: Mapping[str, object] = field(default_factory=dict)


def draft(
    drivers: pl.DataFrame,
    pnl: pl.DataFrame,
    *,
    month: date,
    comparison: Comparison,
    currency: str,
    as_of: date,
) -> pl.DataFrame:
    """One row of intelligence.variance_narrative, none where `drivers` has no such month."""
    mine = drivers.filter((pl.col("month") == month) & (pl.col("comparison") == comparison))
    if mine.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    writer = _Writer(mine, pnl.filter(pl.col("month") == month), month, comparison, currency)
    sentences = [
        writer.result(),
        writer.revenue(),
        *(writer.section(section) for section in SECTIONS),
        writer.largest(),
        writer.timing(),
    ]
    paragraph = " ".join(sentence for sentence in sentences if sentence)
    facts = json.dumps([asdict(fact) for fact in writer.facts.values()], ensure_ascii=False)
    row = (as_of, month, comparison, paragraph, facts, MODEL, MODEL_VERSION)
    return pl.DataFrame([row], schema=SCHEMA, orient="row")


def latest_paragraph(narratives: pl.DataFrame, comparison: Comparison) -> str:
    """What is said of the latest month of a variance_narrative; a sentence where nothing can be."""
    mine = narratives.filter(pl.col("comparison") == comparison).sort("month")
    if mine.is_empty():
        against = "a budget" if comparison == "budget" else "a month before"
        return f"There is no closed month with {against} to compare it with."
    return str(mine["paragraph"][-1])


def verify_numbers(paragraph: str, facts: str | Iterable[Mapping[str, object]]) -> list[str]:
    """Numbers of `paragraph`, in digits or in words, that no fact's text contains; empty is good."""
    listed = json.loads(facts) if isinstance(facts, str) else facts
    texts = [str(fact["text"]) for fact in listed]
    allowed = {number for text in texts for number in _numbers(text)}
    return [number for number in _numbers(paragraph) if number not in allowed]


def _numbers(text: str) -> list[str]:
    found = [*NUMBER.finditer(text), *SPELLED.finditer(text)]
    return [re.sub(r"\s+", " ", match.group()).casefold() for match in sorted(found, key=lambda m: m.start())]


class _Writer:
    """Sentences over one month, and the facts they have used so far."""

    def __init__(
        self, drivers: pl.DataFrame, pnl: pl.DataFrame, month: date, comparison: Comparison, currency: str
    ) -> None:
        self.drivers, self.pnl, self.currency = drivers, pnl, currency
        self.column = COLUMN[comparison]
        self.names = dict(pnl.select("account_code", "account_name").iter_rows())
        self.facts: dict[str, Fact] = {}
        self.month = self._label("month", f"{month:%B %Y}")
        before = next_month(month, -1)
        self.against = "budget" if comparison == "budget" else self._label("prior month", f"{before:%B %Y}")

    def result(self) -> str:
        actual, change = self._level("result", None), self._change("result", {})
        word = "a profit" if actual >= 0 else "a loss"
        return (
            f"{self.month} closed with {word} of {self._text('result')}, "
            f"{self._than('result change', change, 'above', 'below')}{self._share(change)}."
        )

    def revenue(self) -> str:
        if self.pnl.filter(pl.col("section") == "revenue").is_empty():
            return ""
        self._level("revenue", "revenue")
        change = self._change("revenue", {"section": "revenue"})
        opening = (
            f"Revenue of {self._text('revenue')} was {self._than('revenue change', change, 'above', 'below')}"
        )
        causes = self._causes("revenue", WORDS)
        return f"{opening}: {causes}." if causes else f"{opening}."

    def section(self, section: str) -> str:
        if self.drivers.filter(pl.col("section") == section).is_empty():
            return ""
        cost = section != "other_income"
        name = SECTIONS[section]
        change = self._change(name, {"section": section})
        if abs(change) <= WORTH_SAYING / 5 * abs(Decimal(self.facts["result change"].value)):
            return ""
        # profit-signed: a cost that lowers profit is a higher cost
        up, down = ("lower than", "higher than") if cost else ("above", "below")
        verb = "were" if cost else "was"
        opening = f"{name} {verb} {self._than(f'{name} change', change, up, down)}"
        causes = self._causes(section, COST_WORDS)
        return f"{opening}: {causes}." if causes else f"{opening}."

    def largest(self) -> str:
        """The biggest movements by account and item, timing and leftovers apart."""
        sums = (
            self.drivers.filter(~pl.col("driver").is_in(["timing"]))
            .group_by("section", "account_code", "item", "driver")
            .agg(pl.col("amount_base").sum())
            .with_columns(size=pl.col("amount_base").abs())
            .sort(["size", "section", "account_code", "item", "driver"], descending=[True, *[False] * 4])
            .head(2)
        )
        clauses = []
        for rank, row in enumerate(sums.iter_rows(named=True), start=1):
            where = {name: row[name] for name in ("section", "account_code", "item", "driver")}
            name = f"movement {rank}"
            amount = self._change(name, where)
            item = row["item"] or ""
            account = self.names.get(row["account_code"]) or row["account_code"] or "unnamed account"
            label = self._label(
                f"{name} name", f"{account}, {item}" if item.casefold() not in account.casefold() else account
            )
            words = WORDS if row["section"] == "revenue" else COST_WORDS
            effect = "added" if amount > 0 else "cost"
            clauses.append(
                f"{words[row['driver']]} in {label}, which {effect} {self._text(f'{name} change')}"
            )
        if not clauses:
            return ""
        plural = "movements were" if len(clauses) > 1 else "movement was"
        return f"The largest single {plural} {'; and '.join(clauses)}."

    def timing(self) -> str:
        amount = self._change("timing", {"driver": "timing"})
        if abs(amount) <= WORTH_SAYING * abs(Decimal(self.facts["result change"].value)):
            return ""
        effect = "helped" if amount > 0 else "hurt"
        return (
            f"Timing {effect} profit by {self._text('timing change')}: it moved between neighbouring months "
            "and is not a change in the business."
        )

    def _causes(self, section: str, words: Mapping[str, str]) -> str:
        """The drivers worth naming; nothing where all of it is leftovers, which would only say it again."""
        mine = self.drivers.filter(pl.col("section") == section)
        sums = mine.group_by("driver").agg(pl.col("amount_base").sum())
        ranked = sorted(sums.iter_rows(), key=lambda pair: (-abs(pair[1]), pair[0]))
        if [driver for driver, amount in ranked if amount] in ([], ["other"]):
            return ""
        whole = sum(abs(amount) for _, amount in ranked)
        clauses = []
        for driver, amount in ranked:
            if not amount or abs(amount) < WORTH_SAYING * whole:
                continue
            name = f"{section} {driver}"
            self._change(name, {"section": section, "driver": driver})
            clauses.append(
                f"{words[driver]} {'added' if amount > 0 else 'took'} {self._text(f'{name} change')}"
            )
        return listed(clauses)

    def _level(self, name: str, section: str | None) -> Decimal:
        rows = self.pnl if section is None else self.pnl.filter(pl.col("section") == section)
        where = {} if section is None else {"section": section}
        source = {"table": "pnl_comparison", "column": "actual", "where": where}
        return self._fact(name, Decimal(rows["actual"].sum()), source)

    def _change(self, name: str, where: Mapping[str, object]) -> Decimal:
        rows = self.drivers.filter(
            *(pl.col(column).eq_missing(pl.lit(value)) for column, value in where.items())
        )
        source = {"table": "variance_driver", "column": "amount_base", "where": dict(where)}
        return self._fact(f"{name} change", Decimal(rows["amount_base"].sum()), source)

    def _share(self, change: Decimal) -> str:
        """The change as a share of the comparison, where that is a profit and the share says something."""
        before = Decimal(self.pnl[self.column].sum())
        if before <= 0 or not change or abs(change) > 2 * before:
            return ""
        source = {"table": "pnl_comparison", "column": self.column, "where": {}}
        self._fact("result before", before, source)
        share = abs(change / before)
        text = f"{share:.1%}"
        self.facts["result share"] = Fact(
            "result share", f"{share:.6f}", text, {"share": ["result change", "result before"]}
        )
        return f" ({text})"

    def _than(self, name: str, change: Decimal, up: str, down: str) -> str:
        if not change:
            return f"in line with {self.against}"
        return f"{self._text(name)} {up if change > 0 else down} {self.against}"

    def _fact(self, name: str, value: Decimal, source: Mapping[str, object]) -> Decimal:
        self.facts[name] = Fact(name, f"{value:.2f}", written(value, self.currency), source)
        return value

    def _label(self, name: str, text: str) -> str:
        self.facts[name] = Fact(name, text, text, {"label": name})
        return text

    def _text(self, name: str) -> str:
        return self.facts[name].text

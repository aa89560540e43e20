"""What the two sheets for the leadership meeting say: from frames to words, numbers, lengths of bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl

from opslayer.actions.evidence import written_day
from opslayer.intelligence import inquiry, margin, overrun, utilisation
from opslayer.metrics import MetricValue, difference, written

NUMBERS = (
    "revenue_against_budget",
    "gross_margin",
    "utilisation",
    "money_at_risk",
    "cash",
    "cash_in_13_weeks",
    "dso",
    "over_90",
)
"""The few numbers, in their order."""
MONTHS, PRACTICES, MOVERS, PROJECTS, PEOPLE, INQUIRIES = 12, 9, 5, 8, 8, 14
"""Rows that fit on the sheets."""
LONGEST = 46
"""Letters of a name that fit into its column."""
NOT_TODAY = "Not worked out this Monday."


@dataclass(frozen=True)
class Standing:
    """Frames of the named queries of one snapshot; `metrics` as measured on it."""

    firm: str
    currency: str
    as_of: date
    metrics: Sequence[MetricValue]
    pnl: pl.DataFrame
    margin_driver: pl.DataFrame
    margin_narrative: pl.DataFrame
    project_forecast: pl.DataFrame
    utilisation: pl.DataFrame
    inquiry: pl.DataFrame


def sheets(standing: Standing) -> dict[str, Any]:
    """The values of templates/leadership.typ, in values that JSON carries.

    A part whose table is not of the day says so: yesterday's answer is no answer.
    """
    return {
        "firm": standing.firm,
        "currency": standing.currency,
        "as_of": written_day(standing.as_of),
        "week": f"Week {standing.as_of.isocalendar().week}",
        "numbers": _numbers(standing),
        "out_of_range": _out_of_range(standing),
        "month": _month(standing),
        "trend": _trend(standing.pnl, standing.as_of),
        "projects": _projects(_of_day(standing.project_forecast, standing.as_of)),
        "people": _people(_of_day(standing.utilisation, standing.as_of), standing.currency),
        "inquiries": _inquiries(_of_day(standing.inquiry, standing.as_of)),
    }


def subject(values: dict[str, Any]) -> str:
    return f"Monday briefing, {values['as_of']}"


def _of_day(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    return frame.filter(pl.col("as_of") == as_of)


def _numbers(standing: Standing) -> list[dict[str, Any]]:
    measured = {value.metric.name: value for value in standing.metrics}
    return [_number(measured[name], standing.currency) for name in NUMBERS if name in measured]


def _number(value: MetricValue, currency: str) -> dict[str, Any]:
    return {
        "title": value.metric.title,
        "value": written(value.value, value.metric.unit, currency),
        "change": difference(value, currency) or "",
        "before": value.metric.before,
        "out": value.out_of_range or value.failure is not None,
    }


def _out_of_range(standing: Standing) -> str:
    out = [value for value in standing.metrics if value.out_of_range or value.failure]
    if not out:
        return "Every number is in its range."
    names = ", ".join(
        f"{value.metric.title} ({written(value.value, value.metric.unit, standing.currency)})"
        for value in out
    )
    return f"Out of range: {names}."


def _month(standing: Standing) -> dict[str, Any]:
    drivers = margin.latest(_of_day(standing.margin_driver, standing.as_of))
    if drivers.is_empty():
        empty: dict[str, Any] = {name: [] for name in ("bridge", "columns", "rows", "practices")}
        empty |= {name: [] for name in ("clients", "projects")}
        return {"title": "The month against plan", "paragraph": NOT_TODAY, **empty}
    table, told = margin.by_practice(drivers), _of_day(standing.margin_narrative, standing.as_of)
    return {
        "title": f"{drivers['month'][0]:%B %Y} against plan",
        "paragraph": margin.paragraph(told),
        "bridge": _bridge(margin.by_driver(drivers)),
        "columns": [margin.TITLES[name] for name in table.columns],
        "rows": [
            [_short(row["practice"]), *(_thousands(row[name]) for name in table.columns[1:])]
            for row in table.head(PRACTICES).iter_rows(named=True)
        ],
        "practices": [
            _sentences(margin.paragraph(told, practice=name), 8 * LONGEST)
            for name in table["practice"].head(PRACTICES)
            if name not in (margin.NOT_A_PRACTICE, margin.ALL)
        ],
        "clients": _movers(drivers, "party_name"),
        "projects": _movers(drivers, "project_name"),
    }


def _movers(drivers: pl.DataFrame, by: str) -> list[list[str]]:
    rows = margin.largest(drivers, by=by, rows=MOVERS)
    return [[_short(name), _thousands(amount), driver] for name, amount, driver in rows.iter_rows()]


def _bridge(drivers: pl.DataFrame) -> list[dict[str, Any]]:
    """Bars from where the one above ended, as shares of the whole reach; the last is their sum."""
    names = [*drivers["driver"], "Difference"]
    amounts = drivers["margin"].cast(pl.Float64).to_list()
    ends = [0.0]
    for amount in amounts:
        ends.append(ends[-1] + amount)
    spans = [*pairwise(ends), (0.0, ends[-1])]
    low, high = min(ends), max(ends)
    reach = (high - low) or 1.0
    return [
        {
            "name": margin.NAMES.get(name, name),
            "amount": _thousands(end - start),
            "start": (min(start, end) - low) / reach,
            "length": abs(end - start) / reach,
            "good": end >= start,
            "total": name == "Difference",
        }
        for name, (start, end) in zip(names, spans, strict=True)
    ]


def _trend(pnl: pl.DataFrame, as_of: date) -> list[dict[str, Any]]:
    """Revenue of the last closed months beside its plan, as shares of the largest."""
    closed = pnl.filter(pl.col("section") == "revenue", pl.col("month").dt.month_end() <= as_of)
    months = (
        closed.group_by("month")
        .agg(pl.col("actual", "budget").sum().cast(pl.Float64))
        .sort("month")
        .tail(MONTHS)
    )
    top = max([*months["actual"], *months["budget"], 1.0])
    return [
        {
            "month": f"{month:%b}",
            "actual": max(actual, 0.0) / top,
            "plan": budget / top if budget else None,
            "amount": f"{actual / 1e6:.1f}",
        }
        for month, actual, budget in months.iter_rows()
    ]


def _projects(forecast: pl.DataFrame) -> dict[str, Any]:
    if forecast.is_empty():
        return {"said": NOT_TODAY, "rows": []}
    named = overrun.named(forecast).head(PROJECTS)
    top = max((row["upper_80"] / float(row["budget_hours"]) for row in named.to_dicts()), default=1.0)
    rows = [
        {
            "name": _short(row["name"]),
            "client": _short(row["party_name"]),
            "budget": f"{row['budget_hours']:,.0f}",
            "expected": f"{row['eac_hours']:,.0f}",
            "low": row["lower_80"] / float(row["budget_hours"]) / top,
            "middle": row["eac_hours"] / float(row["budget_hours"]) / top,
            "high": row["upper_80"] / float(row["budget_hours"]) / top,
            "whole": 1 / top,
            "risk": _thousands(row["money_at_risk_base"], sign=""),
            "since": f"{row['first_visible_on']:%b %Y}" if row["first_visible_on"] else "",
        }
        for row in named.to_dicts()
    ]
    return {"said": _plain(overrun.headline(forecast)), "rows": rows}


def _people(table: pl.DataFrame, currency: str) -> dict[str, Any]:
    if table.is_empty():
        return {"said": NOT_TODAY, "rows": []}
    rows = [
        {
            "name": _short(row["name"]),
            "practice": _short(row["practice"]),
            "utilisation": row["utilisation"],
            "target": row["target"],
            "now": f"{row['utilisation']:.0%}",
            "asked": f"{row['target']:.0%}",
            "short": _thousands(row["money_short_base"], sign=""),
            "mend": _sentences(row["mend"]),
        }
        for row in utilisation.named(table).head(PEOPLE).to_dicts()
    ]
    return {"said": _plain(utilisation.headline(table, currency)), "rows": rows}


def _inquiries(found: pl.DataFrame) -> dict[str, Any]:
    """What came in, the most certain first; a mail's words are cut, and never read as more than words."""
    rows = [
        {
            "who": _short(row["party_name"] or row["from_name"] or row["from_address"]),
            "match": row["match"] or "",
            "practice": _short(row["practice"]),
            "hours": f"{row['hours']:,.0f}" if row["hours"] else "",
            "starts": f"{row['starts_on']:%-d %b}" if row["starts_on"] else "",
            "subject": _short(row["subject"], 2 * LONGEST),
        }
        for row in inquiry.inquiries(found).head(INQUIRIES).to_dicts()
    ]
    return {"said": _plain(inquiry.headline(found)), "rows": rows}


def _thousands(amount: Any, sign: str = "+") -> str:
    """An amount in thousands; one that rounds to nothing has no sign."""
    if amount is None:
        return ""
    thousands = round(float(amount) / 1000)
    return f"{thousands:{sign if thousands else ''},}"


def _sentences(text: str | None, longest: int = 3 * LONGEST) -> str:
    """The first sentences that fit, whole; a first one that does not is cut."""
    said, *more = " ".join((text or "").split()).split(". ")
    for sentence in more:
        if len(said) + len(sentence) + 3 > longest:
            return _short(said, longest).removesuffix(".") + "."
        said = f"{said}. {sentence}"
    return _short(said, longest)


def _short(text: str | None, longest: int = LONGEST) -> str:
    words = " ".join((text or "").split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def _plain(markdown: str) -> str:
    return markdown.replace("**", "")


def addresses(people: Iterable[Any], roles: Sequence[str]) -> list[str]:
    """E-mail addresses of people with one of the roles, as firm.toml has them, each once."""
    return list(dict.fromkeys(person.email for person in people if set(person.roles) & set(roles)))

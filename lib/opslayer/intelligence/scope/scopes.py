"""A preliminary scope for each inquiry that says enough: hours by role, weeks, price, what it rests on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from opslayer.intelligence.inquiry.capacity import WEEK_HOURS
from opslayer.intelligence.inquiry.vocabulary import stems
from opslayer.intelligence.scope.backtest import MODEL, VERSION
from opslayer.intelligence.scope.estimate import LEAST, Estimate, by_role, estimate
from opslayer.intelligence.scope.similar import Asked, Past, most_similar
from opslayer.intelligence.tables import MONEY, typed

HOURS: pl.DataType = pl.Decimal(18, 4)
Column = pl.DataType | type[pl.DataType]
MADE: dict[str, Column] = {"model": pl.String, "model_version": pl.String}
SCOPE: dict[str, Column] = {
    "as_of": pl.Date, "message_id": pl.String, "subject": pl.String, "client": pl.String,
    "practice": pl.String, "basis": pl.String, "asked_hours": pl.Float64, "hours": pl.Int64,
    "lower_80": pl.Float64, "upper_80": pl.Float64, "weeks": pl.Int64, "people": pl.Float64,
    "price_base": MONEY, "price_lower_80_base": MONEY, "price_upper_80_base": MONEY, "budget_base": MONEY,
    "similar": pl.Int64, "share_over": pl.Float64, "document": pl.String, "reasons": pl.String,
    **MADE,
}  # fmt: skip
ROLE: dict[str, Column] = {
    "as_of": pl.Date, "message_id": pl.String, "role": pl.String, "hours": pl.Int64, "rate_base": MONEY,
    "price_base": MONEY,
    **MADE,
}  # fmt: skip
SIMILAR: dict[str, Column] = {
    "as_of": pl.Date, "message_id": pl.String, "rank": pl.Int64, "project_id": pl.String, "name": pl.String,
    "party_name": pl.String, "similarity": pl.Float64, "budget_hours": HOURS, "hours": HOURS,
    "ratio": pl.Float64, "ended_on": pl.Date, "ending": pl.String,
    **MADE,
}  # fmt: skip


@dataclass(frozen=True)
class Experience:
    """What scopes are drawn from: past projects, the hours of each role on them, today's prices and rates.

    `role_hours` has project_id, role and hours; `rates` practice, role and rate_base; `currencies` is
    currency -> base currency for one of it.
    """

    past: Past
    role_hours: pl.DataFrame
    rates: pl.DataFrame
    currencies: Mapping[str, float]


def scope_inquiries(inquiries: pl.DataFrame, known: Experience, *, as_of: date) -> dict[str, pl.DataFrame]:
    """The tables scope, scope_role and scope_similar, of rows of intelligence.inquiry.

    One that does not qualify, or for which fewer than LEAST projects have ended, has none.
    """
    scopes: list[dict[str, Any]] = []
    roles: list[pl.DataFrame] = []
    similar: list[pl.DataFrame] = []
    for inquiry in inquiries.filter("qualifies").to_dicts():
        made = _scope(inquiry, known, as_of)
        if made is not None:
            scopes.append(made[0])
            roles.append(made[1])
            similar.append(made[2])
    return {
        "scope": _table(pl.DataFrame(scopes, infer_schema_length=None), SCOPE, as_of),
        "scope_role": _table(pl.concat(roles) if roles else pl.DataFrame(), ROLE, as_of),
        "scope_similar": _table(pl.concat(similar) if similar else pl.DataFrame(), SIMILAR, as_of),
    }


def _scope(
    inquiry: dict[str, Any], known: Experience, as_of: date
) -> tuple[dict[str, Any], pl.DataFrame, pl.DataFrame] | None:
    past = known.past.ended_before(as_of)
    if len(past.projects) < LEAST:
        return None
    first = Asked(
        practice=inquiry["practice"],
        skills=tuple((inquiry["skills"] or "").split(", ")) if inquiry["skills"] else (),
        words=frozenset(stems(f"{inquiry['subject'] or ''} {inquiry['excerpt'] or ''}")),
        party_id=inquiry["party_id"],
    )
    budget = _in_base(inquiry, known.currencies)
    sized = _size(inquiry, budget, most_similar(first, past))
    if sized is None:
        return None
    hours, basis = sized
    similar = most_similar(Asked(first.practice, hours, first.skills, first.words, first.party_id), past)
    expected = estimate(hours, similar, weeks=inquiry["weeks"], people=inquiry["people"])
    team = by_role(
        expected.hours,
        known.role_hours.filter(pl.col("project_id").is_in(similar["project_id"].to_list())),
        _prices(known.rates, inquiry["practice"]),
    )
    if team.is_empty():
        return None
    price = float(team["price_base"].sum())
    row = {
        "message_id": inquiry["message_id"],
        "subject": inquiry["subject"],
        "client": inquiry["party_name"] or inquiry["from_address"] or "somebody without an address",
        "practice": inquiry["practice"],
        "basis": basis,
        "asked_hours": expected.asked,
        "hours": float(team["hours"].sum()),
        "lower_80": min(expected.lower, float(team["hours"].sum())),
        "upper_80": max(expected.upper, float(team["hours"].sum())),
        "weeks": expected.weeks,
        "people": expected.people,
        "price_base": round(price, 2),
        "price_lower_80_base": round(price * min(expected.lower / expected.hours, 1), 2),
        "price_upper_80_base": round(price * max(expected.upper / expected.hours, 1), 2),
        "budget_base": budget,
        "similar": len(similar),
        "share_over": expected.share_over,
        "document": document_name(inquiry, as_of),
        "reasons": " ".join(_reasons(inquiry, basis, expected, similar, price, budget)),
    }
    return row, _of(team, inquiry), _of(_named(similar), inquiry)


def document_name(inquiry: dict[str, Any], as_of: date) -> str:
    """A file's name without its ending: the day, plain letters of the subject, the mail's key."""
    plain = unicodedata.normalize("NFKD", inquiry["subject"] or "").encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-")[:40].strip("-") or "scope"
    return f"{as_of}-{words}-{inquiry['message_id'].rpartition(':')[2][:8]}"


def _size(inquiry: dict[str, Any], budget: float | None, similar: pl.DataFrame) -> tuple[float, str] | None:
    """Hours as asked, and what they were taken from."""
    if inquiry["hours"]:
        return float(inquiry["hours"]), "hours"
    if inquiry["people"] and inquiry["weeks"]:
        return float(inquiry["people"] * inquiry["weeks"] * WEEK_HOURS), "people and weeks"
    priced = similar.filter(pl.col("value_base") > 0)
    if budget is None or priced.is_empty():
        return None
    value, hours = (float(priced[name].cast(pl.Float64).sum()) for name in ("value_base", "hours"))
    return budget * hours / value, "budget"


def _in_base(inquiry: dict[str, Any], currencies: Mapping[str, float]) -> float | None:
    rate = currencies.get(inquiry["currency"] or "")
    return round(float(inquiry["budget"]) * rate, 2) if inquiry["budget"] is not None and rate else None


def _prices(rates: pl.DataFrame, practice: str) -> pl.DataFrame:
    """role and rate_base: the practice's own, else the middle of all practices."""
    own = rates.filter(practice=practice).select("role", pl.col("rate_base").cast(MONEY))
    every = rates.group_by("role").agg(pl.col("rate_base").cast(pl.Float64).median().cast(MONEY))
    return pl.concat([own, every.join(own, on="role", how="anti")])


def _reasons(
    inquiry: dict[str, Any], basis: str, expected: Estimate, similar: pl.DataFrame, price: float,
    budget: float | None,
) -> list[str]:  # fmt: skip
    of_practice = int((similar["practice"] == inquiry["practice"]).sum())
    middle = expected.hours / expected.asked
    told = [
        f"It asks for {expected.asked:,.0f} hours (by its {basis}).",
        f"The {len(similar)} most similar projects, {of_practice} of them {inquiry['practice']}, took a "
        f"median of {middle:.2f} times the hours agreed; {expected.share_over:.0%} took more than agreed.",
    ]
    if expected.is_whole:
        told.append("They are too few for four chances in five: the range is from the least to the most.")
    if basis == "budget":
        told.append("Nobody said how much work it is: the budget was taken at what such hours cost.")
    if budget is not None and basis != "budget":
        share = budget / price - 1
        if share < -0.1:
            told.append(f"What may be spent is {-share:.0%} less than the expected price.")
        elif share > 0.1:
            told.append(f"What may be spent is {share:.0%} more than the expected price.")
        else:
            told.append("What may be spent is about the expected price.")
    if budget is None and inquiry["budget"] is not None:
        told.append(f"There is no rate for {inquiry['currency']}, so its budget is not compared.")
    return told


def _named(similar: pl.DataFrame) -> pl.DataFrame:
    over = pl.col("ratio") - 1
    share = (over.abs() * 100).round(0).cast(pl.Int64)
    ending = (
        pl.when(share == 0).then(pl.lit("on its budget"))
        .when(over > 0).then(pl.format("{}% over its budget", share))
        .otherwise(pl.format("{}% under its budget", share))
    )  # fmt: skip
    return similar.with_row_index("rank", offset=1).with_columns(
        pl.format("{}, after {} weeks", ending, pl.col("weeks").cast(pl.Int64)).alias("ending")
    )


def _of(rows: pl.DataFrame, inquiry: dict[str, Any]) -> pl.DataFrame:
    return rows.with_columns(message_id=pl.lit(inquiry["message_id"]))


def _table(rows: pl.DataFrame, columns: dict[str, Column], as_of: date) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=columns)
    made = rows.with_columns(as_of=pl.lit(as_of), model=pl.lit(MODEL), model_version=pl.lit(VERSION))
    return typed(made, pl.Schema(columns))

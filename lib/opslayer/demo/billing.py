"""What is billed how, and where invoices go: contracts, addresses and milestones that were reopened."""

from __future__ import annotations

from typing import Any

import polars as pl

from opslayer.demo.calendar import Month

A_KIND = 3  # running projects of each kind of contract whose last month waits for its bill
REOPENED = 2  # milestones reopened after they were invoiced
HOME = "IE"
COUNTRY = {"GBP": "GB", "USD": "US"}
ABROAD = ("DE", "FR", "NL")  # of every fourth client that pays in euros
CITY = {"IE": "Dublin", "DE": "Hamburg", "FR": "Lyon", "NL": "Utrecht", "GB": "Leeds", "US": "Boston"}
POSTCODE = {"IE": "D02 X{:03d}", "DE": "20{:03d}", "FR": "69{:03d}", "NL": "3{:03d} AB", "GB": "LS1 {}AA",
            "US": "02{:03d}"}  # fmt: skip
RETAINER_SHARE = 0.2  # of the budget, paid in advance


def billing_tables(
    made: dict[str, pl.DataFrame], parties: pl.DataFrame, calendar: list[Month], key: dict[str, Any]
) -> dict[str, pl.DataFrame]:
    """The template tables contract and billing_address, and milestone with some reopened; adds to the key."""
    contracts = _contracts(made["project"], made["time_entry"], calendar)
    milestone, reopened = _reopened(made["milestone"])
    addresses, strangers = _addresses(parties)
    key["billing"] = {
        "unbilled_milestones": _unbilled(milestone),
        "reopened_after_invoicing": reopened,
        "unbilled_time": contracts.filter(pl.col("billed_through") < str(calendar[-2].first))[
            "project_id"
        ].to_list(),
        "abroad_without_tax_id": strangers,
    }
    return {"contract": contracts, "billing_address": addresses, "milestone": milestone}


def _unbilled(milestone: pl.DataFrame) -> list[str]:
    done = milestone.filter(status="done").filter(pl.col("invoice_id").is_null())
    return done.filter(pl.col("amount").cast(pl.Float64) > 0)["milestone_id"].to_list()


def _contracts(project: pl.DataFrame, time: pl.DataFrame, calendar: list[Month]) -> pl.DataFrame:
    """One for every running project with a client: the last month of a few that are billed by time waits."""
    last, before = calendar[-2], calendar[-3]
    billable = time.filter(pl.col("is_billable") == "true")
    busy = billable.filter(pl.col("worked_on").is_between(pl.lit(str(last.first)), pl.lit(str(last.last))))
    running = project.filter(pl.col("status") == "active", pl.col("party_id").is_not_null())
    waiting = running.filter(
        pl.col("project_id").is_in(busy["project_id"].implode()), billing="time_and_materials"
    )
    waiting = waiting.sort(pl.col("budget_amount").cast(pl.Float64), "project_id", descending=[True, False])
    kinds = ("time_and_materials", "capped", "retainer")
    kind = {p: kinds[n % 3] for n, p in enumerate(waiting["project_id"].head(3 * A_KIND))}
    budget = pl.col("budget_amount").cast(pl.Float64)
    chosen = pl.col("project_id").is_in(list(kind))
    billing = pl.col("project_id").replace_strict(kind, default=pl.col("billing"))
    number = pl.int_range(1, pl.len() + 1)
    return running.with_columns(agreed=billing).select(
        pl.format("K{}", number.cast(pl.String).str.zfill(5)).alias("contract_id"),
        "project_id",
        pl.col("agreed").alias("billing"),
        _hundreds(pl.when(pl.col("agreed") == "capped").then(budget)).alias("cap_amount"),
        _hundreds(pl.when(pl.col("agreed") == "retainer").then(budget * RETAINER_SHARE)).alias(
            "retainer_amount"
        ),
        pl.when(number % 2 == 0).then(pl.format("PO-{}", 40000 + number)).alias("purchase_order"),
        pl.when(pl.col("agreed") != "fixed_price")
        .then(pl.when(chosen).then(pl.lit(str(before.last))).otherwise(pl.lit(str(last.last))))
        .alias("billed_through"),
    )


def _hundreds(value: pl.Expr) -> pl.Expr:
    return ((value / 100).round() * 100).cast(pl.Decimal(18, 2)).cast(pl.String)


def _reopened(milestone: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The last milestones that were invoiced are not done after all."""
    billed = milestone.filter(pl.col("invoice_id").is_not_null()).sort("completed_on", "milestone_id")
    chosen = sorted(billed["milestone_id"].tail(REOPENED))
    undone = pl.col("milestone_id").is_in(chosen)
    return milestone.with_columns(
        status=pl.when(undone).then(pl.lit("reopened")).otherwise("status"),
        completed_on=pl.when(~undone).then("completed_on"),
    ), chosen


def _addresses(parties: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Every client's: at home, or abroad by the currency it pays in. The last elsewhere in the Union gave no
    tax id: nobody knows who owes the tax."""
    rows = []
    for turn, (party, kind, currency) in enumerate(
        parties.select("party_id", "kind", "currency").iter_rows()
    ):
        if kind == "client":
            abroad = ABROAD[turn // 4 % len(ABROAD)] if turn % 4 == 3 else HOME
            rows.append(_address(party, turn, COUNTRY.get(currency, abroad)))
    stranger = next(row for row in reversed(rows) if row["country"] in ABROAD)
    stranger["tax_id"] = None
    return pl.DataFrame(rows, schema_overrides={"tax_id": pl.String}), [str(stranger["party_id"])]


def _address(party: str, turn: int, country: str) -> dict[str, str | None]:
    return {
        "billing_address_id": f"A{turn + 1:05d}",
        "party_id": party,
        "name": None,
        "street": f"{turn % 97 + 1} Quay Street",
        "postcode": POSTCODE[country].format(turn % 9 if country == "GB" else turn % 1000),
        "city": CITY[country],
        "country": country,
        "tax_id": f"{country}{7_000_000 + turn * 137 % 999_983}",
        "email": None,
    }

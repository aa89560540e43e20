"""Each month that was bent is found, by the driver or the account it was bent by; hardly any other named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache

import polars as pl
import pytest

from opslayer import demo
from opslayer.intelligence import margin, unusual, variance
from opslayer.intelligence.variance.timing import next_month
from opslayer.warehouse import open_layer
from tests.planted import Planted

SEEDS = (1, 2, 3)
FOUND_BY = {"price": "realisation", "fx": "fx"}  # of margin; variance, by the books alone, says price and fx
CURRENCY_GAINS = "4900"
BENT_PRICE = ("Implementation", "4010")


@pytest.fixture(scope="module")
def told(planted: Callable[[int], Planted]) -> Callable[[int], dict[str, pl.DataFrame]]:
    """What Monday says of a seed's months, worked out once."""

    @cache
    def of_seed(seed: int) -> dict[str, pl.DataFrame]:
        firm = planted(seed).firm
        with open_layer(firm) as layer:
            currency = firm.base_currency
            return (
                margin.run(layer, as_of=demo.AS_OF, currency=currency)
                | variance.run(layer, as_of=demo.AS_OF, currency=currency)
                | unusual.run(layer, as_of=demo.AS_OF)
                | {"pnl_comparison": layer.query("pnl_comparison")}
            )

    return of_seed


def months(answers: list[dict[str, str]], key: str) -> dict[tuple[date, str], dict[str, str]]:
    return {
        (date.fromisoformat(f"{answer['month']}-01"), answer[key]): answer
        for answer in answers
        if key in answer
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_every_bent_month_is_named_by_what_bent_it(
    seed: int, planted: Callable[[int], Planted], told: Callable[[int], dict[str, pl.DataFrame]]
) -> None:
    answers, tables = planted(seed).answers, told(seed)
    drivers, accounts = (
        months(answers["bent_months"], "driver"),
        set(months(answers["bent_months"], "account")),
    )
    assert len(drivers) + len(accounts) == 3
    named = set(tables["margin_unusual"].select("month", "driver").rows())
    odd = set(tables["unusual_account_month"].select("month", "account_code").rows())
    assert accounts <= odd
    bent = {(month, FOUND_BY[driver]) for month, driver in drivers}
    for month, driver in bent - named:
        assert (driver, (month, CURRENCY_GAINS) in odd) == ("fx", True), "its gains and losses name it"

    # what was bent shows elsewhere too: in gains as its invoices are paid, and where journals were planted
    rates = [month for month, driver in drivers if driver == "fx"]
    echoes = {(next_month(month, step), CURRENCY_GAINS) for month in rates for step in range(3)}
    false = (named - bent) | (odd - accounts - echoes - planted_journals(planted(seed)))
    assert 5 * len(false) <= len(named) + len(odd), false


def planted_journals(firm: Planted) -> set[tuple[date, str]]:
    """Months and accounts of the journals that were planted beside the bent months."""
    ids = {answer["journal_id"] for answer in firm.answers["unusual_journals"]}
    with open_layer(firm.firm) as layer:
        lines = layer.query("journal_lines")
    mine = lines.filter(pl.col("journal_id").str.split(":").list.last().is_in(ids))
    return set(mine.select(pl.col("posted_on").dt.month_start(), "account_code").rows())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_split_of_a_bent_month_puts_it_where_it_belongs(
    seed: int, planted: Callable[[int], Planted], told: Callable[[int], dict[str, pl.DataFrame]]
) -> None:
    tables = told(seed)
    drivers = tables["margin_driver"].filter(pl.col("measure") == "revenue")
    for month, driver in months(planted(seed).answers["bent_months"], "driver"):
        sums = (
            drivers.filter(pl.col("driver") == FOUND_BY[driver])
            .group_by("month", "practice")
            .agg(pl.col("amount_base").sum())
        )
        by_month = sums.group_by("month").agg(pl.col("amount_base").sum()).sort("amount_base")
        assert by_month["month"][0] == month, "no month lost more by it"
        books = tables["variance_driver"].filter(pl.col("comparison") == "budget", pl.col("driver") == driver)
        losses = books.group_by("month").agg(pl.col("amount_base").sum()).sort("amount_base")
        assert losses["month"][0] == month, "the books alone say so too"
        if driver == "price":
            practice = sums.filter(pl.col("month") == month).sort("amount_base")["practice"][0]
            account = books.filter(pl.col("month") == month).sort("amount_base")["account_code"][0]
            assert (practice, account) == BENT_PRICE


@pytest.mark.parametrize("seed", SEEDS)
def test_every_month_adds_up_to_the_cent_and_says_only_what_is_in_the_table(
    seed: int, told: Callable[[int], dict[str, pl.DataFrame]]
) -> None:
    tables = told(seed)
    drivers, pnl = tables["margin_driver"], tables["pnl_comparison"]
    assert drivers["month"].n_unique() == margin.MONTHS
    for month in drivers["month"].unique():
        for measure, section in (("revenue", "revenue"), ("cost", "direct_cost")):
            mine = drivers.filter(pl.col("month") == month, pl.col("measure") == measure)
            books = pnl.filter(pl.col("month") == month, pl.col("section") == section)
            assert mine["amount_base"].sum() == books["actual"].sum() - books["budget"].sum()
    for paragraph, facts in tables["margin_narrative"].select("paragraph", "facts").iter_rows():
        assert variance.verify_numbers(paragraph, facts) == []
    assert drivers["amount_base"].abs().max() > Decimal(0)

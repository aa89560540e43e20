"""What in the books is out of the ordinary: planted oddities are found, ordinary books are left in peace."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from opslayer.intelligence import unusual
from opslayer.intelligence.unusual.journal_lines import MOST, THRESHOLD
from opslayer.intelligence.variance.timing import next_month

AS_OF = date(2026, 6, 10)
FIRST = date(2023, 6, 1)


def months(seed: int, accounts: int = 40) -> pl.DataFrame:
    """36 ordinary months: steady, seasonal, noisy and sparse accounts, and revenue."""
    generator = np.random.default_rng(seed)
    rows = []
    for account in range(accounts):
        level, noise = generator.uniform(2_000, 60_000), generator.uniform(0.02, 0.2)
        for step in range(37):
            month = next_month(FIRST, step)
            amount = level * (1 + noise * generator.standard_normal())
            if account % 4 == 1 and month.month == 12:
                amount *= 3
            if account % 4 == 2:
                amount = level * generator.integers(0, 2) if generator.random() < 0.3 else 0.0
            section = "revenue" if account % 10 == 0 else "overhead"
            sign = 20 if section == "revenue" else -1
            rows.append((month, section, f"{account:04d}", f"Account {account}", round(sign * amount, 2)))
    return pl.DataFrame(
        rows,
        schema={
            "month": pl.Date,
            "section": pl.String,
            "account_code": pl.String,
            "account_name": pl.String,
            "amount_base": pl.Float64,
        },
        orient="row",
    ).with_columns(pl.col("amount_base").cast(pl.Decimal(18, 2)))


def changed(frame: pl.DataFrame, code: str, month: date, factor: float) -> pl.DataFrame:
    here = (pl.col("account_code") == code) & (pl.col("month") == month)
    value = (pl.col("amount_base").cast(pl.Float64) * factor).cast(pl.Decimal(18, 2))
    return frame.with_columns(amount_base=pl.when(here).then(value).otherwise("amount_base"))


def test_a_planted_account_month_is_found_with_its_reason() -> None:
    planted = changed(months(1), "0003", date(2026, 4, 1), 6.0)
    found = unusual.account_months(planted, as_of=AS_OF)
    row = found.row(0, named=True)
    assert (row["account_code"], row["month"]) == ("0003", date(2026, 4, 1))
    assert "times the usual; the largest of" in row["reasons"]
    assert not row["lower"] <= row["amount_base"] <= row["upper"]
    assert row["lower"] <= row["expected"] <= row["upper"]


def test_a_month_that_is_missing_is_found() -> None:
    found = unusual.account_months(changed(months(2), "0004", date(2026, 3, 1), 0.0), as_of=AS_OF)
    reasons = dict(found.select(pl.concat_str("account_code", "month"), "reasons").iter_rows())
    assert "nothing was booked" in reasons["00042026-03-01"]


def test_ordinary_books_raise_few_alarms_and_december_none() -> None:
    alarms = [unusual.account_months(months(seed), as_of=AS_OF) for seed in range(10, 20)]
    seasonal = [f"{account:04d}" for account in range(1, 40, 4)]
    december = [
        frame.filter((pl.col("month").dt.month() == 12) & pl.col("account_code").is_in(seasonal))
        for frame in alarms
    ]
    assert sum(frame.height for frame in december) <= 1  # of 100 Decembers at three times the level
    assert sum(frame.height for frame in alarms) <= 5  # of 4 800 account months judged


def test_a_month_that_has_not_ended_is_not_judged() -> None:
    planted = changed(months(1), "0003", date(2026, 6, 1), 9.0)
    assert unusual.account_months(planted, as_of=AS_OF).filter(pl.col("month") == date(2026, 6, 1)).is_empty()
    assert not unusual.account_months(planted, as_of=date(2026, 6, 30)).is_empty()


def test_amounts_too_small_to_matter_are_left_out() -> None:
    books = months(3)
    small = books.filter(pl.col("account_code") == "0003").with_columns(
        account_code=pl.lit("9999"), amount_base=(pl.col("amount_base") / 10_000).cast(pl.Decimal(18, 2))
    )
    planted = changed(pl.concat([books, small]), "9999", date(2026, 4, 1), 50.0)
    assert "9999" not in unusual.account_months(planted, as_of=AS_OF)["account_code"]


def journal(seed: int = 5, entries: int = 3000) -> pl.DataFrame:
    """Ordinary entries: a cost or revenue line against payables or receivables, on weekdays, entered soon."""
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(entries):
        account = int(generator.integers(0, 12))
        day = date(2024, 7, 1) + timedelta(days=int(generator.integers(0, 709)))
        day -= timedelta(days=max(day.weekday() - 4, 0))
        amount = float(np.round(np.exp(generator.normal(5 + account / 4, 0.5)), 2))
        rows += entry(number, day, f"Account {account}", amount, "Payables", "payable")
    return lines(rows)


def entry(
    number: int,
    day: date,
    account: str,
    amount: float,
    against: str,
    role: str | None,
    *,
    entered: int = 2,
    kind: str = "bill",
    text: str | None = None,
) -> list[tuple[object, ...]]:
    created = datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=entered)
    text = text or f"entry {number}"
    common = (f"j{number}", str(number), day, created)
    return [
        (f"l{number}a", *common, account, account, text, amount, kind, None),
        (f"l{number}b", *common, against, against, text, -amount, kind, role),
    ]


def lines(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    schema = {
        "journal_line_id": pl.String,
        "journal_id": pl.String,
        "journal_number": pl.String,
        "posted_on": pl.Date,
        "created_at": pl.Datetime("us", "UTC"),
        "account_id": pl.String,
        "account_name": pl.String,
        "description": pl.String,
        "amount_base": pl.Float64,
        "document_type": pl.String,
        "role": pl.String,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("amount_base").cast(pl.Decimal(18, 2)))


THURSDAY = date(2026, 5, 14)
PLANTED = {
    "times the account's usual line": entry(9001, THURSDAY, "Account 3", 9_400, "Payables", "payable"),
    "days after its date": entry(
        9002, THURSDAY, "Account 4", 900, "Payables", "payable", entered=200, kind="manual"
    ),
    "posted for a Sunday": entry(
        9003, THURSDAY + timedelta(days=3), "Account 5", 5_000, "Payables", "payable", kind="manual"
    ),
    "booked against Owner's drawings, as only 1 of": entry(
        9004, THURSDAY, "Account 6", 1_800, "Owner's drawings", None, entered=60
    ),
    "the first use of this account": entry(9005, THURSDAY, "Gifts", 20_000, "Payables", "payable"),
    "the same amount and text in this account the day before (journal 9006)": [
        *entry(9006, THURSDAY, "Account 7", 1_234.56, "Payables", "payable", text="licence"),
        *entry(
            9007,
            THURSDAY + timedelta(days=1),
            "Account 7",
            1_234.56,
            "Payables",
            "payable",
            text="licence",
            kind="manual",
        ),
    ],
    "a round amount": entry(9008, THURSDAY, "Account 8", 20_000, "Payables", "payable"),
}


@pytest.mark.parametrize("reason", PLANTED)
def test_each_planted_oddity_is_found_with_its_reason(reason: str) -> None:
    rows = PLANTED[reason]
    found = unusual.journal_lines(pl.concat([journal(), lines(rows)]), as_of=AS_OF)
    last = str(rows[-1][0]).replace("b", "a")
    reasons = dict(found.select("journal_line_id", "reasons").iter_rows())
    assert last in reasons, found
    assert reason in reasons[last]


def test_ordinary_entries_raise_few_alarms() -> None:
    found = unusual.journal_lines(journal(), as_of=AS_OF)
    assert found.height <= 3  # of some 390 judged lines
    assert (found["score"] >= THRESHOLD).all()


def test_a_firm_that_always_books_on_sundays_is_not_told_so() -> None:
    sundays = journal().with_columns(
        posted_on=pl.col("posted_on").dt.offset_by("1w").dt.truncate("1w") - pl.duration(days=1)
    )
    found = unusual.journal_lines(sundays, as_of=AS_OF)
    assert not any("Sunday" in text for text in found["reasons"])


def test_alarms_are_capped_and_only_of_late_lines() -> None:
    rows = [
        row
        for n in range(200)
        for row in entry(
            8000 + n, THURSDAY - timedelta(days=n), "Account 3", 90_000 + n, "Payables", "payable"
        )
    ]
    found = unusual.journal_lines(pl.concat([journal(), lines(rows)]), as_of=AS_OF)
    assert found.height <= MOST
    assert (found["posted_on"] > AS_OF - timedelta(days=92)).all()
    assert found["score"].is_sorted(descending=True)


def test_control_accounts_are_not_judged_and_nothing_gives_nothing() -> None:
    found = unusual.journal_lines(pl.concat([journal(), lines(PLANTED["a round amount"])]), as_of=AS_OF)
    assert "Payables" not in found["account_name"]
    assert unusual.journal_lines(journal().clear(), as_of=AS_OF).is_empty()
    assert unusual.account_months(months(1).clear(), as_of=AS_OF).is_empty()


def test_the_order_of_rows_changes_nothing() -> None:
    books = pl.concat([journal(), lines(PLANTED["a round amount"])])
    again = books.sample(fraction=1.0, shuffle=True, seed=2)
    assert_frame_equal(unusual.journal_lines(books, as_of=AS_OF), unusual.journal_lines(again, as_of=AS_OF))
    table = changed(months(1), "0003", date(2026, 4, 1), 6.0)
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=2)
    assert_frame_equal(
        unusual.account_months(table, as_of=AS_OF), unusual.account_months(shuffled, as_of=AS_OF)
    )


@pytest.mark.real
def test_on_a_real_ledger_the_alarms_are_few_and_name_their_reason(real_data: Path) -> None:
    folder = real_data / "connectors/xero"
    rows = pl.read_csv(folder / "xero_journal_line_data.csv", infer_schema=False)
    heads = pl.read_csv(folder / "xero_journal_data.csv", infer_schema=False)
    books = rows.join(heads, on="journal_id").select(
        "journal_line_id",
        "journal_id",
        "journal_number",
        "account_id",
        "account_name",
        "description",
        posted_on=pl.col("journal_date").str.to_date(),
        created_at=pl.col("created_date_utc").str.slice(0, 19).str.to_datetime(),
        amount_base=pl.col("net_amount").cast(pl.Decimal(18, 2)),
        document_type=pl.col("source_type").replace({"MANJOURNAL": "manual"}),
        role=pl.when(pl.col("account_type") == "BANK")
        .then(pl.lit("cash"))
        .when(pl.col("account_name").is_in(["Accounts Receivable", "Accounts Payable"]))
        .then(pl.lit("control")),
    )
    found = unusual.journal_lines(books, as_of=date(2021, 1, 15))
    assert 3 <= found.height <= 20
    assert found["reasons"].str.len_chars().min() > 10  # type: ignore[operator]
    assert "Wealthsimple Investments" in found["account_name"]  # round, and far above the firm's usual line

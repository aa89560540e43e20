"""What the demo firm is fitted to: the facts are those of the real ledger, and the books have them."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import NormalDist

import polars as pl
import pytest

from opslayer.demo import facts
from tests.shared import whole_firm

TURNED_FROM = "2026-04"  # clients of the key are late since


def day(name: str) -> pl.Expr:
    return pl.col(name).str.slice(0, 10).str.to_date(strict=False)


@pytest.fixture(scope="module")
def real(real_data: Path) -> pl.DataFrame:
    """The ledger's paid sales invoices: client, days late, total."""
    path = real_data / "connectors" / "xero" / "xero_invoice_data.csv"
    paid = pl.read_csv(path, infer_schema=False).filter(type="ACCREC", status="PAID")
    return paid.select(
        client="contact_id",
        late=(day("fully_paid_on_date") - day("due_date")).dt.total_days(),
        terms=(day("due_date") - day("date")).dt.total_days(),
        total=pl.col("total").cast(pl.Float64),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> pl.DataFrame:
    """The demo firm's paid sales invoices, the same columns, and the month they were issued."""
    folder = whole_firm(tmp_path_factory, worker_id)
    key = json.loads((folder / "answer_key.json").read_text())
    payment = pl.read_csv(folder / "data" / "payment.csv", infer_schema=False).filter(direction="in")
    last = payment.group_by("document_id").agg(pl.col("paid_on").max())
    invoice = pl.read_csv(folder / "data" / "invoice.csv", infer_schema=False).filter(status="paid")
    return invoice.join(last, left_on="invoice_id", right_on="document_id").select(
        client="party_id",
        late=(day("paid_on") - day("due_on")).dt.total_days(),
        terms=(day("due_on") - day("issued_on")).dt.total_days(),
        total=pl.col("total").cast(pl.Float64),
        month=pl.col("issued_on").str.slice(0, 7),
        turned=pl.col("party_id").is_in(key["clients_who_turned_late"]),
    )


def share_late(frame: pl.DataFrame) -> float:
    return float((frame["late"] > 0).sum() / len(frame))


def sigma_log(frame: pl.DataFrame) -> float:
    return float(frame.select(pl.col("total").log().std()).item())


def between_clients(frame: pl.DataFrame) -> float:
    """The intraclass correlation of normal scores of lateness, by one-way analysis of variance."""
    rank = (pl.col("late").rank() - 0.5) / len(frame)
    score = frame.select("client", z=rank.map_elements(NormalDist().inv_cdf, pl.Float64))
    z = pl.col("z")
    group = score.group_by("client").agg(n=pl.len(), mean=z.mean(), ss=((z - z.mean()) ** 2).sum())
    rows, groups = len(frame), len(group)
    within = group["ss"].sum() / (rows - groups)
    between = (group["n"] * (group["mean"] - score["z"].mean()) ** 2).sum() / (groups - 1)
    size = (rows - (group["n"] ** 2).sum() / rows) / (groups - 1)
    return float((between - within) / (between + (size - 1) * within))


@pytest.mark.real
def test_facts_are_those_of_the_real_ledger(real: pl.DataFrame) -> None:
    assert len(real) == 103
    assert share_late(real) == pytest.approx(facts.SHARE_LATE, abs=0.001)
    for share, days in facts.LATENESS:
        assert real["late"].quantile(share, "linear") == pytest.approx(days, abs=0.5), share
    assert sigma_log(real) == pytest.approx(facts.SIGMA_LOG_AMOUNT, abs=0.005)
    assert real["terms"].median() == facts.TERMS_DAYS
    assert between_clients(real) == pytest.approx(facts.CLIENT_SHARE, abs=0.005)


def test_the_demo_firm_is_fitted_to_them(made: pl.DataFrame) -> None:
    """Within tolerance: some clients turn late, and the latest of the last months are not paid yet."""
    assert share_late(made) == pytest.approx(facts.SHARE_LATE, abs=0.02)
    for share, days in facts.LATENESS:
        found = made["late"].quantile(share, "linear")
        assert found == pytest.approx(days, abs=max(2.0, abs(days) * 0.1)), share
    assert sigma_log(made) == pytest.approx(facts.SIGMA_LOG_AMOUNT, abs=0.02)
    assert made["terms"].median() == facts.TERMS_DAYS
    assert between_clients(made) == pytest.approx(facts.CLIENT_SHARE, abs=0.1)


def test_clients_who_turned_late(made: pl.DataFrame) -> None:
    """They paid sooner than the others, and now pay later."""
    late = pl.col("late").mean()
    before, since = made.filter(pl.col("month") < TURNED_FROM), made.filter(pl.col("month") >= TURNED_FROM)
    means = {
        name: dict(part.group_by("turned").agg(late).iter_rows())
        for name, part in (("before", before), ("since", since))
    }
    assert means["before"][True] < means["before"][False]
    assert means["since"][True] > means["since"][False] + 10

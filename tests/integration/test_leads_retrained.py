"""A firm's leads through the house, week after week: what drifts by itself is taught anew, and nothing else.

The bank's phone sales in their order of time, every third: one call in 25 sells at first, one in five at the
end. The same rows in an order drawn by chance do not drift, and nothing may be taught twice.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from opslayer.config import PROJECT, load_firm
from opslayer.modelops import Models, tend
from opslayer.modelops.capability import load_capabilities
from opslayer.modelops.registry import Registry
from opslayer.store import open_store, read_trail
from opslayer.warehouse import open_layer
from tests.snapshots import version
from tests.talking import CORE, MOMENT, write_firm

LEADS = PROJECT.parent / "shared" / "data" / "leads" / "bank-additional-first75.csv"
BEGAN, A_DAY, FIRST, EVERY = date(2024, 1, 1), 20, 4_400, 600
INPUTS = {"age": "number", "job": "text", "contact": "text", "month": "text", "campaign": "number",
          "previous": "number", "poutcome": "text", "cons.price.idx": "number",
          "cons.conf.idx": "number"}  # fmt: skip
CAPABILITY = """
name: calls
title: Which calls sell
question: Will this call sell?
subject: subject
inputs:
{inputs}
answer: {{kind: probability}}
candidates: [{{kind: learnt, learner: "opslayer.intelligence.propensity:OwnOutcomes"}}]
fallback: {{kind: computed, function: "opslayer.modelops.fallbacks:even_chance"}}
learning: {{history: calls_history, allowed: [month, poutcome]}}
timeout_seconds: 60
"""


def calls(*, shuffled: bool) -> pl.DataFrame:
    """One row a call: the inputs, its day, and its outcome, known the day after."""
    rows = pl.read_csv(LEADS, separator=";", infer_schema_length=None).gather_every(3)
    rows = rows.sample(fraction=1, shuffle=True, seed=4) if shuffled else rows
    return rows.with_row_index("place").select(
        pl.format("c{}", "place").alias("subject"),
        *(pl.col(name).alias(name.replace(".", "_")) for name in INPUTS),
        label=pl.col("y") == "yes",
        decided_at=pl.lit(BEGAN) + pl.duration(days=pl.col("place") // A_DAY),
        known_at=pl.lit(BEGAN) + pl.duration(days=pl.col("place") // A_DAY + 1),
    )


@pytest.mark.real
@pytest.mark.skipif(not LEADS.exists(), reason="the leads are not on this machine")
@pytest.mark.parametrize("shuffled", [False, True])
def test_teaching_anew_is_fired_by_drift_that_is_real_and_by_nothing_else(
    shuffled: bool, tmp_path: Path
) -> None:
    rows = calls(shuffled=shuffled)
    given = "\n".join(
        f"  - {{name: {name.replace('.', '_')}, kind: {kind}}}" for name, kind in INPUTS.items()
    )
    for folder, name, text in (
        ("capabilities", "calls.yaml", CAPABILITY.format(inputs=given)),
        ("queries", "calls_history.sql", "select * from core.lead where decided_at <= $as_of"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    write_firm(tmp_path)
    firm = load_firm(tmp_path)
    assert "calls" in load_capabilities(firm)
    did = []
    with open_store(firm) as store:
        models = Models(firm, store)
        for start in range(FIRST, rows.height, EVERY):
            as_of = rows["known_at"][start - 1]
            with version(firm, as_of=as_of, moment=MOMENT + timedelta(days=start)) as connection:
                connection.execute(CORE)
                connection.execute("create table core.lead as select * from rows")
            with open_layer(firm) as layer:
                (told,) = tend(firm, store, layer, moment=MOMENT, only="calls").to_dicts()
            did.append((start, told["did"], told["reasons"]))
            if (
                start == FIRST and told["did"] == "taught"
            ):  # no gain shows in quiet years: a person lets it serve
                Registry(firm).promote("calls", "1")
            elif start > FIRST and told["did"] == "promoted":
                break
            models.ask("calls", rows[start : start + EVERY], as_of=as_of - timedelta(days=1), moment=MOMENT)
        with store.reading() as session:
            taught = [one["detail"] for one in read_trail(session) if one["event"] == "model taught"]
    if shuffled:
        assert len(taught) == 1, did
        return
    assert all(one["because"].startswith("Decayed") for one in taught[1:]), taught
    assert did[-1][1] == "promoted", did
    assert Registry(firm).share("calls") > 0, "the challenger won, and serves its first subjects"

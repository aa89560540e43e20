"""The chance of a yes, from inputs that a capability names."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import skops.io

from opslayer.intelligence.odds import Odds, OddsModel


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    chance = np.random.default_rng(3)
    hours = chance.normal(40, 10, 4_000)
    channel = chance.choice(["mail", "phone"], 4_000)
    odds = (hours - 40) / 10 + np.where(channel == "phone", 1.0, -1.0)
    return pl.DataFrame(
        {
            "subject": [str(n) for n in range(4_000)],
            "hours": pl.Series(hours).set(pl.Series(chance.random(4_000) < 0.1), None),
            "channel": channel,
            "label": chance.random(4_000) < 1 / (1 + np.exp(-odds)),
        }
    )


def test_it_finds_what_raises_the_chance_and_says_so(rows: pl.DataFrame) -> None:
    asked = pl.DataFrame({"hours": [60.0, None, 20.0], "channel": ["phone", "fax", "mail"]})
    found = Odds().fit(rows).predict(asked)
    high, unknown, low = found["answer"]
    assert (high, low) == (pytest.approx(0.95, abs=0.02), pytest.approx(0.05, abs=0.02))
    assert low < unknown < high
    assert found["reasons"][0] == "Hours 60 raises it; channel phone raises it."
    assert found["reasons"][2] == "Hours 20 lowers it; channel mail lowers it."


def test_what_is_kept_answers_alike(rows: pl.DataFrame) -> None:
    model = Odds().fit(rows)
    held = skops.io.dumps(model)
    trusted = skops.io.get_untrusted_types(data=held)
    assert set(trusted) == {f"{OddsModel.__module__}.OddsModel", f"{OddsModel.__module__}.Column"}
    again = skops.io.loads(held, trusted=trusted)
    assert again.predict(rows).equals(model.predict(rows))

"""What a snapshot says of each kind of alert, and how a value lies to its limits."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opslayer.alerts import Finding, find, load_definitions, signal
from opslayer.alerts.definition import Absence, Absolute, Change, Crossing, Definition, Pace, Season
from opslayer.alerts.finding import of_values
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, UsageError
from opslayer.metrics import Dimension, Metric, Range

DAY = date(2026, 11, 16)
FIRM = """
[firm]
name = "H"
base_currency = "EUR"
[sources.l]
kind = "files"
mapping = "opslayer"
path = "d"
"""


class Answers:
    """A snapshot that answers what it was told to."""

    as_of = DAY

    def __init__(self, **answers: pl.DataFrame) -> None:
        self.answers = answers

    def sql(self, query: str) -> str:
        return query

    def query(self, query: str, /, **values: object) -> pl.DataFrame:
        if query not in self.answers:
            raise UsageError(f"the query {query} does not run")
        return self.answers[query]


def metric(**given: Any) -> Metric:
    usual = {
        "name": "dso", "title": "DSO", "unit": "days", "better": "lower", "owner": "Finance",
        "description": "", "query": "q", "rows": "r", "of_rows": "count(*)", "expected": Range(high=50),
    }  # fmt: skip
    return Metric(**usual | given)


def found(definition: Definition, metrics: tuple[Metric, ...] = (), **answers: pl.DataFrame) -> list[Finding]:
    return find(Answers(**answers), [definition], metrics)


def value(now: float | None, previous: float | None = None, **more: float) -> pl.DataFrame:
    return pl.DataFrame({"value": [now], "previous": [previous]} | {k: [v] for k, v in more.items()})


@pytest.mark.parametrize(
    ("measured", "low", "high", "said"),
    [
        (50, None, 50, "near"), (47.6, None, 50, "near"), (47.5, None, 50, "in range"),
        (50.1, None, 50, "breached"), (62.5, None, 50, "severe"), (0.001, None, 0, "severe"),
        (0, None, 0, "in range"), (-1, 0, None, "severe"), (8, 10, None, "breached"),
        (None, 0, 1, "missing"), (5, None, None, "missing"),
    ],
)  # fmt: skip
def test_how_a_value_lies_to_its_limits(
    measured: float | None, low: float | None, high: float | None, said: str
) -> None:
    definition = Absolute(name="x", metric="dso")
    assert signal(Finding(definition, value=measured, low=low, high=high)) == said


def test_a_query_that_fails_is_a_failure_and_leaves_the_others_alone() -> None:
    wanted = [Pace(kind="pace", name="p", query="gone", high=1), Absolute(name="dso", metric="dso")]
    broken, good = find(Answers(q=value(55)), wanted, [metric()])
    assert (signal(broken), broken.failure) == ("failed", "the query gone does not run")
    assert (signal(good), good.value) == ("breached", 55)


def test_a_change_is_a_share_of_what_was() -> None:
    definition = Change(kind="change", name="c", metric="dso", high=0.15)
    rising = metric(before="last month")
    (one,) = found(definition, (rising,), q=value(46, 40))
    assert (one.value, signal(one), one.detail) == (pytest.approx(0.15), "near", "against last month")
    assert signal(found(definition, (rising,), q=value(46, 0))[0]) == "missing"
    assert found(definition, (rising,), q=value(-30, -40))[0].value == pytest.approx(0.25)


def test_a_budget_is_spent_faster_than_time_passes() -> None:
    rows = pl.DataFrame(
        {"entity": ["a", "b", "c", "d"], "name": list("ABCD"), "spent": [80.0, 40.0, 90.0, None],
         "budget": [100.0, 100.0, 100.0, 0.0], "elapsed": [0.5, 0.5, 0.05, 0.5]}
    )  # fmt: skip
    definition = Pace(kind="pace", name="p", query="q", high=1.5, severe=0.5)
    first, second = found(definition, q=rows)
    assert (first.entity, first.value, signal(first)) == ("a", 1.6, "breached")
    assert first.detail == "80% of the budget used, 50% passed"
    assert signal(second) == "in range", "c has only begun, d has no budget"


def test_a_forecast_will_cross_within_the_days() -> None:
    days = [DAY + timedelta(days=7 * week) for week in (1, 2, 3, 9)]
    rows = pl.DataFrame(
        {"entity": [""] * 4, "name": [""] * 4, "day": days, "value": [50.0, 56.0, 70.0, 90.0]}
    )
    definition = Crossing(kind="crossing", name="c", query="q", unit="days", high=55, within_days=28)
    (one,) = found(definition, q=rows)
    assert (one.value, one.detail, signal(one)) == (56.0, "expected on 30 November 2026", "breached")
    near = definition.model_copy(update={"within_days": 7})
    assert (found(near, q=rows)[0].value, signal(found(near, q=rows)[0])) == (50.0, "in range")


def test_what_should_have_come_and_did_not() -> None:
    rows = pl.DataFrame(
        {"entity": ["a", "b", "c"], "name": list("ABC"), "usual_days": [10.0, 30.0, None],
         "last_on": [DAY - timedelta(days=25), DAY - timedelta(days=25), DAY]}
    )  # fmt: skip
    by_rhythm = found(Absence(kind="absence", name="x", query="q", times=2), q=rows)
    assert [signal(one) for one in by_rhythm] == ["severe", "in range", "missing"]
    assert by_rhythm[0].detail == "last on 22 October 2026"
    by_days = found(Absence(kind="absence", name="x", query="q", days=25), q=rows)
    assert [signal(one) for one in by_days] == ["near", "near", "in range"]


def test_a_season_knows_its_weekends_and_finds_a_day_that_is_none() -> None:
    days = [DAY - timedelta(days=back) for back in range(140, 0, -1)]
    usual = [10.0 if day.weekday() < 5 else 0.0 for day in days]
    usual = [one + (place % 3 if one else 0) for place, one in enumerate(usual)]
    none = pl.DataFrame({"day": [DAY - timedelta(days=400)]})

    def history(last: float) -> pl.DataFrame:
        return pl.DataFrame(
            {"metric": "calls", "member": "firm", "frequency": "day", "period_start": days, "unit": "rows",
             "is_part": False, "value": [*usual[:-1], last]}
        )  # fmt: skip

    definition = Season(kind="season", name="s", series="calls")
    (sunday,) = found(definition, metric_history=history(0.0), holidays=none)
    assert signal(sunday) in ("in range", "near"), "nobody calls on a Sunday"
    (odd,) = found(definition, metric_history=history(40.0), holidays=none)
    assert signal(odd) in ("breached", "severe")
    assert odd.detail == "on 15 November 2026"
    (unknown,) = found(definition, metric_history=history(0.0).tail(30), holidays=none)
    assert signal(unknown) == "missing", "a month says nothing of what is usual"


def test_a_range_against_what_was_or_was_planned() -> None:
    against = metric(expected=Range(low=0.9, against="prior"), before="last week")
    definition = Absolute(name="dso", metric="dso")
    assert [signal(found(definition, (against,), q=value(now, 100))[0]) for now in (98, 89, 50)] == [
        "in range", "breached", "severe"
    ]  # fmt: skip
    assert signal(found(definition, (against,), q=value(98))[0]) == "missing"
    planned = metric(expected=Range(low=0.9, against="plan"))
    assert found(definition, (planned,), q=value(85, plan=100))[0].low == 90
    assert "gives no plan" in str(found(definition, (planned,), q=value(85))[0].failure)
    assert of_values([]) == []


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    (tmp_path / "firm.toml").write_text(FIRM)
    (tmp_path / "alerts").mkdir()
    return load_firm(tmp_path)


def test_every_shipped_definition_is_complete_and_its_query_is_there(firm: Firm) -> None:
    from opslayer.warehouse.layer import QUERIES

    shipped = load_definitions(firm)
    assert {one.kind for one in shipped.values()} == {
        "absolute", "change", "season", "crossing", "pace", "absence"
    }  # fmt: skip
    for name, one in shipped.items():
        assert one.name == name
        assert one.title
        assert one.owner
        query = getattr(one, "query", None)
        assert query is None or (QUERIES / f"{query}.sql").exists(), name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{kind: absolute, metric: dzo}", 'at alerts.mine\n  at key: metric\n .*"dzo"\n    nearest: "dso"'),
        ("{kind: absolute, metric: over_90, by: clint, high: 1}", 'expected one of: client; got "clint"'),
        ("{kind: absolute, metric: over_90, by: client}", "`low`, `high`, or both"),
        ("{kind: change, metric: over_90, high: 1}", "at key: metric\n    expected one of: .*cash"),
        ("{kind: pace, query: q, high: 1}", "at key: title\n    expected a value"),
        ("{kind: absence, title: T, owner: O, query: q}", "either `days` or `times`"),
        ("{kind: pase, query: q}", 'got .pase'),
    ],
)  # fmt: skip
def test_a_definition_that_is_wrong_is_named(firm: Firm, text: str, told: str) -> None:
    (firm.directory / "alerts" / "mine.yaml").write_text(f"alerts:\n  mine: {text}\n")
    with pytest.raises(ConfigurationError, match=f"(?s)mine.yaml.*{told}"):
        load_definitions(firm)


def test_a_dimension_of_a_metric_is_one_of_its_rows() -> None:
    cut_by = metric(dimensions={"client": Dimension(key="party_id")})
    definition = Absolute(name="x", metric="dso", by="client", high=1)
    (failed,) = find(Answers(q=value(1)), [definition], [cut_by])
    assert "group by 1" in str(failed.failure), "it asks the rows, which are not there"

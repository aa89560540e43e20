"""Metrics: definitions a firm can move the range of, and values as people read them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, UsageError
from opslayer.metrics import (
    Dimension,
    Metric,
    MetricValue,
    Range,
    Unit,
    check,
    difference,
    history,
    kept_today,
    load_metrics,
    measure,
    reference,
    written,
)
from opslayer.metrics.history import KEPT
from opslayer.warehouse.layer import QUERIES
from tests.conftest import PROJECT

DAY = date(2026, 11, 16)
FIRM = """
[firm]
name = "Harrow & Vale"
base_currency = "EUR"
[sources.ledger]
kind = "files"
mapping = "opslayer"
path = "data"
"""


def firm(folder: Path, more: str = "") -> Firm:
    (folder / "firm.toml").write_text(FIRM + more)
    return load_firm(folder)


def value(
    amount: float | None, *, unit: Unit = "days", previous: float | None = None, **ends: float
) -> MetricValue:
    metric = Metric(
        name="dso", title="DSO", unit=unit, better="lower", owner="Finance", description="", query="q",
        rows="q", of_rows="count(*)", expected=Range(**ends),
    )  # fmt: skip
    return MetricValue(metric, amount, previous, DAY)


class Answers:
    """A snapshot that answers what it was told to."""

    as_of = DAY

    def __init__(self, **answers: pl.DataFrame | UsageError) -> None:
        self.answers = answers

    def query(self, query: str, **values: object) -> pl.DataFrame:
        answer = self.answers[query]
        if isinstance(answer, UsageError):
            raise answer
        return answer


class Texts(Answers):
    """One whose queries are their own text, and that says of what it does not know."""

    def sql(self, query: str) -> str:
        return query

    def query(self, query: str, **values: object) -> pl.DataFrame:
        if query not in self.answers:
            raise UsageError(f"the query {query} does not run")
        return super().query(query)


def test_every_shipped_metric_is_defined_in_full(tmp_path: Path) -> None:
    metrics = load_metrics(firm(tmp_path))
    assert {"cash", "dso", "overdue_share", "cash_in_4_weeks", "gross_margin", "contracts_red"} <= {
        metric.name for metric in metrics
    }
    for metric in metrics:
        assert metric.description.endswith("."), metric.name
        for query in (metric.query, metric.rows):
            text = (QUERIES / f"{query}.sql").read_text()
            assert text.startswith("-- "), f"{metric.name}: {query} does not say what a row is"
        gives_previous = "null::double as previous" not in (QUERIES / f"{metric.query}.sql").read_text()
        assert bool(metric.before) == gives_previous, f"{metric.name}: say what `previous` is, if it is given"


def test_a_firm_moves_the_range(tmp_path: Path) -> None:
    mine = firm(tmp_path, "[thresholds.dso]\nhigh = 30\n[thresholds.cash]\nlow = 100000\nhigh = 9e6")
    metrics = {metric.name: metric for metric in load_metrics(mine)}
    assert metrics["dso"].expected == Range(high=30)
    assert metrics["cash"].expected == Range(low=100_000, high=9e6)
    assert metrics["overdue_share"].expected == Range(high=0.15)


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        ("[thresholds.dsoo]\nhigh = 30", r'at key: dsoo\n .*cash, dso, .*\n    nearest: "dso"'),
        (
            "[thresholds.dso]\nhihg = 30",
            r'at thresholds.dso\n  at key: hihg\n .*low, high\n    nearest: "high"',
        ),
    ],
)
def test_a_threshold_of_nothing_is_named(tmp_path: Path, threshold: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_metrics(firm(tmp_path, threshold))


def test_a_firm_adds_a_metric_and_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "mine.yaml").write_text(
        "metrics: {clients: {title: Clients, unit: count, better: higher, owner: Sales, "
        "description: Clients., query: metric_clients, rows: payment_behaviour, "
        "of_rows: count(*)}}"
    )
    names = [metric.name for metric in load_metrics(firm(tmp_path))]
    assert "clients" in names
    assert "cash" in names
    (tmp_path / "metrics" / "finance.yaml").write_text("metrics: {}")
    names = [metric.name for metric in load_metrics(firm(tmp_path))]
    assert "clients" in names
    assert "cash" not in names


@pytest.mark.parametrize(
    ("amount", "ends", "out"),
    [
        (55, {"high": 55}, False),
        (55.01, {"high": 55}, True),
        (0, {"low": 0}, False),
        (-0.01, {"low": 0}, True),
        (5, {}, False),
        (None, {"low": 0, "high": 1}, False),
    ],
)
def test_the_limit_itself_is_in_range(amount: float | None, ends: dict[str, float], out: bool) -> None:
    assert value(amount, **ends).out_of_range is out


def test_one_metric_that_fails_leaves_the_others_alone() -> None:
    def defined(query: str) -> Metric:
        return value(0).metric.model_copy(update={"name": query, "query": query})

    layer = Answers(
        good=pl.DataFrame({"value": [3], "previous": [None]}),
        broken=UsageError("the query does not run"),
        many=pl.DataFrame({"value": [1, 2], "previous": [None, None]}),
        none=pl.DataFrame({"value": [None], "previous": [None]}),
    )
    good, broken, many, none = measure(layer, map(defined, ("good", "broken", "many", "none")))
    assert (good.value, good.previous, good.as_of, good.failure) == (3.0, None, DAY, None)
    assert (broken.value, broken.failure) == (None, "the query does not run")
    assert many.failure is not None
    assert "2 rows" in many.failure
    assert (none.value, none.failure) == (None, None)


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (21_357_029.0, "currency", "21.4M EUR"),
        (-1_250_000, "currency", "-1.2M EUR"),
        (12_345, "currency", "12.3k EUR"),
        (9_999, "currency", "9,999 EUR"),
        (0, "currency", "0 EUR"),
        (39.4, "days", "39 days"),
        (0.1746, "ratio", "17.5%"),
        (1234, "count", "1,234"),
        (None, "count", "no data"),
    ],
)
def test_values_as_people_read_them(amount: float | None, unit: Unit, text: str) -> None:
    assert written(amount, unit, "EUR") == text


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (21.4e6, 22.4e6, "currency", "-1.0M EUR"),
        (40, 38, "days", "+2 days"),
        (38.1, 38, "days", None),
        (0.436, 0.441, "ratio", "-0.5 points"),
        (0.4411, 0.4410, "ratio", None),
        (4, 4, "count", None),
        (4, None, "count", None),
        (None, 4, "count", None),
    ],
)
def test_a_difference_too_small_to_read_is_none(
    now: float | None, before: float | None, unit: Unit, text: str | None
) -> None:
    assert difference(value(now, unit=unit, previous=before), "EUR") == text


def test_what_snapshots_kept_goes_on_where_the_days_of_what_happened_are_not_known() -> None:
    told = pl.DataFrame(
        {"metric": ["dso"], "member": ["firm"], "frequency": ["month"], "period_start": [date(2026, 10, 1)],
         "unit": ["days"], "is_part": [False], "value": [40.0]}
    )  # fmt: skip
    rows = [
        (13, "dso", "firm", "days", 41.0),
        (13, "people_below_target", "firm", "count", 3.0),
        (13, "failures", "core.call: number", "rows", 2.0),
    ]
    kept = pl.DataFrame([(date(2026, 11, day), *rest) for day, *rest in rows], schema=KEPT, orient="row")
    none = kept.drop("as_of").clear()
    layer = Answers(metric_history=told, metric_kept=kept, contract_statistics=none)
    today = kept_today(layer, [value(None), value(5.0)])
    assert today.rows() == [(DAY, "dso", "firm", "days", 5.0)]
    found = history(layer, today)
    assert found.filter(metric="dso")["value"].to_list() == [40.0]
    assert found.filter(metric="people_below_target").select("period_start", "value").rows() == [
        (date(2026, 11, day), 3.0) for day in (13, 14, 15, 16)
    ]
    assert found.filter(metric="failures")["value"].to_list() == [2.0, 2.0, 2.0, 0.0]


def test_the_page_of_the_metrics_is_written_from_their_definitions(tmp_path: Path) -> None:
    written_page = (PROJECT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert reference(load_metrics(firm(tmp_path))) == written_page, (
        "run `opslayer metrics docs --to docs/metrics.md`"
    )


def test_a_number_that_stands_twice_and_a_cut_that_does_not_add_up_are_faults() -> None:
    def defined(name: str, **more: object) -> Metric:
        given = {"name": name, "query": name, "rows": name, "expected": Range(high=5), "target": 4.0}
        return value(0).metric.model_copy(update=given | more)

    whole = "select cast(count(*) as double) as value from (mine) as rows"
    by = (
        "select cast(who as varchar) as entity, max(cast(who as varchar)) as name, "
        "cast(count(*) as double) as value, count(*) as rows from (mine) as rows "
        "where who is not null group by 1 order by value desc nulls last, entity"
    )
    cuts = pl.DataFrame({"entity": ["a"], "name": ["A"], "value": [2.0], "rows": [2]})
    one = pl.DataFrame({"value": [3.0], "previous": [None]})
    layer = Texts(a=one, b=one, c=one, **{by: cuts, whole: pl.DataFrame({"value": [2.0]})})
    own = {"client": Dimension(key="who", rows="mine")}
    assert check(layer, [defined("a")]) == []
    assert [fault.what for fault in check(layer, [defined("a"), defined("b", rows="a")])] == [
        "is the same number as a"
    ]
    assert [fault.what for fault in check(layer, [defined("c", dimensions=own)])] == [
        "by client: its rows give 2.0, the metric is 3.0"
    ]
    loose = {"client": Dimension(key="who", rows="mine", adds_up=False)}
    assert check(layer, [defined("c", dimensions=loose)]) == []
    assert [fault.what for fault in check(layer, [defined("a", target=6.0), defined("z", query="gone")])] == [
        "its target 6.0 is out of its range", "the query gone does not run"
    ]  # fmt: skip

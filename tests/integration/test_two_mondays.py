"""Two Mondays of one small firm, both published: what moved between them, and the staffing that is sent."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from opslayer import actions, demo
from opslayer.config import Firm, load_firm
from opslayer.errors import GuardrailHeld
from opslayer.intelligence import chain, revenue, staffing, win
from opslayer.store import open_store
from opslayer.warehouse import Layer, open_layer, refresh, save_outputs
from tests.reminders import received, serving

MONDAYS = (date(2026, 11, 9), date(2026, 11, 16))
MAEVE = "maeve@harrowvale.example"
KEY = ["opportunity_id", "step", "label", "starts_on", "is_later"]


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("mondays") / "firm"
    demo.generate(place, seed=4, scale=0.05)
    firm = load_firm(place)
    for day in MONDAYS:
        if day == MONDAYS[1]:
            sell(place / "crm")
        refresh(firm, as_of=day, moment=at(day, 6))
        with open_layer(firm) as layer:
            tables = win.run(layer, as_of=day) | quarter(layer, day)
            if day == MONDAYS[1]:
                tables |= staffing.run(layer, as_of=day)
        save_outputs(firm, tables, as_of=day, moment=at(day, 7))
    with open_layer(firm) as layer:  # the chain begins at the win forecasts that are published
        linked = chain.run(layer, as_of=layer.as_of)
    save_outputs(firm, linked, as_of=MONDAYS[1], moment=at(MONDAYS[1], 8))
    return place


def quarter(layer: Layer, day: date) -> dict[str, pl.DataFrame]:
    """The quarter's forecast and what moved it, as `revenue.run` has them, without its backtest."""
    inputs = revenue.gather(layer)
    past = revenue.Past(inputs)
    before, now = (revenue.teach(inputs, known, past) for known in (day - timedelta(days=7), day))
    return {"revenue_forecast": revenue.forecast(now), "revenue_change": revenue.explain(before, now)}


def sell(crm: Path) -> None:
    """The week between, in the CRM: of the open deals without a decision, one goes up a stage, one is won."""
    deals, history = (
        pl.read_csv(crm / f"{name}.csv", infer_schema=False)
        for name in ("opportunity", "opportunity_history")
    )
    early = deals.filter(is_closed="false", stage_name="Qualified")["id"].sort()
    for key, stage, closed in ((early[0], "Negotiation", "false"), (early[1], "Closed Won", "true")):
        it = pl.col("id") == key
        told = {
            "stage_name": stage,
            "is_closed": closed,
            "is_won": closed,
            "close_date": "2026-11-12 00:00:00",
        }
        told = told if closed == "true" else {"stage_name": stage}
        deals = deals.with_columns(
            pl.when(it).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in told.items()
        )
        deal = deals.row(by_predicate=it, named=True)
        entered = {"_fivetran_start": "2026-11-12 10:00:00"}
        row = {name: (deal | entered)[name] for name in history.columns}
        history = pl.concat([history, pl.DataFrame([row], schema=history.schema)])
    deals.write_csv(crm / "opportunity.csv")
    history.write_csv(crm / "opportunity_history.csv")


@pytest.fixture
def layer(folder: Path) -> Iterator[Layer]:
    with open_layer(load_firm(folder)) as opened:
        yield opened


def forecasts(layer: Layer) -> list[dict[str, dict[str, object]]]:
    """Open deals of both Mondays as they were published, by opportunity_id."""
    rows = layer.query("select * from intelligence.win_forecast")
    return [{row["opportunity_id"]: row for row in rows.filter(as_of=day).to_dicts()} for day in MONDAYS]


def ended(layer: Layer) -> dict[str, str]:
    deals = layer.query(
        "select opportunity_id, outcome from core.opportunity where outcome in ('won', 'lost')"
    )
    return dict(deals.iter_rows())


def test_each_deal_whose_stage_moved_is_named_with_what_it_was_and_is(layer: Layer) -> None:
    before, now = forecasts(layer)
    outcome = ended(layer)
    stages = {
        key: (
            before[key]["stage"] if key in before else "not open",
            now[key]["stage"] if key in now else outcome.get(key, "gone"),
        )
        for key in before.keys() | now.keys()
    }
    moved = layer.query("chain_move")
    told = {
        key: (was, becomes)
        for key, was, becomes in moved.select("opportunity_id", "stage_before", "stage_after")
        .unique()
        .iter_rows()
    }
    assert told == {key: pair for key, pair in stages.items() if pair[0] != pair[1]}
    assert {("qualified", "negotiation"), ("qualified", "won")} <= set(told.values()), (
        "what was sold in between"
    )
    names = {key: deal["name"] for side in (before, now) for key, deal in side.items()}
    assert dict(moved.select("opportunity_id", "name").iter_rows()) == {key: names[key] for key in told}


def test_what_moved_is_after_less_before_to_the_cent(layer: Layer) -> None:
    before, now = forecasts(layer)
    outcome = ended(layer)
    moved = layer.query("chain_move")
    assert (moved["after"] - moved["before"]).to_list() == moved["moved"].to_list()
    chances = {row["opportunity_id"]: row["moved"] for row in moved.filter(step="win").to_dicts()}
    for key, change in chances.items():
        was = before[key]["win_probability"] if key in before else 0.0
        becomes = now[key]["win_probability"] if key in now else float(outcome.get(key) == "won")
        assert change == Decimal(round(100 * becomes) - round(100 * was)) / 100  # type: ignore[operator, arg-type]
    sums = moved.group_by("opportunity_id", "step").agg(pl.col("moved").sum())
    by_step = {(key, step): value for key, step, value in sums.iter_rows()}
    for key in moved["opportunity_id"].unique():
        none = Decimal(0)
        assert by_step.get((key, "revenue"), none) == by_step.get((key, "cash"), none), "all of it is paid"


def test_what_a_deal_moved_to_is_what_the_chain_publishes_of_it(layer: Layer) -> None:
    """From the deal's stage to the week's cash: one lineage, the same cells."""
    moved = layer.query("chain_move")
    cells = layer.query("select * from intelligence.chain_cell where as_of = $as_of")
    both = moved.join(cells.select(*KEY, "value"), on=KEY, how="inner")
    assert len(both) > 0
    assert both["after"].to_list() == both["value"].to_list()
    open_now = set(forecasts(layer)[1])
    rest = moved.join(cells, on=KEY, how="anti").filter(pl.col("opportunity_id").is_in(list(open_now)))
    assert rest["after"].sum() == 0, "what is no cell any more holds nothing"


def test_the_quarters_forecast_moved_by_what_is_told_and_by_nothing_else(layer: Layer) -> None:
    published = layer.query("select * from intelligence.revenue_forecast").filter(
        component="total", period="quarter", period_end=date(2026, 12, 31)
    )
    was, becomes = (published.filter(as_of=day)["expected_base"][0] for day in MONDAYS)
    change = layer.query("select * from intelligence.revenue_change where as_of = $as_of")
    assert change["since"].unique().to_list() == [MONDAYS[0]]
    assert change["change_base"].sum() == becomes - was
    told = set(layer.query("chain_move")["opportunity_id"])
    decided = change.filter(pl.col("cause").is_in(["won", "lost", "stage", "new deal"]))
    assert set(decided["key"]) <= told, "what the forecast names, the chain follows"


def sending(folder: Path, store_url: str, port: int) -> Firm:
    """The firm with a store and a mail server of the test's own."""
    settings = folder / "firm.toml"
    kept = settings.with_suffix(".kept")
    if not kept.exists():
        shutil.copy(settings, kept)
    text = kept.read_text().replace("port = 2525", f"port = {port}\nhold_minutes = 0")
    settings.write_text(text.replace("sqlite:///var/store.db", store_url))
    return load_firm(folder)


def test_a_change_of_staffing_is_approved_and_arrives(folder: Path, store_url: str, tmp_path: Path) -> None:
    day = MONDAYS[1]
    with serving(tmp_path / "mail") as server:
        firm = sending(folder, store_url, server.port)
        with open_store(firm) as store, open_layer(firm) as layer:
            wanted = layer.query("staffing_messages")
            drafted = actions.propose(firm, layer, store, as_of=day, moment=at(day), rule="staffing_change")
            assert {p.party_id for p in drafted} == set(wanted["project_id"])
            assert actions.dispatch(firm, store, layer=layer, moment=at(day, 10)) == []
            first = max(drafted, key=lambda p: len(p.evidence["rows"]))
            with pytest.raises(GuardrailHeld):  # its approver has a role of the rule, an analyst has not
                actions.approve(
                    firm, store, first.id or 0, person="ines@harrowvale.example", reason="yes",
                    moment=at(day, 10), layer=layer,
                )  # fmt: skip
            actions.approve(
                firm, store, first.id or 0, person=MAEVE, reason="they lack people", moment=at(day, 10),
                layer=layer,
            )  # fmt: skip
            (sent,) = actions.dispatch(firm, store, layer=layer, moment=at(day, 10) + timedelta(minutes=5))
            assert (sent.id, sent.state) == (first.id, "sent")
            assert actions.dispatch(firm, store, layer=layer, moment=at(day, 11)) == []
            assert actions.verify(store).holds
        asked = wanted.filter(project_id=first.party_id)
        (message,) = received(tmp_path / "mail", asked["manager_email"][0])
    assert asked["project_name"][0] in message["Subject"]
    (file,) = message.iter_attachments()
    rows = list(csv.DictReader(str(file.get_content()).splitlines()))
    assert file.get_filename() == "staffing.csv"
    assert [float(row["hours"]) for row in rows] == asked["hours"].to_list()
    assert [row["person"] for row in rows] == asked["person_name"].to_list()
    assert [row["week_start"] for row in rows] == [str(week) for week in asked["week_start"]]

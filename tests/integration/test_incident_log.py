"""A real incident log by configuration alone: tickets as they were opened, and what is learnt of them."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from opslayer import scaffold
from opslayer.config import Firm, load_firm
from opslayer.intelligence import ticket
from opslayer.intelligence.ticket.learner import opened
from opslayer.modelops import Models
from opslayer.modelops.operations import tend
from opslayer.store import open_store
from opslayer.warehouse import open_layer, refresh, save_outputs

EVERY = 6  # ticket of the log
AS_OF = date(2016, 5, 18)
MOMENT = datetime(2016, 5, 18, 6, tzinfo=UTC)
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def log(real_data: Path) -> pl.DataFrame:
    with zipfile.ZipFile(real_data / "tickets" / "incident_event_log.csv.zip") as archive:
        raw = pl.read_csv(archive.read("incident_event_log.csv"), infer_schema=False)
    some = raw["number"].unique(maintain_order=True).gather_every(EVERY)
    return raw.filter(pl.col("number").is_in(some.implode())).unique(
        ["number", "sys_mod_count"], keep="none", maintain_order=True
    )


@pytest.fixture(scope="module")
def firm(log: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Firm:
    place = tmp_path_factory.mktemp("incidents")
    (place / "data").mkdir()
    log.write_csv(place / "data" / "incident_event_log.csv")
    scaffold.init(place / "firm", mapping="incident_log", data=place / "data", base_currency="EUR")
    firm = load_firm(place / "firm")
    done = refresh(firm, as_of=AS_OF, moment=MOMENT)
    assert not done.audit.blocking
    return firm


def test_a_ticket_is_its_first_row_and_its_end_is_not_known_before_it_came(
    firm: Firm, log: pl.DataFrame
) -> None:
    by_hand = opened(
        log.with_columns(pl.col(pl.String).replace("?", None)).select(
            pl.col("sys_updated_at").str.to_datetime("%d/%m/%Y %H:%M").alias("event_at"),
            (pl.col("made_sla") == "true").alias("made_sla"),
            ticket_id="number", state="incident_state", team="assignment_group", channel="contact_type",
            place="location", category="category", subcategory="subcategory", symptom="u_symptom",
            item="cmdb_ci", impact="impact", urgency="urgency", priority="priority", opened_by="opened_by",
            caller="caller_id",
        )
    ).filter(pl.col("ended_at") < pl.lit(AS_OF))  # fmt: skip
    with open_layer(firm) as layer:
        history = layer.query("ticket_history").with_columns(pl.col("subject").str.split(":").list.last())
    known = history.drop_nulls("end_team").filter(pl.col("known_at").cast(pl.Date) < AS_OF)
    both = by_hand.join(known, left_on="ticket_id", right_on="subject", suffix="_found")
    assert len(both) > 2_000
    assert set(by_hand["ticket_id"]) - set(known["subject"]) == set()
    assert both.filter(pl.col("missed") != pl.col("label")).is_empty()
    assert both.filter(pl.col("end_team") != pl.col("end_team_found")).is_empty()
    for said in ("team", "place", "symptom", "caller", "priority"):
        assert both.filter(pl.col(said).ne_missing(pl.col(f"{said}_found"))).is_empty()
    assert history.filter("is_open")["label"].null_count() == history["is_open"].sum()


def test_what_is_learnt_is_published_under_its_contract(firm: Firm) -> None:
    with open_store(firm) as store, open_layer(firm) as layer:
        models = Models(firm, store)
        before = ticket.run(layer, models, as_of=AS_OF, moment=MOMENT)["ticket_risk"]
        assert before["is_fallback"].all()
        assert not before.select(pl.any_horizontal("is_high", "is_to_move").any()).item()

        (tended,) = tend(firm, store, layer, moment=MOMENT, only="ticket_sla").to_dicts()
        assert tended["did"] == "promoted", tended["reasons"]
        said = ticket.learn(layer, models, as_of=AS_OF, snapshot="s1", moment=MOMENT)
        assert "nothing changes" in said  # a sixth of the log teaches too little to beat the team that has it
        found = ticket.run(layer, models, as_of=AS_OF, moment=MOMENT)["ticket_risk"]
    assert not found["is_fallback"].any()
    assert found["route_is_fallback"].all()
    assert not found["is_to_move"].any()
    save_outputs(firm, {"ticket_risk": found}, as_of=AS_OF, moment=MOMENT)
    with open_layer(firm) as layer:
        assert layer.query("ticket_risk").height == found.height
        told = layer.query("tickets_at_risk")
        assert set(told["subject"]) <= set(found.filter("is_high")["ticket_id"])

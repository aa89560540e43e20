"""Who is who over the demo firm's systems: every true pair is joined, and nobody else."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import polars as pl
import pytest

from opslayer.warehouse import open_layer
from tests.planted import Planted

SEEDS = (1, 2, 3)


def query(firm: Planted, text: str) -> pl.DataFrame:
    with (
        open_layer(firm.firm) as layer,
        duckdb.connect(str(layer.version.path), read_only=True) as connection,
    ):
        return connection.sql(text).pl()


@pytest.mark.parametrize("entity", ["party", "person"])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_true_pair_is_joined_and_no_other(
    seed: int, entity: str, planted: Callable[[int], Planted]
) -> None:
    firm = planted(seed)
    found = query(firm, f"select alias_id, {entity}_id from core.{entity}_alias")
    assert set(found.iter_rows()) == {(alias, own) for alias, own in firm.answers["crosswalk"][entity]}
    assert len(found) > 200


@pytest.mark.parametrize("seed", SEEDS)
def test_who_was_renamed_or_respelled_is_still_one(seed: int, planted: Callable[[int], Planted]) -> None:
    """The name in core is that of the books; the CRM's own name is another."""
    firm = planted(seed)
    named = query(
        firm,
        "select theirs.name as theirs, party.name as ours, split_part(party.party_id, ':', 2) as client "
        "from core.party_alias join core.party using (party_id) "
        "join staging.party as theirs on theirs.party_id = alias_id",
    )
    dirt = firm.answers["dirt"]
    other = set(named.filter(pl.col("theirs") != pl.col("ours"))["client"])
    assert len(dirt["renamed_clients"]) == 6
    assert set(dirt["renamed_clients"]) <= other
    assert other <= {*dirt["renamed_clients"], *dirt["clients_spelled_another_way"]}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_sold_and_what_is_billed_meet_by_client(seed: int, planted: Callable[[int], Planted]) -> None:
    """Every client with a won deal in the CRM has invoices in the books under the same key."""
    firm = planted(seed)
    both = query(
        firm,
        "select party_id, sum(amount_base) as won, "
        "(select sum(total_base) from core.invoice where invoice.party_id = deal.party_id) as billed "
        "from core.opportunity as deal where outcome = 'won' group by party_id",
    )
    assert len(both) > 200
    assert both["party_id"].str.starts_with("ledger:").all()
    assert both["billed"].is_not_null().all()
    assert (
        both.select(pl.corr(pl.col("won").cast(pl.Float64), pl.col("billed").cast(pl.Float64))).item() > 0.9
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_time_finds_its_person_project_and_task(seed: int, planted: Callable[[int], Planted]) -> None:
    """Also where the code is empty; a correction counts once, and so does what came twice."""
    firm = planted(seed)
    dirt = firm.answers["dirt"]
    time = query(firm, "select source_key, person_id, project_id, hours from core.time_entry")
    assert time["source_key"].is_unique().all()
    assert time["person_id"].str.starts_with("people:").all()
    without = time.filter(pl.col("source_key").is_in(dirt["entries_without_code"]))
    assert len(without) == len(dirt["entries_without_code"])
    assert without["project_id"].str.starts_with("projects:J").all()
    nobody = time.filter(pl.col("project_id").is_null())
    assert set(nobody["source_key"]) == set(firm.answers["time_dirt"]["no_project"])
    corrected = time.filter(pl.col("source_key").is_in(dirt["corrected_entries"]))
    assert len(corrected) == len(dirt["corrected_entries"])
    assert (corrected["hours"] == 8.5).mean() < 0.1  # type: ignore[operator]

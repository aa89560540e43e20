"""What counts as a changed column, and when it is refused."""

from __future__ import annotations

import pytest

from opslayer.errors import SchemaDrift
from opslayer.sources.drift import Drift, DriftPolicy, compare, refuse

BEFORE = {"id": "BIGINT", "total": "VARCHAR", "due": "DATE"}


def test_new_missing_and_retyped_columns_are_each_named() -> None:
    arrived = {"id": "VARCHAR", "total": "VARCHAR", "mood": "VARCHAR"}
    drift = compare(arrived, declared=(), before=BEFORE)
    assert drift == Drift(added=("mood",), missing=("due",), retyped={"id": "BIGINT -> VARCHAR"})
    assert str(drift) == "new: mood; missing: due; type of id: BIGINT -> VARCHAR"


def test_case_alone_is_no_change() -> None:
    assert not compare({"ID": "BIGINT", "Total": "VARCHAR", "due": "DATE"}, declared=(), before=BEFORE)


def test_a_first_landing_without_a_contract_is_no_change() -> None:
    assert not compare(BEFORE, declared=(), before={})


def test_declared_columns_stand_above_those_before() -> None:
    drift = compare(BEFORE, declared=("id", "total", "paid"), before=BEFORE)
    assert (drift.added, drift.missing) == (("due",), ("paid",))


@pytest.mark.parametrize("policy", ["freeze", "evolve", "discard"])
def test_a_lost_key_is_refused_whatever_the_contract_says(policy: str) -> None:
    with pytest.raises(SchemaDrift, match="key column id"):
        refuse(Drift(missing=("id",)), DriftPolicy(policy=policy), key=("id",), arrived={"total": "VARCHAR"})


def test_only_freeze_refuses_a_change() -> None:
    drift = Drift(added=("mood",))
    refuse(drift, DriftPolicy(policy="evolve"), key=("id",), arrived=BEFORE)
    with pytest.raises(SchemaDrift, match="new: mood"):
        refuse(drift, DriftPolicy(policy="freeze"), key=("id",), arrived=BEFORE)

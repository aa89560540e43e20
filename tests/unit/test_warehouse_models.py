"""Models: read from files, ordered by what they read, bound to the values they ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from opslayer.errors import BuildError
from opslayer.warehouse.models import bind, dependencies, load_models, read_model


def write(folder: Path, **models: str) -> Path:
    for name, sql in models.items():
        layer, _, table = name.partition("__")
        (folder / layer).mkdir(parents=True, exist_ok=True)
        (folder / layer / f"{table}.sql").write_text(sql)
    return folder


def order(folder: Path) -> list[str]:
    sorter = dependencies(load_models(folder))
    names: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        names += ready
        sorter.done(*ready)
    return names


def test_the_order_is_read_from_the_queries(tmp_path: Path) -> None:
    write(
        tmp_path,
        marts__aging="with o as (select * from marts.open_item) select * from o",
        marts__open_item="select * from core.invoice join core.payment using (invoice_id)",
        core__invoice="select * from staging.invoice",
        core__payment="select * from staging.payment where exists (select 1 from core.invoice)",
        staging__invoice="select * from mapped.invoice",
        staging__payment="select * from mapped.payment",
    )
    assert order(tmp_path) == [
        "staging.invoice",
        "staging.payment",
        "core.invoice",
        "core.payment",
        "marts.open_item",
        "marts.aging",
    ]


def test_a_circle_is_named(tmp_path: Path) -> None:
    write(tmp_path, core__a="select * from core.b", core__b="select * from core.a")
    with pytest.raises(BuildError, match=r"circle: core\.\w -> core\.\w"):
        order(tmp_path)


def test_a_table_nobody_makes_is_named(tmp_path: Path) -> None:
    write(tmp_path, marts__aging="select * from core.invoce")
    with pytest.raises(BuildError, match=r"marts.aging reads core.invoce"):
        order(tmp_path)


@pytest.mark.parametrize("sql", ["select from where", "select 1; select 2", "-- nothing"])
def test_a_file_holds_one_query(tmp_path: Path, sql: str) -> None:
    write(tmp_path, core__bad=sql)
    with pytest.raises(BuildError, match=r"bad\.sql"):
        read_model(tmp_path / "core" / "bad.sql")


def test_values_are_bound_by_name(tmp_path: Path) -> None:
    write(tmp_path, marts__m="select $as_of as as_of, '$not_me' as text -- $nor_me")
    model = read_model(tmp_path / "marts" / "m.sql")
    assert model.values == {"as_of"}
    assert bind(model.values, {"as_of": "2021-01-15", "base_currency": "CAD"}, model.name) == {
        "as_of": "2021-01-15"
    }
    with pytest.raises(BuildError, match=r"marts.m binds \$as_of; given: base_currency"):
        bind(model.values, {"base_currency": "CAD"}, model.name)


def test_every_shipped_model_parses_says_its_grain_and_has_an_order() -> None:
    models = load_models()
    assert models
    dependencies(models)
    for model in models.values():
        header = model.sql.partition("select")[0].partition("with ")[0]
        assert "-- one row" in header, f"{model.name} does not say its grain"
        assert "key" in header, f"{model.name} does not say its key"

"""What contracts, landings and runs are called, as people read it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import polars as pl

SEVERITIES = {"block": "nothing is published", "quarantine": "row set aside", "warn": "a warning"}
_REFERENCE = re.compile(r"^\w+ in (\w+\.\w+)$")
_THERE = re.compile(r"^(\w+) is there$")
_FIELD = re.compile(r"(\w+)=(?:\w+:)?([^,;]*)")


def in_words(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns that hold identifiers (contract, table_name, rule, severity, sample, notebook) as words,
    and row_json as the text `row`; other columns stay as they are."""
    return frame.with_columns(
        pl.col(name).map_elements(worded, return_dtype=pl.String)
        for name, worded in _WORDED.items()
        if name in frame.columns
    ).rename({"row_json": "row"}, strict=False)


def _named(identifier: str) -> str:
    """A table's or column's name without its layer: staging.invoice_line is "Invoice line"."""
    return _spaced(identifier.rpartition(".")[2]).capitalize()


def _rule(rule: str) -> str:
    """A rule that bears a column's or table's name, without it: "invoice_id in staging.invoice" is
    "the invoice it names is known"."""
    if found := _REFERENCE.match(rule):
        return f"the {_named(found[1]).lower()} it names is known"
    if found := _THERE.match(rule):
        return f"{_spaced(found[1])} is given"
    if rule.startswith("values could be typed"):
        return "its values can be read"
    return " ".join(_spaced(word) if "_" in word else word for word in rule.split(" "))


def _contract(name: str) -> str:
    """billing_core is "Billing, core"."""
    domain, _, layer = name.rpartition("_")
    return f"{_spaced(domain).capitalize()}, {layer}" if domain else name.capitalize()


def _notebook(path: str) -> str:
    """execution/staffing is "Staffing (execution)"."""
    folder, _, name = path.rpartition("/")
    return f"{_spaced(name).capitalize()} ({_spaced(folder)})" if folder else _spaced(name).capitalize()


def _sample(sample: str) -> str:
    """Rows that broke a rule: keys without their source, columns as words."""
    return _FIELD.sub(lambda found: f"{_spaced(found[1]).removesuffix(' id')} {found[2]}", sample)


def _row(row_json: str) -> str:
    """A row's own values, each after its column's name, without keys and what the build adds."""
    row = json.loads(row_json)
    return ", ".join(
        f"{_spaced(name)} {_value(value)}"
        for name, value in row.items()
        if not (name.startswith("_") or name.endswith(("_id", "_at")) or name in ("source", "source_key"))
        and value not in (None, "", False)
    )


def _value(value: object) -> str:
    if value is True:
        return "yes"
    if isinstance(value, int | float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return str(value)


def _spaced(identifier: str) -> str:
    return identifier.replace("_", " ")


_WORDED: dict[str, Callable[[str], str]] = {
    "contract": _contract,
    "table_name": _named,
    "table": _named,
    "rule": _rule,
    "severity": lambda severity: SEVERITIES.get(severity, severity),
    "sample": _sample,
    "notebook": _notebook,
    "row_json": _row,
}

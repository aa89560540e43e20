"""The rules of one table, out of what its ODCS document says of columns, keys, quality and freshness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast, get_args

import sqlglot
from open_data_contract_standard.model import (
    DataQuality,
    SchemaObject,
    SchemaProperty,
    ServiceLevelAgreementProperty,
)
from sqlglot import exp

from opslayer.contracts.contract import Rule, Severity
from opslayer.contracts.queries import literal, quoted, relation

SEVERITIES: tuple[str, ...] = get_args(Severity)


@dataclass(eq=False)
class Wrong(Exception):
    """Something a document says that cannot be: at which key, what was found, and the words allowed there."""

    key: str
    found: object
    allowed: tuple[str, ...] = ()
    expected: str = ""


def custom(properties: Iterable[Any] | None) -> dict[str, Any]:
    """customProperties by name."""
    return {item.property: item.value for item in properties or [] if item.property}


def severity_of(key: str, found: object) -> Severity:
    if found not in SEVERITIES:
        raise Wrong(key, found, SEVERITIES)
    return cast(Severity, found)


def table_rules(
    item: SchemaObject,
    promises: Iterable[ServiceLevelAgreementProperty],
    key: tuple[str, ...],
    *,
    is_source: bool,
) -> Iterator[Rule]:
    """Every rule of the table. Raises Wrong.

    What a source adds or drops is drift, which landing minds, and an overlap lands a row twice: its tables
    have no rules on columns and key.
    """
    where = f"schema.{item.name}"
    severity = severity_of(
        f"{where}.customProperties.severity", custom(item.customProperties).get("severity", "block")
    )
    if not is_source:
        yield Rule("columns and types", "columns", "block", "conformity")
    for field in item.properties or []:
        yield from _column_rules(where, field, severity)
    if key and not is_source:
        yield Rule(f"unique {', '.join(key)}", "unique", "block", "uniqueness", columns=key)
    for quality in item.quality or []:
        yield _quality_rule(f"{where}.quality.{quality.name}", quality)
    for promise in promises:
        table, _, column = str(promise.element or "").rpartition(".")
        if promise.property == "freshness" and table == item.name:
            yield _freshness_rule(column, promise)


def _column_rules(where: str, field: SchemaProperty, severity: Severity) -> Iterator[Rule]:
    name = str(field.name)
    columns, cell = (name,), f"t.{quoted(name)}"
    own = severity_of(f"{where}.{name}.severity", custom(field.customProperties).get("severity", severity))
    if field.required or field.primaryKey:
        yield Rule(f"{name} is there", "not_null", own, "completeness", columns, f"{cell} is null")
    if field.enum:
        words = tuple(str(entry.value) for entry in field.enum)
        listing = ", ".join(map(literal, words))
        yield Rule(
            f"{name} is known",
            "allowed",
            own,
            "conformity",
            columns,
            f"{cell} not in ({listing})",
            allowed=words,
        )
    options = field.logicalTypeOptions or {}
    low, high = options.get("minimum"), options.get("maximum")
    bounds = [(low, f"{cell} < {low}"), (high, f"{cell} > {high}")]
    outside = " or ".join(text for bound, text in bounds if bound is not None)
    if outside:
        yield Rule(f"{name} in range", "range", own, "accuracy", columns, outside, low=low, high=high)
    for relationship in field.relationships or []:
        parent, _, key = str(relationship.to).rpartition(".")
        # DuckDB runs `not in` three times faster than `not exists`; a null key would hide every orphan
        orphan = (
            f"{cell} is not null and {cell} not in "
            f"(select r.{quoted(key)} from {relation(parent)} as r where r.{quoted(key)} is not null)"
        )
        yield Rule(
            f"{name} in {parent}",
            "foreign_key",
            own,
            "consistency",
            columns,
            orphan,
            references=(f"{parent}.{key}",),
        )


def _quality_rule(where: str, quality: DataQuality) -> Rule:
    severity = severity_of(f"{where}.severity", quality.severity)
    if quality.metric == "rowCount" and quality.mustBeBetween:
        low, high = quality.mustBeBetween
        return Rule("row count", "row_count", severity, "completeness", low=low, high=high)
    if quality.type != "sql" or not quality.query or quality.mustBe != 0:
        raise Wrong(
            where,
            quality.type,
            expected="metric: rowCount with mustBeBetween, or type: sql with a query and mustBe: 0",
        )
    condition = _condition(f"{where}.query", quality.query)
    return Rule(
        str(quality.name),
        "rows",
        severity,
        quality.dimension or "accuracy",
        columns=tuple(dict.fromkeys(c.name for c in condition.find_all(exp.Column) if c.table == "t")),
        predicate=condition.sql(dialect="duckdb"),
        references=tuple(sorted({f"{t.db}.{t.name}" for t in condition.find_all(exp.Table) if t.db})),
    )


def _condition(where: str, query: str) -> exp.Expression:
    """The condition of a bad row, out of `select count(*) from ${object} t where <condition>`."""
    expected = "select count(*) from ${object} t where <the condition of a bad row>"
    try:
        parsed = sqlglot.parse_one(query.replace("${object}", "the_object"), dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        raise Wrong(where, query, expected=f"{expected} ({error.errors[0]['description']})") from error
    condition = parsed.args.get("where")
    source = parsed.args.get("from_") or parsed.args.get("from")
    if not isinstance(parsed, exp.Select) or condition is None or source is None:
        raise Wrong(where, query, expected=expected)
    if source.this.name != "the_object" or source.this.alias != "t" or parsed.args.get("joins"):
        raise Wrong(where, query, expected=expected)
    found: exp.Expression = condition.this
    return found


def _freshness_rule(column: str, promise: ServiceLevelAgreementProperty) -> Rule:
    if promise.unit not in ("d", "day", "days"):
        raise Wrong(f"slaProperties.{promise.element}.unit", promise.unit, ("d", "day", "days"))
    days = float(promise.value or 0)
    return Rule(f"fresh {column}", "freshness", "warn", "timeliness", columns=(column,), high=days)

"""ODCS 3.1 documents, checked against the standard's own schema, read into contracts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from sqlglot import exp

from opslayer.config import Firm
from opslayer.contracts.contract import Column, Contract, Rule, Severity, Table
from opslayer.errors import ConfigurationError, nearest

API_VERSION = "v3.1.0"
SEVERITIES = ("block", "quarantine", "warn")
DRIFTS = ("freeze", "evolve", "discard")


def load_contracts(firm: Firm) -> list[Contract]:
    """Every contract of the firm, shipped or its own. Raises ConfigurationError for one that is not ODCS 3.1."""
    return [read_contract(path) for path in firm.files("data_contracts", "*.odcs.yaml").values()]


def read_contract(path: Path) -> Contract:
    """One document. Raises ConfigurationError naming file, key, what was found and what is allowed."""
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, _changed: int) -> Contract:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}\n  is not YAML: {error}") from error
    findings = sorted(_validator().iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    if findings:
        raise ConfigurationError(f"{path}\n" + "\n".join(map(_finding, findings)))
    standard = OpenDataContractStandard.model_validate(document)
    if standard.apiVersion != API_VERSION:
        raise _wrong(path, "apiVersion", standard.apiVersion, [API_VERSION])
    properties = _custom(standard.customProperties)
    team = standard.team if not isinstance(standard.team, list) else None
    return Contract(
        name=str(standard.name or standard.id),
        version=str(standard.version),
        domain=standard.domain or "",
        owner=(team.name if team and team.name else "nobody"),
        description=(standard.description.purpose or "") if standard.description else "",
        tables=tuple(_table(path, standard, item) for item in standard.schema_ or []),
        mapping=properties.get("mapping"),
    )


@cache
def _validator() -> Draft201909Validator:
    return Draft201909Validator(json.loads(OpenDataContractStandard.json_schema()))


def _finding(error: ValidationError) -> str:
    path = [str(part) for part in error.absolute_path]
    key = path[-1] if path else "(the file)"
    lines = [f"expected {error.message}"]
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        unknown = re.findall(r"'([^']+)'", error.message.partition("(")[2])
        allowed = sorted(error.schema.get("properties", {}))
        near = nearest(unknown[0], allowed) if unknown and allowed else None
        key = unknown[0] if unknown else key
        lines = [f"expected one of: {', '.join(allowed)}" if allowed else error.message]
        lines += [f'nearest: "{near}"'] if near else []
    where = ".".join(path[:-1] if path and key == path[-1] else path)
    detail = "\n".join(f"    {line}" for line in lines)
    return (f"  at {where}\n" if where else "") + f"  at key: {key}\n{detail}"


def _wrong(path: Path, key: str, found: object, allowed: Iterable[str]) -> ConfigurationError:
    words = list(allowed)
    near = nearest(str(found), words)
    hint = f'\n    nearest: "{near}"' if near else ""
    return ConfigurationError(
        f'{path}\n  at key: {key}\n    expected one of: {", ".join(words)}; got "{found}"{hint}'
    )


def _custom(properties: Iterable[Any] | None) -> dict[str, Any]:
    return {item.property: item.value for item in properties or [] if item.property}


def _table(path: Path, standard: OpenDataContractStandard, item: SchemaObject) -> Table:
    properties = _custom(item.customProperties)
    severity = properties.get("severity", "block")
    drift = properties.get("drift")
    where = f"schema.{item.name}"
    if severity not in SEVERITIES:
        raise _wrong(path, f"{where}.customProperties.severity", severity, SEVERITIES)
    if drift is not None and drift not in DRIFTS:
        raise _wrong(path, f"{where}.customProperties.drift", drift, DRIFTS)
    fields = item.properties or []
    key = tuple(
        str(field.name)
        for field in sorted(fields, key=lambda field: field.primaryKeyPosition or 0)
        if field.primaryKey
    )
    return Table(
        name=str(item.physicalName or item.name),
        description=item.description or "",
        columns=tuple(_column(field) for field in fields),
        key=key,
        rules=tuple(_rules(path, standard, item, key, severity, is_source=drift is not None)),
        drift=drift,
    )


def _column(field: SchemaProperty) -> Column:
    return Column(
        name=str(field.name),
        physical_type=field.physicalType or "VARCHAR",
        description=field.description or "",
        unit=_custom(field.customProperties).get("unit"),
        required=bool(field.required or field.primaryKey),
    )


def _rules(
    path: Path,
    standard: OpenDataContractStandard,
    item: SchemaObject,
    key: tuple[str, ...],
    severity: Severity,
    *,
    is_source: bool,
) -> Iterator[Rule]:
    """A table's rules, from what its document says of columns, keys, relationships, quality and freshness."""
    if not is_source:  # what a source adds or drops is drift, which landing minds
        yield Rule("columns and types", "columns", "block", "conformity")
    for field in item.properties or []:
        own: Severity = _custom(field.customProperties).get("severity", severity)
        yield from _column_rules(field, own)
    if key and not is_source:
        yield Rule(f"unique {', '.join(key)}", "unique", "block", "uniqueness", columns=key)
    for quality in item.quality or []:
        if quality.severity not in SEVERITIES:
            raise _wrong(path, f"schema.{item.name}.quality.{quality.name}.severity", quality.severity, SEVERITIES)
        if quality.metric == "rowCount" and quality.mustBeBetween:
            yield Rule(
                "row count", "row_count", quality.severity, "completeness",  # type: ignore[arg-type]
                low=quality.mustBeBetween[0], high=quality.mustBeBetween[1],
            )  # fmt: skip
        elif quality.type == "sql" and quality.query and quality.mustBe == 0:
            yield Rule(
                str(quality.name), "rows", quality.severity, quality.dimension or "accuracy",  # type: ignore[arg-type]
                predicate=_predicate(path, item, quality.name, quality.query),
            )  # fmt: skip
        else:
            raise ConfigurationError(
                f"{path}\n  at schema.{item.name}.quality\n  at key: {quality.name}\n    expected metric: rowCount with mustBeBetween, "
                "or type: sql with a query that counts bad rows and mustBe: 0"
            )
    for promise in standard.slaProperties or []:
        element = str(promise.element or "")
        if promise.property == "freshness" and element.startswith(f"{item.name}."):
            yield Rule(
                f"fresh {element.rpartition('.')[2]}", "freshness", "warn", "timeliness",
                columns=(element.rpartition(".")[2],), high=float(promise.value or 0),
            )  # fmt: skip


def _column_rules(field: SchemaProperty, severity: Severity) -> Iterator[Rule]:
    name = str(field.name)
    if field.required or field.primaryKey:
        yield Rule(f"{name} is there", "not_null", severity, "completeness", (name,), f't."{name}" is null')
    if field.enum:
        words = tuple(str(entry.value) for entry in field.enum)
        listing = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
        yield Rule(
            f"{name} is known", "allowed", severity, "conformity", (name,), f't."{name}" not in ({listing})', words
        )
    options = field.logicalTypeOptions or {}
    low, high = options.get("minimum"), options.get("maximum")
    if low is not None or high is not None:
        parts = [f't."{name}" < {low}'] if low is not None else []
        parts += [f't."{name}" > {high}'] if high is not None else []
        yield Rule(
            f"{name} in range", "range", severity, "accuracy", (name,), " or ".join(parts), low=low, high=high
        )
    for relationship in field.relationships or []:
        target = str(relationship.to)
        table, _, column = target.rpartition(".")
        yield Rule(
            f"{name} in {table}", "foreign_key", severity, "consistency", (name,),
            f't."{name}" is not null and not exists (select 1 from {table} as r where r."{column}" = t."{name}")',
            references=(table,),
        )  # fmt: skip


def _predicate(path: Path, item: SchemaObject, name: str | None, text: str) -> str:
    """The condition of a bad row, out of `select count(*) from ${object} t where <condition>`."""
    try:
        query = sqlglot.parse_one(text.replace("${object}", "the_object"), dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        raise ConfigurationError(f"{path}\n  at schema.{item.name}.quality.{name}\n    {error}") from error
    where = query.args.get("where")
    if not isinstance(query, exp.Select) or where is None:
        raise ConfigurationError(
            f"{path}\n  at schema.{item.name}.quality.{name}\n  at key: query\n"
            "    expected: select count(*) from ${object} t where <the condition of a bad row>"
        )
    condition: str = where.this.sql(dialect="duckdb")
    return condition


def source_tables(contracts: Iterable[Contract]) -> Mapping[tuple[str, str], Table]:
    """(mapping, table) -> what the source must hand over."""
    return {
        (contract.mapping, table.name.rpartition(".")[2]): table
        for contract in contracts
        if contract.mapping
        for table in contract.tables
    }

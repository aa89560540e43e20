"""ODCS 3.1 documents, checked against the standard's own schema, read into contracts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import jsonschema_rs
import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

from opslayer.config import Firm
from opslayer.contracts.contract import Column, Contract, Drift, Table
from opslayer.contracts.places import place_of, spot_of
from opslayer.contracts.rules import Wrong, custom, table_rules
from opslayer.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

API_VERSION = "v3.1.0"
DRIFTS: tuple[str, ...] = get_args(Drift)
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there
MANY = 40  # names that a message does not list: it gives the nearest
SCHEMAS = ("staging", "core", "marts", "intelligence")


def load_contracts(firm: Firm) -> list[Contract]:
    """Every contract of the firm, shipped or its own.

    Raises one ConfigurationError over all findings in all files: not ODCS 3.1, a rule that cannot be, a
    foreign key to a column that no contract declares, a table under two contracts.
    """
    contracts: dict[Path, Contract] = {}
    problems: list[str] = []
    for path in firm.files("data_contracts", "*.odcs.yaml").values():
        try:
            contracts[path] = read_contract(path)
        except ConfigurationError as error:
            problems.append(error.message)
    problems += problems_between(contracts) if not problems else []
    if problems:
        raise ConfigurationError("\n".join(problems))
    return list(contracts.values())


def read_contract(path: Path) -> Contract:
    """One document. Raises ConfigurationError naming file, key, what was found and what is allowed."""
    return _read(path, path.stat().st_mtime_ns)


def source_tables(contracts: Iterable[Contract]) -> Mapping[tuple[str, str], Table]:
    """(mapping, table) -> what the source must hand over."""
    return {
        (contract.mapping, table.name.rpartition(".")[2]): table
        for contract in contracts
        if contract.mapping
        for table in contract.tables
    }


def problems_between(contracts: Mapping[Path, Contract]) -> Iterator[str]:
    """What documents say that cannot be true of all of them together."""
    declared: dict[str, tuple[Path, Table]] = {}
    for path, contract in contracts.items():
        for table in contract.tables:
            if table.name in declared:
                other = declared[table.name][0].name
                place = place_of(path, f"schema.{table.name}", table.name)
                yield f"{place}\n  at key: schema.{table.name}\n    expected one contract; {other} has it too"
            declared[table.name] = (path, table)
    known = set(declared) | {
        f"{name}.{c.name}" for name, (_, table) in declared.items() for c in table.columns
    }
    for path, table in declared.values():
        for parent in sorted({parent for rule in table.rules for parent in rule.references} - known):
            options = [name for name in known if name.count(".") == parent.count(".")]
            yield _wrong(path, Wrong(f"schema.{table.name}", parent, tuple(sorted(options)))).message


@cache
def _read(path: Path, _changed: int) -> Contract:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}\n  is not YAML: {error}") from error
    if not _validator().is_valid(document):
        raise ConfigurationError("\n".join(_findings(path, document)))
    try:
        return _contract(OpenDataContractStandard.model_validate(document))
    except Wrong as wrong:
        raise _wrong(path, wrong) from wrong


def _contract(standard: OpenDataContractStandard) -> Contract:
    if standard.apiVersion != API_VERSION:
        raise Wrong("apiVersion", standard.apiVersion, (API_VERSION,))
    team = standard.team if not isinstance(standard.team, list) else None
    if team is None or not team.name:
        raise Wrong("team.name", None, expected="the name of the team that owns it")
    mapping = custom(standard.customProperties).get("mapping")
    tables = tuple(_table(standard, item, mapping) for item in standard.schema_ or [])
    return Contract(
        name=str(standard.name or standard.id),
        version=str(standard.version),
        domain=standard.domain or "",
        owner=team.name,
        description=(standard.description.purpose or "") if standard.description else "",
        tables=tables,
        mapping=mapping,
    )


def _table(standard: OpenDataContractStandard, item: SchemaObject, mapping: str | None) -> Table:
    schema, _, short = str(item.name).partition(".")
    if schema not in ((mapping,) if mapping else SCHEMAS) or not short:
        allowed = (mapping,) if mapping else SCHEMAS
        raise Wrong(
            f"schema.{item.name}", item.name, expected=f"one of {', '.join(f'{s}.<table>' for s in allowed)}"
        )
    drift = custom(item.customProperties).get("drift", "evolve" if mapping else None)
    if mapping and drift not in DRIFTS:
        raise Wrong(f"schema.{item.name}.customProperties.drift", drift, DRIFTS)
    fields = item.properties or []
    keys = sorted((field for field in fields if field.primaryKey), key=lambda f: f.primaryKeyPosition or 0)
    key = tuple(str(field.name) for field in keys)
    columns = tuple(_column(field) for field in fields)
    rules = tuple(table_rules(item, standard.slaProperties or [], key, is_source=mapping is not None))
    happens = custom(item.customProperties).get("happens")
    looked_at = {c for rule in rules for c in rule.columns} | ({happens} if happens else set())
    _check_columns(item, columns, rules_columns=looked_at)
    return Table(str(item.name), item.description or "", columns, key, rules, drift, happens)


def _check_columns(item: SchemaObject, columns: Iterable[Column], rules_columns: Iterable[str]) -> None:
    names = tuple(column.name for column in columns)
    for name in rules_columns:
        if name not in names:
            raise Wrong(f"schema.{item.name}", name, names)


def _column(field: SchemaProperty) -> Column:
    return Column(
        name=str(field.name),
        physical_type=field.physicalType or "VARCHAR",
        description=field.description or "",
        unit=custom(field.customProperties).get("unit"),
        required=bool(field.required or field.primaryKey),
    )


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(
        files("open_data_contract_standard").joinpath("schema.json").read_text()
    )
    return schema


@cache
def _validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_schema())


def _findings(path: Path, document: object) -> Iterator[str]:
    """What is wrong, in order of place; of several alternatives, the one that was meant."""
    from jsonschema import Draft201909Validator  # a second to import, and most documents are right

    errors = Draft201909Validator(_schema()).iter_errors(document)
    for error in sorted(errors, key=lambda error: list(map(str, error.absolute_path))):
        yield _finding(path, error)


def _finding(file: Path, finding: ValidationError) -> str:
    from jsonschema.exceptions import best_match

    error = best_match([finding]) or finding  # of "one of these", what the nearest of them misses
    path = [str(part) for part in error.absolute_path]
    place = spot_of(file, tuple(error.absolute_path))
    key = path[-1] if path else "(the file)"
    lines = [f"expected {error.message}"]
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        unknown = re.findall(r"'([^']+)'", error.message.partition("(")[2])
        allowed = sorted(error.schema.get("properties", {}))
        near = nearest(unknown[0], allowed) if unknown and allowed else None
        key = unknown[0] if unknown else key
        place = spot_of(file, (*error.absolute_path, key), key=True) if unknown else place
        lines = [f"expected one of: {', '.join(allowed)}" if allowed else error.message]
        lines += [f'nearest: "{near}"'] if near else []
    where = ".".join(path[:-1] if path and key == path[-1] else path)
    detail = "\n".join(f"    {line}" for line in lines)
    return f"{place}\n" + (f"  at {where}\n" if where else "") + f"  at key: {key}\n{detail}"


def _wrong(path: Path, wrong: Wrong) -> ConfigurationError:
    expected = wrong.expected or f"one of: {', '.join(wrong.allowed)}"
    if len(wrong.allowed) > MANY:
        expected = "a table or column under contract"
    near = nearest(str(wrong.found), wrong.allowed)
    hint = f'\n    nearest: "{near}"' if near else ""
    place = place_of(path, wrong.key, wrong.found)
    return ConfigurationError(
        f'{place}\n  at key: {wrong.key}\n    expected {expected}; got "{wrong.found}"{hint}'
    )

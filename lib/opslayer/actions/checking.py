"""Is a rule right, all the way down? Its file, its query on empty tables, its templates; has it a case?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import sqlglot
from jinja2 import TemplateSyntaxError, meta, nodes
from sqlglot import exp

from opslayer.actions.channels.configured import columns_needed
from opslayer.actions.kinds import known_names, read_rule
from opslayer.actions.messaging.choice import bare
from opslayer.actions.messaging.rule import MessageRule
from opslayer.actions.messaging.words import GIVEN
from opslayer.actions.rendering import environment
from opslayer.actions.rule import Rule
from opslayer.config import Firm
from opslayer.errors import ConfigurationError, UsageError, nearest
from opslayer.located import Located
from opslayer.warehouse import Layer, blank_layer, check_reading, position, query_path
from opslayer.warehouse.models import parsed, placeholders

ANY_DAY = date(2026, 1, 1)  # the tables are empty: no day gives a row
NEEDED = ("subject", "name", "amount_base")
ADDRESSES = re.compile(r"^(recipient|to|cc|bcc|e?mail|address)$|_(e?mail|address)$")
TABLES = "select schema_name || '.' || table_name as name from duckdb_tables()"
NO_COLUMN = re.compile(r'(?:column named|column) "([^"]+)"')


def check_rules(firm: Firm) -> list[str]:
    """What is wrong with each rule of the firm, shipped or its own; nothing where all are right.

    A shipped rule must have a case; a firm's own may go without.
    """
    names, shipped = known_names(firm), firm.folder("rules")[0]
    found: list[str] = []
    with blank_layer(firm, as_of=ANY_DAY) as layer:
        for path in firm.files("rules").values():
            try:
                read, rule = read_rule(path, names)
            except ConfigurationError as error:
                found.append(error.message)
                continue
            found += check_rule(firm, layer, read, rule)
            if shipped in path.parents and f"{rule.name}.yaml" not in firm.files("cases"):
                found.append(f"{path}:1:1\n  expected an example in cases/{rule.name}.yaml; there is none")
    return found


def check_rule(firm: Firm, layer: Layer, read: Located, rule: Rule) -> list[str]:
    """What is wrong with one rule that could be read; `layer` has the tables, and no rows."""
    found: list[str] = []
    columns: Collection[str] | None = None
    try:
        if isinstance(rule, MessageRule):
            columns = _check_query(layer, read, rule)
            _check_channel(firm, read, rule)
    except ConfigurationError as error:
        found.append(error.message)
    given = None if columns is None else {*columns, *GIVEN}
    for _, template in rule.templates:
        if template.endswith(".j2"):
            found += [error.message for error in check_template(firm, template, given)]
    return found


def _check_query(layer: Layer, read: Located, rule: MessageRule) -> list[str]:
    """The columns that the query of the rule gives. Raises ConfigurationError for the first thing wrong."""
    path = query_path(layer, rule.who.query)
    sql = path.read_text(encoding="utf-8")
    check_reading(sql, path)
    _check_tables(layer, path, sql)
    bound = placeholders(parsed(sql, path)) - {"as_of", "base_currency"}
    for name in rule.who.parameters:
        if name not in bound:
            raise read.wrong("who", "parameters", name, found=name, allowed=bound, key=True)
    missing = sorted(bound - rule.who.parameters.keys())
    if missing:
        raise read.error("who", "parameters", said=f"expected {', '.join(missing)}, which {path.name} binds")
    columns = _columns(layer, rule, path, sql)
    needed = [*NEEDED, *(() if rule.what.role else ("recipient_id",)), *(("days",) if rule.has_days else ())]
    for name in needed:
        if name not in columns:
            raise ConfigurationError(
                f"{path}:1:1\n    expected a column {name}; got: {', '.join(columns)}{_near(name, columns)}"
            )
    for name in columns:
        if ADDRESSES.search(name):
            raise ConfigurationError(
                f"{_place(path, sql, name)}\n    a rule gives no address; got the column {name}. It gives "
                "recipient_id, a party or a person: the address is the one in that record"
            )
    for name in rule.what.shows:
        if name not in columns:
            raise read.wrong("what", "shows", name, found=name, allowed=columns, key=True)
    return columns


def _check_channel(firm: Firm, read: Located, rule: MessageRule) -> None:
    """Raises ConfigurationError where the rule does not show what its channel cannot do without."""
    channel = rule.what.channel
    missing = [name for name in columns_needed(firm, channel) if name not in rule.what.shows]
    if missing:
        raise read.error("what", "shows", said=f"expected {', '.join(missing)} too: {channel} needs them")


def _check_tables(layer: Layer, path: Path, sql: str) -> None:
    known = set(layer.query(TABLES)["name"])
    for table in sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Table):
        name = f"{table.db}.{table.name}"
        if table.db and name not in known:
            line, column = position(table, sql)
            raise ConfigurationError(f"{path}:{line}:{column}\n    no table named {name}{_near(name, known)}")


def _columns(layer: Layer, rule: MessageRule, path: Path, sql: str) -> list[str]:
    """The query's columns, as DuckDB finds them on empty tables."""
    try:
        return layer.query(f"select * from ({bare(sql)}) limit 0", **rule.who.parameters).columns
    except UsageError as error:
        said = error.message.partition("does not run: ")[2] or error.message
        unknown = NO_COLUMN.search(said)
        if unknown is None:
            raise ConfigurationError(f"{path}:1:1\n    {said.splitlines()[0]}") from error
        name = unknown.group(1)
        raise ConfigurationError(
            f"{_place(path, sql, name)}\n    no column named {name}{_near(name, _columns_read(layer, sql))}"
        ) from error


def _columns_read(layer: Layer, sql: str) -> set[str]:
    """The columns of every table that a query reads."""
    query = sqlglot.parse_one(sql, dialect="duckdb")
    tables = {f"{table.db}.{table.name}" for table in query.find_all(exp.Table) if table.db}
    return {column for table in tables for column in layer.query(f"select * from {table} limit 0").columns}


def _place(path: Path, sql: str, name: str) -> str:
    """file:line:column of the first time a name stands in a query."""
    for node in sqlglot.parse_one(sql, dialect="duckdb").walk():
        if isinstance(node, exp.Identifier) and node.name == name:
            line, column = position(node, sql)
            return f"{path}:{line}:{column}"
    return f"{path}:1:1"


def _near(name: str, known: Collection[str]) -> str:
    near = nearest(name, known)
    return f'\n    nearest: "{near}"' if near else ""


def check_template(firm: Firm, name: str, given: Collection[str] | None) -> Iterator[ConfigurationError]:
    """What a template reaches for that it may not, or that it is not `given` (None: whatever it asks for)."""
    path = firm.files("templates", "*.j2")[name]
    try:
        tree = environment(firm).parse(path.read_text(encoding="utf-8"))
    except TemplateSyntaxError as error:
        yield ConfigurationError(f"{path}:{error.lineno}:1\n    {error.message}")
        return
    reached: list[tuple[nodes.Node, str]] = [(one, one.attr) for one in tree.find_all(nodes.Getattr)]
    reached += [(one, _text(one.arg)) for one in tree.find_all(nodes.Getitem)]
    for node, attribute in reached:
        if attribute.startswith("_"):
            said = f"a template reads values, and nothing behind them; got {attribute}"
            yield _in_template(path, node, said)
    for other in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield _in_template(path, other, "a template is one file; got another within it")
    for unknown in sorted(meta.find_undeclared_variables(tree) - set(given)) if given is not None else ():
        first = next(n for n in tree.find_all(nodes.Name) if n.name == unknown)
        yield _in_template(path, first, f"the query gives no {unknown}{_near(unknown, given or ())}")


def _text(node: Any) -> str:
    return str(node.value) if isinstance(node, nodes.Const) else ""


def _in_template(path: Path, node: nodes.Node, said: str) -> ConfigurationError:
    return ConfigurationError(f"{path}:{node.lineno}:1\n    {said}")

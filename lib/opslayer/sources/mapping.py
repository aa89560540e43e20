"""A mapping: how a system's tables become staging entities; YAML, no code."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from opslayer.config import Firm, Settings, read_yaml
from opslayer.errors import ConfigurationError, nearest

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class MappedTable(Settings):
    """A table of the source: its key, and the column that moves when a row changes."""

    key: tuple[str, ...] = Field(min_length=1, description="columns that name one row")
    optional: bool = Field(False, description="whether a firm may do without it")
    cursor: str | None = Field(None, description="column that rises with each change; none -> read whole")


class EntitySelect(Settings):
    """One SELECT that makes rows of an entity; its values are SQL scalar expressions."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: str = Field(alias="from", description="a table of the mapping and its alias, e.g. `invoice i`")
    join: tuple[str, ...] = ()
    where: str | None = None
    columns: dict[str, str] = Field(min_length=1, description="column of the entity -> expression")
    refers: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="key of another system's row -> column of that row's entity -> expression it equals; the "
        "first that names exactly one is taken",
    )


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class Mapping(Settings):
    """A source's tables, and the SELECTs that make staging entities of them.

    An entity is written as one SELECT or as a list of them, whose rows are joined by name (payments that
    lie in two tables); here it is always a tuple.
    """

    mapping: str
    version: int = Field(ge=1)
    description: str
    encoding: str = Field("utf-8", description="how the system writes its text exports")
    tables: dict[str, MappedTable] = Field(min_length=1)
    entities: dict[str, Annotated[tuple[EntitySelect, ...], BeforeValidator(_as_list)]] = Field(min_length=1)

    @field_validator("tables", "entities")
    @classmethod
    def _names(cls, value: dict[str, object]) -> dict[str, object]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f'names of letters, digits and underscores, not "{name}"')
        return value

    @model_validator(mode="after")
    def _reads_its_own_tables(self) -> Mapping:
        for entity, selects in self.entities.items():
            for select in selects:
                table = select.from_.split()[0]
                if table not in self.tables:
                    near = nearest(table, self.tables)
                    hint = f'; nearest: "{near}"' if near else ""
                    raise ValueError(f'{entity} to read a table listed in "tables", not "{table}"{hint}')
        return self


def load_mapping(firm: Firm, name: str) -> Mapping:
    """The mapping of that name: the firm's own, else the shipped one.

    Raises ConfigurationError where there is none, or where its YAML says something that cannot be.
    """
    known = {file.removesuffix(".yaml"): path for file, path in firm.files("mappings").items()}
    if name not in known:
        near = nearest(name, known)
        raise ConfigurationError(
            f'no mapping named "{name}"; there is: {", ".join(known) or "none yet"}',
            mend=f'did you mean "{near}"?' if near else "write it in mappings/ beside firm.toml",
        )
    mapping = read_yaml(known[name], Mapping)
    if mapping.mapping != name:
        raise ConfigurationError(
            f"{known[name]}\n  at key: mapping\n"
            f'    expected "{name}", the name of its file; got "{mapping.mapping}"'
        )
    return mapping

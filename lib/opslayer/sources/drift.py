"""Schema drift: the columns that came against the columns that were expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from opslayer.config import Settings
from opslayer.errors import SchemaDrift

Policy = Literal["freeze", "evolve", "discard"]


class DriftPolicy(Settings):
    """What to do when a table's columns change, and the columns that its contract declares.

    freeze: land nothing, raise SchemaDrift. evolve: land what came. discard: leave undeclared columns out,
    and count their values. Where no columns are declared, those that landed before stand for them.
    """

    policy: Policy = "evolve"
    columns: tuple[str, ...] = ()


class Drift(Settings):
    """Columns that are new, that are gone, and that changed type (before -> now)."""

    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    retyped: dict[str, str] = Field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.missing or self.retyped)

    def __str__(self) -> str:
        parts = [f"new: {', '.join(self.added)}"] if self.added else []
        parts += [f"missing: {', '.join(self.missing)}"] if self.missing else []
        parts += [f"type of {name}: {change}" for name, change in self.retyped.items()]
        return "; ".join(parts)


def compare(arrived: Mapping[str, str], *, declared: tuple[str, ...], before: Mapping[str, str]) -> Drift:
    """What changed: names against the declared columns (else those before), types against those before.

    Names that differ only in case are the same column, as they are to DuckDB.
    """
    expected = declared or tuple(before)
    if not expected:
        return Drift()
    known = {name.casefold() for name in expected}
    came = {name.casefold(): name for name in arrived}
    retyped = {
        came[name.casefold()]: f"{kind} -> {arrived[came[name.casefold()]]}"
        for name, kind in before.items()
        if name.casefold() in came and arrived[came[name.casefold()]] != kind
    }
    return Drift(
        added=tuple(name for name in arrived if name.casefold() not in known),
        missing=tuple(name for name in expected if name.casefold() not in came),
        retyped=retyped,
    )


def refuse(drift: Drift, policy: DriftPolicy, *, key: tuple[str, ...], arrived: Mapping[str, str]) -> None:
    """Raise SchemaDrift where the contract says freeze, or where the key is gone, whatever it says."""
    came = {name.casefold() for name in arrived}
    lost = [name for name in key if name.casefold() not in came]
    if lost:
        raise SchemaDrift(
            f"the key column {', '.join(lost)} is not among the columns that came: {', '.join(arrived)}",
            mend="mend the source, its delimiter in firm.toml, or the key of this table in its mapping",
        )
    if drift and policy.policy == "freeze":
        raise SchemaDrift(
            f"its columns changed and its contract says freeze: {drift}",
            mend="mend the source, or give the contract a new version that declares what came",
        )

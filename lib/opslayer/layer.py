"""The published layer, read-only, at hand in a notebook.

    from opslayer import layer

    layer.tables()                             # what there is
    layer.marts.open_item                      # a table, as Polars; Tab completes its name
    layer.columns("marts.open_item")           # what each column means, and its unit
    layer.metric("dso")                        # a number, with its range
    layer.metric("overdue_share", by="client")
    layer.query("aging")                       # a named query, or SQL

All of it is `opslayer.lab.Reader`, of the firm of $OPSLAYER_FIRM or the nearest firm.toml. It stays on
the snapshot it first read until `layer.open()`; `layer.open(firm, as_of=day)` takes another firm's, or day's.
"""

from __future__ import annotations

from typing import Any

from opslayer.lab import Reader, offer_completions

_reader = Reader()
offer_completions(_reader)


def __getattr__(name: str) -> Any:
    return getattr(_reader, name)


def __dir__() -> list[str]:
    return dir(_reader)

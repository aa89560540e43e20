"""Documents that lie beside a table."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import snapshot


def scope_documents(scopes: pl.DataFrame) -> dict[str, Path]:
    """The Word documents that lie in var/scopes, by subject; the second of two alike is numbered."""
    found: dict[str, Path] = {}
    for as_of, name, subject in scopes.select("as_of", "document", "subject").iter_rows():
        path = snapshot.firm().var / "scopes" / f"{as_of}" / f"{name}.docx"
        if path.is_file():
            title = subject or "(no subject)"
            found[f"{title} ({len(found) + 1})" if title in found else title] = path
    return found

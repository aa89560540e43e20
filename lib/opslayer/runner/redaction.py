"""Secrets never stay in what a run leaves behind: found, replaced, and told."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from opslayer.config import Firm, secret

SHORTEST: Final = 4  # a shorter value is part of ordinary words

Tree = TypeVar("Tree")


def known_secrets(firm: Firm) -> dict[str, str]:
    """Text to look for -> the reference in firm.toml it comes from; a URL's password counts on its own."""
    found: dict[str, str] = {}
    for reference in _references(firm.model_dump(mode="python")):
        try:
            value = secret(reference)
        except Exception:  # what cannot be read here cannot be shown here
            continue
        for text in {value, urlsplit(value).password or ""}:
            if len(text) >= SHORTEST:
                plain, quoted = json.dumps(text)[1:-1], quote(text, safe="")
                written = (text, plain, repr(text)[1:-1], html.escape(text), quoted)
                found |= dict.fromkeys(written, reference)
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def redacted(tree: Tree, secrets: Mapping[str, str]) -> tuple[Tree, set[str]]:
    """`tree` (text, or mappings and lists of it) without the secrets; the references that were found."""
    found: set[str] = set()

    def clean(node: Any) -> Any:
        if isinstance(node, str):
            for text, reference in secrets.items():
                if text in node:
                    found.add(reference)
                    node = node.replace(text, f"[{reference}]")
            return node
        if isinstance(node, dict):
            return type(node)({clean(key): clean(value) for key, value in node.items()})
        if isinstance(node, list):
            return [clean(item) for item in node]
        return node

    return clean(tree), found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, str) and node.startswith(("env:", "keyring:")):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _references(value)

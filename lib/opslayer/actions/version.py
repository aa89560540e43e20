"""Which version of a rule something was done under: its file, its words and its questions."""

from __future__ import annotations

import hashlib

from opslayer.actions.rule import Rule
from opslayer.config import Firm
from opslayer.store import canonical

SWITCHES = {"enabled"}  # whether it is on says nothing of what it is


def rule_version(firm: Firm, rule: Rule) -> str:
    """SHA-256 over the rule as it is read, and the text of its queries and templates; the first 16 digits.

    A remark in the file or the order of its keys changes nothing, a word of a template does.
    """
    queries = {path.stem: path for folder in firm.folder("queries") for path in folder.glob("*.sql")}
    templates = firm.files("templates", "*.*")
    paths = [queries.get(name) for _, name in rule.queries]
    paths += [templates.get(name) for _, name in rule.templates]
    texts = [path.read_text(encoding="utf-8") for path in paths if path is not None]
    values = rule.model_dump(mode="json", exclude=SWITCHES)
    return hashlib.sha256(canonical([values, texts])).hexdigest()[:16]

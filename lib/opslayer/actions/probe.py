"""Planted errors: proposals that are wrong on purpose, to see whether who approves also reads.

A probe is a real draft with one thing wrong in its words: another client's name, or a figure that its rows do
not give. It looks like any other until it is decided, and is told apart then. Its mark is in its evidence,
which the fingerprint covers: it can never leave, whatever is written into the store. It counts in nothing.

Security screening calls the method threat image projection: known targets shown among the real (Hofer and
Schwaninger, 2005), so that attention can be measured at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from opslayer.actions.kind import Kind, Occasion
from opslayer.actions.mark import FIGURE, NAME, flaw_of, mark
from opslayer.actions.rendering import Words
from opslayer.actions.transition import decide, move
from opslayer.actions.wording import AMOUNT, words_of
from opslayer.errors import UsageError
from opslayer.store import Proposal as Record


def plant(
    occasion: Occasion, kind: Kind, evidence: dict[str, Any], content: dict[str, Any], names: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Evidence and content of a probe made of a draft; None where nothing in its words can be made wrong.

    `names` are those of other clients.
    """
    if kind.lay_out is None:
        return None
    for flaw, words in _wrong(Words(**words_of(content)), evidence["party_name"], names):
        try:
            html = kind.lay_out(occasion.firm, evidence, content, words)
        except UsageError:
            continue  # that part of the words is made with its tables
        wrong = {"subject": words.subject, "text": words.text, "html": html}
        return evidence | {"draw": mark(evidence, flaw)}, content | wrong
    return None


def _wrong(words: Words, name: str, names: Iterable[str]) -> Iterable[tuple[str, Words]]:
    other = next((one for one in sorted(names) if one not in (name, "")), None)
    if other is not None and name in words.text:
        yield NAME, Words(words.subject.replace(name, other), words.text.replace(name, other))
    for found in AMOUNT.finditer(words.text):
        digits = [place for place in range(*found.span()) if words.text[place].isdigit()]
        first = digits[0]
        another = str(int(words.text[first]) % 9 + 1)
        yield FIGURE, Words(words.subject, f"{words.text[:first]}{another}{words.text[first + 1 :]}")


def reveal(
    session: Session, record: Record, verdict: str, *, person: str, reason: str, moment: datetime
) -> None:
    """Keep what was decided on a probe, say what it was, and end it; nothing else follows from it."""
    decide(session, record, verdict, person=person, reason=reason, moment=moment)
    caught = verdict == "rejected"
    said = (
        f"this was a test, and you {'found it' if caught else 'did not find it'}: {flaw_of(record.evidence)}"
    )
    detail = {"probe": "caught" if caught else "missed"}
    move(session, record, "cancelled", moment=moment, reason=said, detail=detail)

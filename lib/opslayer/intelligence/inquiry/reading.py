"""What is read of a mail: its own words, not those it quotes, and none that speak to a machine.

A mail is data. A sentence that gives orders to whatever reads it is set aside before anything is looked for,
so that a mail says the same with it and without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 20_000  # characters
_QUOTED = re.compile(
    r"^(?:>.*|On .{5,80} wrote:|Am .{5,80} schrieb.*:|Le .{5,80} a écrit ?:|-{2,} ?Original.*)$"
)
_SIGNATURE = re.compile(r"^-- ?$")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]+)*[.!?]*")
_TO_A_MACHINE = re.compile(
    r"(?:ignor|disregard|forget|overrid|bypass)\w* (?:\w+ ){0,4}(?:instruction|prompt|rule|polic|guideline)"
    r"|(?:mark|classify|label|treat|flag|qualify|score|rate) (?:this|the) (?:message|e?-?mail|inquiry|text)"
    r"|\b(?:system|assistant|user) ?(?:prompt|message)?:\s"
    r"|\byou are (?:now )?(?:an?|the) (?:ai|assistant|model|language model|agent)\b"
    r"|\bsend (?:\w+ ){0,3}(?:client|customer|contact) lists?\b"
    r"|ignorier\w* (?:\w+ ){0,4}(?:anweisung|vorgab|regel)"
    r"|ignor\w+ (?:\w+ ){0,4}(?:consigne|instruction)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reading:
    """`subject` and `text` with what is not read blanked out, so that places in them stay; and what was."""

    subject: str
    text: str
    set_aside: tuple[str, ...]

    @property
    def whole(self) -> str:
        return f"{self.subject}\n{self.text}"


def read(subject: str | None, body: str | None, attached: str | None = None) -> Reading:
    """A mail's own words; those of its text attachments come after them."""
    own = _own(body or "")
    text = f"{own}\n{attached}" if attached else own
    subject_kept, one = _without_orders((subject or "")[:500])
    text_kept, two = _without_orders(text[:MOST])
    return Reading(subject_kept, text_kept, (*one, *two))


def _own(body: str) -> str:
    """The lines before a signature, without quoted ones: blanked, so that places stay."""
    kept, ended = [], False
    for line in body.split("\n"):
        ended = ended or bool(_SIGNATURE.match(line))
        kept.append(" " * len(line) if ended or _QUOTED.match(line) else line)
    return "\n".join(kept)


def _without_orders(text: str) -> tuple[str, tuple[str, ...]]:
    found: list[str] = []

    def blank(match: re.Match[str]) -> str:
        if not _TO_A_MACHINE.search(match[0]):
            return match[0]
        found.append(match[0].strip())
        return " " * len(match[0])

    return _SENTENCE.sub(blank, text), tuple(found)

"""Inquiry, noise or unclear: points for what is said, each with its words, so that anyone can add them up."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from opslayer.intelligence.inquiry.client import Sender, domain_of
from opslayer.intelligence.inquiry.extraction import Fact
from opslayer.intelligence.inquiry.lexicon import LANGUAGES, Lexicon, pattern
from opslayer.intelligence.inquiry.reading import Reading
from opslayer.intelligence.inquiry.vocabulary import Mention
from opslayer.modelops.language import UNKNOWN

INQUIRY_FROM = 4.0  # points: asking, and what for; or asking, and two sizes of it
ASKS, WISHES, NAMES, NAMES_MORE, KNOWN = 2.0, 1.0, 2.0, 0.5, 1.0
SAID = {"budget": 1.5, "hours": 1.0, "people": 1.0, "weeks": 1.0, "starts_on": 0.5, "deadline": 0.5}
NOISE, BULK, IN_A_THREAD = -3.0, -4.0, -1.0
_MACHINES = re.compile(r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)\b")
_FORWARDED = re.compile(r"^\s*(?:fwd?|wg|tr|weitergeleitet)\s*:", re.IGNORECASE)
_WORDS = {
    "budget": "an amount of money", "hours": "hours", "people": "people", "weeks": "a duration",
    "starts_on": "a start", "deadline": "a deadline",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """`verdict` is inquiry, noise or unclear; `reasons` are sentences."""

    verdict: str
    score: float
    reasons: tuple[str, ...]


def judge(
    message: dict[str, Any],
    reading: Reading,
    language: str,
    words: Sequence[Lexicon],
    facts: Sequence[Fact],
    named: Sequence[Mention],
    sender: Sender,
    own_domains: Collection[str],
) -> Verdict:
    """What a mail is. Where nothing says that it is noise and too little that it is not, a person decides."""
    automatic = _automatic(message, own_domains)
    if automatic:
        forwarded = _FORWARDED.match(str(message["subject"] or "")) and "our own" in automatic
        return Verdict("unclear" if forwarded else "noise", 0.0, (automatic,))
    asks = _first(reading.whole, (p for one in words for p in one.asks))
    score, reasons = _points(reading, words, facts, named, sender, asks)
    noise = _noise(message, reading, words)
    score += sum(points for points, _ in noise)
    reasons += [reason for _, reason in noise]
    if not reading.text.strip() and reading.set_aside and not asks:
        return Verdict("noise", score, (*reasons, "It holds nothing but orders to whatever reads it."))
    if message["in_reply_to"]:
        score += IN_A_THREAD
    known_for = bool(named) or sender.party_id is not None or len(facts) >= 2
    if language not in LANGUAGES and not noise:
        which = (
            "too short to tell its language"
            if language == UNKNOWN
            else f"in a language ({language}) that is not read here"
        )
        return Verdict("unclear", score, (*reasons, f"It is {which}."))
    if asks and known_for and score >= INQUIRY_FROM and not any(points == BULK for points, _ in noise):
        return Verdict("inquiry", score, tuple(reasons))
    if noise and score <= 0:
        return Verdict("noise", score, tuple(reasons))
    return Verdict("unclear", score, (*reasons, "That is too little to say what it is."))


def _automatic(message: dict[str, Any], own_domains: Collection[str]) -> str | None:
    """Why it is no letter of a stranger's, by its headers alone."""
    submitted = str(message["auto_submitted"] or "no").casefold()
    if not submitted.startswith("no"):
        return f"A machine answered (Auto-Submitted: {submitted})."
    address = str(message["from_address"] or "")
    if _MACHINES.match(address):
        return f"A machine wrote it ({address})."
    if domain_of(address) in own_domains:
        return "One of our own wrote it."
    return None


def _points(
    reading: Reading,
    words: Iterable[Lexicon],
    facts: Sequence[Fact],
    named: Sequence[Mention],
    sender: Sender,
    asks: str | None,
) -> tuple[float, list[str]]:
    score, reasons = 0.0, []
    if asks:
        score += ASKS
        reasons.append(f"It asks (“{asks}”).")
    elif wishes := _first(reading.whole, (p for one in words for p in one.wishes)):
        score += WISHES
        reasons.append(f"It opens a talk (“{wishes}”).")
    if named:
        score += NAMES + NAMES_MORE * min(len(named) - 1, 2)
        quoted = ", ".join(f"{mention.name} (“{mention.quote}”)" for mention in named[:4])
        reasons.append(f"It names {quoted}.")
    said = [fact.field for fact in facts if fact.field in SAID]
    if said:
        score += sum(SAID[field] for field in said)
        reasons.append(f"It says {_listed([_WORDS[field] for field in said])}.")
    if sender.party_id is not None:
        score += KNOWN
    return score, reasons


def _noise(message: dict[str, Any], reading: Reading, words: Iterable[Lexicon]) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    bulk = str(message["precedence"] or "").casefold() in {"bulk", "list", "junk"}
    if bulk or message["list_id"] or message["list_unsubscribe"]:
        found.append((BULK, "It went to many (its headers name a list)."))
    for lexicon in words:
        for kind, expressions in lexicon.noise.items():
            if quote := _first(reading.whole, expressions):
                found.append((NOISE, f"It reads as {kind} (“{quote}”)."))
    return found


def _first(text: str, expressions: Iterable[str]) -> str | None:
    match = pattern(*expressions).search(text)
    return " ".join(match[0].split())[:60] if match else None


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"

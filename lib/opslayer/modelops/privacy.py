"""Nothing that says who somebody is leaves the machine: replaced by tokens before, put back after.

Two nets: names that the firm's own data know (clients, people, their addresses), and patterns with check
digits (mail, telephone, IBAN, card, tax numbers, our own keys, links). A token is stable: the same value
gives the same token under the same key, so that two questions about one client can be told to be about one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import phonenumbers
from stdnum import iban, luhn

TOKEN = re.compile(r"⟦([A-Z]+)-([0-9a-f]{8,64})⟧")
MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'⟦⟧]+", re.IGNORECASE)
ACCOUNT = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}\b")
CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)")
TAX = re.compile(r"\b(?:[A-Z]{2}[ -]?[0-9A-Z]{0,2}\d{7,12}[A-Z]{0,2}|CHE-?\d{3}\.?\d{3}\.?\d{3})\b")
KEY = re.compile(r"\b[a-z][a-z0-9_]{1,30}:[A-Za-z0-9](?:[A-Za-z0-9:_./-]{0,80}[A-Za-z0-9])?")
DIGITS = re.compile(r"(?<![\w.,])\d{9,}(?![\w]|[.,]\d)")
ABROAD = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ()/.-]{0,2}\d){6,}(?!\w)")
TRUNK = re.compile(r"(?<![\w.,/-])\(?0[1-9](?:[ ()/-]{0,2}\d){6,}(?![\w/]|[.,-]\d)")
SHORTEST = 3  # characters of anything that a pattern finds
LEAST = 3  # letters: a shorter name is a word of many a sentence


@dataclass(frozen=True)
class Found:
    """One thing that may not leave: where it stands in the text, and what sort of thing it is."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Redacted:
    """A text that may leave, and what each of its tokens stands for, which may not."""

    text: str
    values: Mapping[str, str]

    def restore(self, text: str) -> str:
        """An answer with what was said in place of each token; one that was never given is left as it is."""
        return TOKEN.sub(lambda match: self.values.get(match.group(), match.group()), text)

    def unknown(self, text: str) -> set[str]:
        """Tokens of an answer that it was not given: it made them up."""
        return {match.group() for match in TOKEN.finditer(text)} - set(self.values)


@dataclass(frozen=True)
class Redactor:
    """`names` by kind (CLIENT, PERSON, ...); `key` makes the tokens; `region` is where numbers without a
    country code are called from, ISO 3166.
    """

    names: Mapping[str, Iterable[str]]
    key: bytes = field(repr=False)
    region: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", _alternatives(self.names))

    def redact(self, text: str) -> Redacted:
        """`text` with tokens for all that says who somebody is; characters nobody sees are dropped."""
        plain = unicodedata.normalize("NFC", "".join(c for c in text if unicodedata.category(c) != "Cf"))
        parts: list[str] = []
        values: dict[str, str] = {}
        end = 0
        for found in _apart(self._found(plain)):
            value = plain[found.start : found.end]
            token = self.token(found.kind, value)
            values.setdefault(token, value)  # one token for all its spellings: the first comes back
            parts += [plain[end : found.start], token]
            end = found.end
        return Redacted("".join([*parts, plain[end:]]), values)

    def token(self, kind: str, value: str) -> str:
        """What stands for `value`: the same for all its spellings in capitals, small letters and spaces."""
        same = f"{kind}\0{' '.join(value.casefold().split())}".encode()
        return f"⟦{kind}-{hmac.new(self.key, same, hashlib.sha256).hexdigest()[:12]}⟧"

    def _found(self, text: str) -> Iterator[Found]:
        for pattern, kind, holds in PATTERNS:
            yield from _holding(text, pattern, kind, holds)
        matches = phonenumbers.PhoneNumberMatcher(text, self.region)
        yield from (Found(match.start, match.end, "PHONE") for match in matches)
        for kind, pattern in self._known.items():  # type: ignore[attr-defined]
            yield from (Found(m.start(), m.end(), kind) for m in pattern.finditer(text))


def _holding(text: str, pattern: re.Pattern[str], kind: str, holds: Callable[[str], bool]) -> Iterator[Found]:
    """The longest part from each beginning that holds: what stands beside a number may look like one."""
    start = 0
    while match := pattern.search(text, start):
        ends = range(match.end(), match.start() + SHORTEST, -1)
        end = next((end for end in ends if holds(text[match.start() : end])), None)
        if end is not None:
            yield Found(match.start(), end, kind)
        start = match.end() if end == match.end() else match.start() + 1


def _always(_: str) -> bool:
    return True


PATTERNS: tuple[tuple[re.Pattern[str], str, Callable[[str], bool]], ...] = (
    (MAIL, "MAIL", _always),
    (LINK, "LINK", _always),
    (ACCOUNT, "IBAN", lambda text: text[-1].isalnum() and bool(iban.is_valid(text))),
    (CARD, "CARD", lambda text: bool(CARD.fullmatch(text)) and bool(luhn.is_valid(re.sub(r"\D", "", text)))),
    (TAX, "TAXID", _always),
    (KEY, "KEY", lambda text: not text.startswith(("http:", "https:"))),
    (ABROAD, "PHONE", _always),  # also what is no number in use: it was meant as one
    (TRUNK, "PHONE", _always),
    (DIGITS, "NUMBER", _always),
)


def _alternatives(names: Mapping[str, Iterable[str]]) -> dict[str, re.Pattern[str]]:
    """A pattern a kind: the longest name first, so that a part of it is not taken for the whole."""
    made = {}
    for kind, known in names.items():
        spelt = {" ".join(form.split()) for name in known for form in _spellings(name)}
        said = sorted((name for name in spelt if len(name) >= LEAST), key=lambda name: (-len(name), name))
        if said:
            flexible = (r"\s+".join(re.escape(word) for word in name.split()) for name in said)
            made[kind] = re.compile(rf"(?<!\w)(?:{'|'.join(flexible)})(?!\w)", re.IGNORECASE)
    return made


def _spellings(name: str) -> set[str]:
    """As it is written, and without its accents."""
    parted = unicodedata.normalize("NFKD", name)
    return {
        unicodedata.normalize("NFC", name),
        "".join(character for character in parted if not unicodedata.combining(character)),
    }


def _apart(found: Iterable[Found]) -> list[Found]:
    """In the order of the text, none over another: what begins first and reaches furthest goes."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end, each.kind)):
        if kept and one.start < kept[-1].end:
            if one.end > kept[-1].end:  # the two together say who it is
                kept[-1] = Found(kept[-1].start, one.end, kept[-1].kind)
            continue
        kept.append(one)
    return kept


def name_parts(name: str) -> set[str]:
    """A person's name and each part of it by which a letter may call them."""
    return {name, *(part for part in re.split(r"[\s,]+", name) if len(part) >= LEAST and part[:1].isupper())}

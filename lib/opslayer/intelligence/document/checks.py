"""What speaks against a document as it was read: its own sums, the books, the calendar, another like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.document.forms import amount, as_day, could_be, near, plain

CENT = Decimal("0.01")
NET = frozenset({"left=subtotal", "left=sub", "left=net", "left=netto"})
TAX = frozenset({"left=vat", "left=tax", "left=gst", "left=mwst", "left=tva"})
CURRENCIES = {
    "€": "EUR",
    "eur": "EUR",
    "$": "USD",
    "usd": "USD",
    "£": "GBP",
    "gbp": "GBP",
    "chf": "CHF",
    "rm": "MYR",
}


@dataclass(frozen=True)
class Bill:
    """A supplier's bill in the books."""

    bill_id: str
    number: str
    party_id: str
    party: str
    total: Decimal
    currency: str


@dataclass(frozen=True)
class Facts:
    """What a document says, in the types of the table."""

    company: str | None
    number: str | None
    issued_on: date | None
    total: Decimal | None


def facts(values: Mapping[str, str | None]) -> Facts:
    """What was read, where it has the form of what it is."""
    day, paid = values.get("date"), values.get("total")
    return Facts(
        values.get("company"),
        values.get("number"),
        as_day(day) if day else None,
        amount(paid) if paid else None,
    )


def bill_of(lines: pl.DataFrame, said: Facts, bills: Mapping[str, Sequence[Bill]]) -> Bill | None:
    """The bill in the books that it is: its number stands in the document, and its supplier's name too."""
    words = {word.strip(".,:;#") for text in lines["text"] for word in str(text).split()}
    of_number = [bill for word in ({said.number} | words) if word for bill in bills.get(word.casefold(), ())]
    top = lines["text"].head(12).to_list()
    named = [
        bill
        for bill in of_number
        if any(
            plain(bill.party) in plain(text) or near(text, bill.party) for text in (*top, said.company or "")
        )
    ]
    return min(named, key=lambda bill: (bill.number != said.number, bill.bill_id), default=None)


def currency_of(lines: pl.DataFrame) -> str | None:
    """The currency it names most often; none where it names none."""
    text = " ".join(lines["text"].to_list()).casefold()
    often = {
        sign: text.count(sign) if len(sign) == 1 else f" {text} ".count(f" {sign} ") + text.count(f"({sign})")
        for sign in CURRENCIES
    }
    best = max(often, key=lambda sign: often[sign])
    return CURRENCIES[best] if often[best] else None


def contradictions(lines: pl.DataFrame, said: Facts, bill: Bill | None, *, as_of: date) -> list[str]:
    """Each in a sentence; none where nothing speaks against it."""
    told = []
    if bill is not None and said.total is not None and said.total != bill.total:
        told.append(
            f"Its total is {said.total:,.2f}; bill {bill.number} of {bill.party} in the books is of "
            f"{bill.total:,.2f}."
        )
    parts = _parts(lines)
    if parts is not None and said.total is not None and abs(sum(parts) - said.total) > CENT:
        told.append(
            f"{parts[0]:,.2f} and {parts[1]:,.2f} tax are {sum(parts):,.2f}, and not its total of "
            f"{said.total:,.2f}."
        )
    if said.issued_on is not None and said.issued_on > as_of:
        told.append(f"It is dated {said.issued_on:%-d %b %Y}, which is still to come.")
    return told


def _parts(lines: pl.DataFrame) -> tuple[Decimal, Decimal] | None:
    """Net and tax, where each is said once."""
    found = could_be(lines, "total") if len(lines) else []
    net, tax = (
        {amount(one.text) for one in found if names & one.signs.keys() and "left=no" not in one.signs}
        for names in (NET, TAX)
    )
    tax -= net
    if len(net) != 1 or len(tax) != 1:
        return None
    (first,), (second,) = net, tax
    return (first, second) if first is not None and second is not None else None


def same_document(said: Facts) -> tuple[str, str, Decimal] | None:
    """What two copies of one bill have in common; nothing where it does not say all of it."""
    if not said.company or not said.number or said.total is None:
        return None
    return plain(said.company), plain(said.number), said.total

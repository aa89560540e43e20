"""Tax of an invoice: which category and rate a client has, and the totals, as EN 16931 counts them.

What is billed is services. Directive 2006/112/EC taxes a service to a business where the customer is
(Article 44), and advice to anybody outside the Union there too (Article 59).

    S, Z, E  the client is in the seller's country: its rate; one of 0 is zero-rated, or exempt if it says why
    AE       both are in the Union, in two states: the customer owes the tax (Article 196)
    O        one of them is outside the Union: outside the scope of the seller's tax

G, the remaining code for abroad, is for goods that are exported (Article 146), and nothing here is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from stdnum.eu.vat import MEMBER_STATES

from opslayer.actions.invoice.lines import cents

UNION = frozenset(state.upper() for state in MEMBER_STATES) - {"XI"}  # XI is in it for goods alone
PREFIX = {"GR": "EL"}  # of a VAT identifier, where it is not the country's code (Article 215)
REVERSE_CHARGE = "Reverse charge"  # the words that Article 226 (11a) asks for
NOT_SUBJECT = "Not subject to VAT"  # the words of BR-O-10


@dataclass(frozen=True)
class Tax:
    """A category of UNTDID 5305 with its rate in percent; what is not taxed says why (BT-120, BT-121).

    `note` is what the invoice says of it to people.
    """

    category: str
    rate: Decimal
    reason: str | None = None
    reason_code: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Totals:
    """net BT-106 and BT-109, tax BT-110 and BT-117, total BT-112 and BT-115."""

    net: Decimal
    tax: Decimal
    total: Decimal


def tax_for(client: Mapping[str, Any], *, country: str, rate: Decimal, exemption: str | None = None) -> Tax:
    """The category of a service by a seller in `country` to a business in `client["country"]`.

    `exemption` says why a seller whose rate is 0 charges nothing at home.
    """
    if client["country"] == country:
        if rate:
            return Tax("S", rate)
        return Tax("E", rate, exemption, note=exemption) if exemption else Tax("Z", rate)
    nothing = Decimal(0)
    if country not in UNION:
        return Tax("O", nothing, NOT_SUBJECT, "VATEX-EU-O", f"{NOT_SUBJECT}: the client is abroad.")
    if client["country"] not in UNION:
        note = f"{NOT_SUBJECT}: supplied outside the European Union (Article 44 of Directive 2006/112/EC)."
        return Tax("O", nothing, NOT_SUBJECT, "VATEX-EU-O", note)
    note = f"{REVERSE_CHARGE}: the recipient accounts for VAT (Articles 44 and 196 of Directive 2006/112/EC)."
    return Tax("AE", nothing, REVERSE_CHARGE, "VATEX-EU-AE", note)


def totals(net: Decimal, tax: Tax) -> Totals:
    """One category an invoice: BR-CO-17 for its tax, BR-CO-14, 15 and 16 for the sums."""
    amount = cents(net * tax.rate / 100)
    return Totals(net, amount, net + amount)


def is_vat_identifier(tax_id: str, country: str) -> bool:
    """Whether it begins with its country, as BR-CO-09 asks of one."""
    return tax_id.replace(" ", "").startswith(PREFIX.get(country, country))


def faults(client: Mapping[str, Any] | None, *, country: str) -> list[str]:
    """Why it cannot be said whom to bill at which tax, in words; none where it can."""
    if client is None:
        return ["the project has no client in the books"]
    theirs, tax_id = client["country"], client["tax_id"]
    if not theirs:
        return ["the client's country is not known, so its tax is not"]
    if theirs == country or not {theirs, country} <= UNION:
        return []
    if not tax_id:
        return ["the client is abroad and has no tax id: neither reverse charge nor tax is certain"]
    if not is_vat_identifier(tax_id, theirs):
        begins = PREFIX.get(theirs, theirs)
        return [
            f"the client's tax id {tax_id} is no VAT identifier of its country: that begins with {begins}"
        ]
    return []

"""Tax of an invoice: which category and rate a client has, and the totals, as EN 16931 counts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from opslayer.actions.invoice.lines import cents


@dataclass(frozen=True)
class Tax:
    """A category of UNTDID 5305 with its rate in percent; what is exempt says why (BT-120, BT-121)."""

    category: str
    rate: Decimal
    reason: str | None = None
    reason_code: str | None = None


@dataclass(frozen=True)
class Totals:
    """net BT-106 and BT-109, tax BT-110 and BT-117, total BT-112 and BT-115."""

    net: Decimal
    tax: Decimal
    total: Decimal


def tax_for(client: Mapping[str, Any], *, country: str, rate: Decimal) -> Tax:
    """Standard rate within `country`, reverse charge for a business in another.

    Article 44 and 196 of Directive 2006/112/EC: a service to a business is taxed where that is, by itself.
    """
    if client["country"] == country:
        return Tax("S", rate) if rate else Tax("Z", rate)
    return Tax("AE", Decimal(0), "Reverse charge", "VATEX-EU-AE")


def totals(net: Decimal, tax: Tax) -> Totals:
    """One category an invoice: BR-CO-17 for its tax, BR-CO-14, 15 and 16 for the sums."""
    amount = cents(net * tax.rate / 100)
    return Totals(net, amount, net + amount)


def faults(client: Mapping[str, Any] | None, *, country: str) -> list[str]:
    """Why it cannot be said whom to bill at which tax, in words; none where it can."""
    if client is None:
        return ["the project has no client in the books"]
    if not client["country"]:
        return ["the client's country is not known, so its tax is not"]
    found = []
    if client["country"] != country and not client["tax_id"]:
        found.append("the client is abroad and has no tax id: neither reverse charge nor tax is certain")
    return found

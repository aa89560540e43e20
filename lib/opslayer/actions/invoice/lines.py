"""What an invoice says: its lines, from milestones or time under the contract's terms; pure, in Decimal.

An amount is in the project's currency and rounded half up to its cents where EN 16931 rounds: on the line
(BT-131) and on the tax of a category (BR-CO-17); everything else is a sum of those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from opslayer.actions.evidence import written_day

CENT = Decimal("0.01")
ONE, HOUR = "C62", "HUR"  # UN/ECE recommendation 20


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Line:
    """One line: `quantity` of `unit` at `price`; a deduction is -1 of it (BR-27: no price is negative)."""

    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    note: str = ""

    @property
    def amount(self) -> Decimal:
        """BT-131."""
        return cents(self.quantity * self.price)


@dataclass(frozen=True)
class Correction:
    """The invoice a credit note is for (BG-3)."""

    number: str
    issued_on: date


@dataclass(frozen=True)
class Bill:
    """What one invoice or credit note of a project would say.

    `items` are what it bills, each with its net amount: a milestone's key, or "time:<project>:<last day>".
    `delivered` is the first and last day of the work.
    """

    type: Literal["invoice", "credit_note"]
    project_id: str
    project_name: str
    party_id: str
    currency: str
    fx_rate: Decimal
    purchase_order: str | None
    lines: tuple[Line, ...]
    items: Mapping[str, Decimal]
    delivered: tuple[date, date]
    corrects: Correction | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def net(self) -> Decimal:
        """BT-106 (BR-CO-10), and BT-109: nothing is allowed or charged on the document (BR-CO-13)."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def net_base(self) -> Decimal:
        return cents(self.net * self.fx_rate)


def milestone_bills(rows: Iterable[Mapping[str, Any]]) -> list[Bill]:
    """One invoice a project and currency over its milestones, a line each.

    `rows` are those of the query `billable_milestones`, without what is billed already.
    """
    projects: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        projects[row["project_id"], row["currency"]].append(row)
    return [_milestone_bill(done) for _, done in sorted(projects.items())]


def _milestone_bill(rows: Sequence[Mapping[str, Any]]) -> Bill:
    ordered = sorted(rows, key=lambda row: (row["completed_on"], row["milestone_id"]))
    first = ordered[0]
    return _bill(
        first,
        type="invoice",
        purchase_order=first["purchase_order"],
        lines=tuple(
            Line(
                row["name"] or row["milestone_id"], Decimal(1), ONE, row["amount"],
                f"completed {written_day(row['completed_on'])}",
            )
            for row in ordered
        ),
        items={row["milestone_id"]: row["amount"] for row in ordered},
        delivered=(first["completed_on"], ordered[-1]["completed_on"]),
    )  # fmt: skip


def _bill(row: Mapping[str, Any], **parts: Any) -> Bill:
    """A bill to the client of the row's project, in the row's currency."""
    return Bill(
        project_id=row["project_id"],
        project_name=row["project_name"] or row["project_id"],
        party_id=row["party_id"] or "",
        currency=row["currency"],
        fx_rate=row["fx_rate"] or Decimal(1),
        **parts,
    )


def time_bills(rows: Iterable[Mapping[str, Any]], billed: Mapping[str, date]) -> list[Bill]:
    """One invoice a project over its hours at their rates, less what a cap or a retainer takes.

    `rows` are those of the query `billable_time`; `billed` says of a project the last day that we have billed
    and the books do not know of yet. Nothing is left of a project whose hours are covered: they are carried.
    """
    projects: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["rate"] is not None:
            projects[row["project_id"]].append(row)
    bills = (_time_bill(work, billed.get(project)) for project, work in sorted(projects.items()))
    return [bill for bill in bills if bill is not None and bill.net > 0]


def _time_bill(rows: Sequence[Mapping[str, Any]], billed: date | None) -> Bill | None:
    waiting = [row for row in rows if billed is None or row["month"] > billed]
    if not waiting:
        return None
    first = waiting[0]
    lines = _hours(waiting)
    before = first["billed_before"] + _value(_hours([row for row in rows if row not in waiting]))
    lines += deductions(
        _value(lines),
        before,
        cap=first["cap_amount"] if first["billing"] == "capped" else None,
        retainer=first["retainer_amount"] if first["billing"] == "retainer" else None,
    )
    known = [day for day in (billed, first["billed_through"]) if day is not None]
    begin = max(known) + timedelta(days=1) if known else min(row["month"] for row in waiting)
    end = first["period_end"]
    bill = _bill(
        first,
        type="invoice",
        purchase_order=first["purchase_order"],
        lines=tuple(lines),
        items={f"time:{first['project_id']}:{end}": Decimal(0)},
        delivered=(begin, end),
    )
    return replace(bill, items=dict.fromkeys(bill.items, bill.net))


def _hours(rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """A line a person and rate."""
    hours: dict[tuple[str, str, Decimal], Decimal] = defaultdict(Decimal)
    for row in rows:
        role = f", {row['role']}" if row["role"] else ""
        hours[row["person_id"] or "", f"{row['person_name'] or row['person_id']}{role}", row["rate"]] += row[
            "hours"
        ]
    return [Line(name, amount, HOUR, rate) for (_, name, rate), amount in hours.items()]


def _value(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def deductions(
    value: Decimal, before: Decimal, *, cap: Decimal | None, retainer: Decimal | None
) -> list[Line]:
    """What is taken off `value`, `before` being worth what was billed or drawn until now.

    A cap is never exceeded over the life of the project. A retainer was paid in advance: it is drawn down
    first, and only the rest is billed.
    """
    if cap is not None:
        above = min(value, max(value + before - cap, Decimal(0)))
        return [Line(f"Above the agreed cap of {cap:,.2f}", Decimal(-1), ONE, above)] if above else []
    if retainer is not None:
        drawn = min(value, max(retainer - before, Decimal(0)))
        left = max(retainer - before, Decimal(0)) - drawn
        note = f"{left:,.2f} of {retainer:,.2f} is left"
        return [Line("Drawn from the retainer", Decimal(-1), ONE, drawn, note)] if drawn else []
    return []


@dataclass(frozen=True)
class Billed:
    """What of an item we have billed and not credited, on which invoice; how often it was either."""

    item_id: str
    amount: Decimal
    number: str
    issued_on: date
    invoices: int = 1
    credits: int = 0


def credit_notes(standing: Iterable[Mapping[str, Any]], billed: Mapping[str, Billed]) -> list[Bill]:
    """A credit note a project and invoice for milestones that are billed and not, or no longer, owed.

    `standing` are rows of the query `milestone_standing`, `billed` is what we billed of them; of others the
    books' invoice is credited. Owed is nothing where a milestone was reopened or cancelled, or where the
    books bill it on an invoice that is not ours. Where its amount was lowered, the difference is credited.
    """
    wrong: dict[tuple[str, str], list[tuple[Mapping[str, Any], Decimal, str, Correction]]] = defaultdict(list)
    for row in standing:
        found = _over_billed(row, billed.get(row["milestone_id"]))
        if found is not None:
            wrong[row["project_id"], found[2].number].append((row, *found))
    return [_credit_note(rows) for _, rows in sorted(wrong.items())]


def _over_billed(row: Mapping[str, Any], ours: Billed | None) -> tuple[Decimal, str, Correction] | None:
    """What of a milestone is to be credited, why, and on which invoice."""
    is_undone = row["status"] in ("reopened", "cancelled")
    why = f"the milestone was {row['status']} after it was invoiced"
    if ours is None or ours.invoices == 0:
        if ours is not None or not (is_undone and row["invoice_number"] and row["amount"]):
            return None
        return row["amount"], why, Correction(row["invoice_number"], row["issued_on"])
    owed = Decimal(0) if is_undone else row["amount"] or Decimal(0)
    if not is_undone and row["invoice_number"] not in (None, ours.number):
        owed, why = Decimal(0), f"the books bill it too, on {row['invoice_number']}"
    elif not is_undone:
        why = f"its amount was lowered to {owed:,.2f}"
    excess = ours.amount - owed
    return (excess, why, Correction(ours.number, ours.issued_on)) if excess > 0 else None


def _credit_note(rows: Sequence[tuple[Mapping[str, Any], Decimal, str, Correction]]) -> Bill:
    first, _, _, correction = rows[0]
    days = [row["completed_on"] or correction.issued_on for row, *_ in rows]
    return _bill(
        first,
        type="credit_note",
        purchase_order=None,
        lines=tuple(
            Line(row["name"] or row["milestone_id"], Decimal(1), ONE, amount, why)
            for row, amount, why, _ in rows
        ),
        items={row["milestone_id"]: -amount for row, amount, *_ in rows},
        delivered=(min(days), max(days)),
        corrects=correction,
        notes=tuple(dict.fromkeys(f"Reason: {why}" for _, _, why, _ in rows)),
    )

"""The ladder of reminders: its rule, and who is to be reminded of what: pure, from open invoices."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from email.utils import parseaddr
from itertools import pairwise
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from opslayer.actions.rule import Approval, Rule
from opslayer.config import Settings


class Rung(Settings):
    """One level of a ladder: from how many days overdue, and what is then sent by whom."""

    days: int = Field(ge=-365, le=3650, description="days overdue; negative is before the due date")
    name: str
    template: str = Field(description="words of the message: templates/<template>.txt.j2")
    sender: str = Field(
        "firm",
        description="firm (mail.sender), role:NAME (first person with it, else the firm) or an address",
    )
    approval: Approval

    @field_validator("sender")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if value != "firm" and not value.startswith("role:") and "@" not in parseaddr(value)[1]:
            raise ValueError("firm, role:NAME or an address")
        return value


class ReminderRule(Rule):
    """A reminder ladder."""

    kind: Literal["reminder"]
    who: str = Field(description="named query that gives the open invoices; binds $from_days")
    quiet_days: int = Field(0, ge=0)
    minimum_amount: Decimal = Field(Decimal(0), ge=0)
    exclude_disputed: bool = True
    exclude_troubled: Literal["hold", "warn", "ignore"] = Field(
        "hold", description="what trouble on a client's project does to a reminder: hold it, or say so on it"
    )
    troubled_from: Decimal = Field(
        Decimal(0), ge=0, description="base currency expected over budget, from which that is trouble"
    )
    ladder: tuple[Rung, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        for lower, upper in pairwise(self.ladder):
            if upper.days <= lower.days:
                raise ValueError(f"rungs in ascending days; {upper.days} follows {lower.days}")
        return self

    def rung(self, level: int) -> Rung | None:
        return next((rung for rung in self.ladder if rung.days == level), None)

    def reached(self, days_overdue: int) -> Rung | None:
        """The highest rung an invoice has reached."""
        return next((rung for rung in reversed(self.ladder) if days_overdue >= rung.days), None)

    @property
    def levels(self) -> tuple[int, ...]:
        return tuple(rung.days for rung in self.ladder)

    def approval_at(self, level: int) -> Approval | None:
        rung = self.rung(level)
        return rung.approval if rung else None

    @property
    def queries(self) -> tuple[tuple[str, str], ...]:
        return (("who", self.who),)

    @property
    def templates(self) -> tuple[tuple[str, str], ...]:
        return tuple((f"ladder.{n}", f"{rung.template}.txt.j2") for n, rung in enumerate(self.ladder))


@dataclass(frozen=True)
class Invoice:
    """An open sales invoice as the layer's `who` query gives it; `open_base` in base currency."""

    invoice_id: str
    number: str
    party_id: str
    party_name: str | None
    party_email: str | None
    issued_on: date
    due_on: date
    days_overdue: int
    currency: str
    total: Decimal
    open_amount: Decimal
    open_base: Decimal
    is_disputed: bool


@dataclass(frozen=True)
class Reminder:
    """One message: a client, the level it is at, and every invoice of theirs that stands on a rung."""

    client: Invoice
    rung: Rung
    invoices: tuple[tuple[Invoice, Rung], ...]

    @property
    def party_id(self) -> str:
        return self.client.party_id

    @property
    def party_name(self) -> str:
        return self.client.party_name or self.client.party_id

    @property
    def amount(self) -> Decimal:
        """All of it, in base currency."""
        return sum((invoice.open_base for invoice, _ in self.invoices), Decimal(0))

    @property
    def totals(self) -> dict[str, Decimal]:
        """Open amount by currency."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for invoice, _ in self.invoices:
            totals[invoice.currency] += invoice.open_amount
        return dict(sorted(totals.items()))

    @property
    def key(self) -> str:
        """Client, level and invoice set, as a SHA-256: what may happen once, ever."""
        identity = [self.party_id, self.rung.days, sorted(invoice.invoice_id for invoice, _ in self.invoices)]
        return hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode()).hexdigest()


def read_invoices(rows: Iterable[Mapping[str, Any]]) -> list[Invoice]:
    return [Invoice(**{name: row[name] for name in Invoice.__dataclass_fields__}) for row in rows]


def due_reminders(
    invoices: Iterable[Invoice], rule: ReminderRule, *, reminded: Mapping[str, int], quiet: Collection[str]
) -> list[Reminder]:
    """The messages that `rule` calls for, by client.

    An invoice stands on the highest rung it has reached. Its client is written to when it stands higher than
    it was `reminded` at (invoice_id -> level), unless the client is `quiet`, or owes less than the minimum.
    The message is at the highest of those rungs, and covers every invoice of the client that stands on one.
    """
    clients: dict[str, list[tuple[Invoice, Rung]]] = defaultdict(list)
    for invoice in invoices:
        rung = rule.reached(invoice.days_overdue)
        if rung is not None and not (rule.exclude_disputed and invoice.is_disputed):
            clients[invoice.party_id].append((invoice, rung))
    reminders = []
    for party_id, standing in sorted(clients.items()):
        fresh = [
            rung
            for invoice, rung in standing
            if invoice.invoice_id not in reminded or reminded[invoice.invoice_id] < rung.days
        ]
        if not fresh or party_id in quiet:
            continue
        ordered = sorted(standing, key=lambda pair: (pair[0].due_on, pair[0].invoice_id))
        reminder = Reminder(ordered[0][0], max(fresh, key=lambda rung: rung.days), tuple(ordered))
        if reminder.amount >= rule.minimum_amount:
            reminders.append(reminder)
    return reminders

"""The rule of invoices: where they come from, which words go with them, who must approve."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from opslayer.actions.rule import Approval, Rule


class InvoiceRule(Rule):
    """Invoices for what is done, and credit notes for what was billed and is not owed."""

    kind: Literal["invoice"]
    legal_duty: Literal[True] = True
    who: str = Field(description="named query that gives the milestones to bill")
    time: str | None = Field(None, description="named query that gives the hours to bill")
    reopened: str | None = Field(None, description="named query that gives milestones of the books to credit")
    minimum_amount: Decimal = Field(Decimal(0), ge=0, description="base currency; less waits for more")
    template: str = Field("invoice", description="words of the message: templates/<template>.txt.j2")
    approval: Approval

    def approval_at(self, level: int) -> Approval | None:  # noqa: ARG002  an invoice has one level
        return self.approval

    @property
    def queries(self) -> tuple[tuple[str, str], ...]:
        named = {"who": self.who, "time": self.time, "reopened": self.reopened}
        return tuple((place, query) for place, query in named.items() if query)

    @property
    def templates(self) -> tuple[tuple[str, str], ...]:
        return (("rule", f"{self.template}.txt.j2"),)

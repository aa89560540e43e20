"""Rules: a query for who, templates for what, a policy for may I; YAML in `rules/`.

`Rule` has what every kind of rule has; a kind's own module adds the rest (see `kind.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal

from pydantic import Field

from opslayer.config import Settings


class Approval(Settings):
    """Who must say yes, and until when that is worth something. Amounts in base currency."""

    roles: tuple[str, ...] = Field(
        min_length=1, description="roles of [[people]]; any one of them may decide"
    )
    four_eyes_above: Decimal | None = Field(
        None, ge=0, description="above it two different people must approve"
    )
    automatic_up_to: Decimal | None = Field(None, ge=0, description="up to it the rule itself approves")
    expires_days: int = Field(5, ge=1, description="days until a proposal nobody sent is void")

    def needed(self, amount: Decimal) -> int:
        """How many people must approve `amount`."""
        if self.automatic_up_to is not None and amount <= self.automatic_up_to:
            return 0
        return 2 if self.four_eyes_above is not None and amount > self.four_eyes_above else 1

    def in_words(self, amount: Decimal) -> str:
        count = ("no approval", "one approval", "approval by two people")[self.needed(amount)]
        return f"Needs {count} ({' or '.join(self.roles)}); void after {self.expires_days} days."


class Rule(Settings, ABC):
    """What a rule of any kind has; `kind` says which module of `kinds.KINDS` reads and runs it."""

    rule: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="its name")
    kind: str
    description: str
    owner: str
    enabled: bool = True
    named_only: bool = Field(False, description="proposed only where a job names the rule")
    is_contact: bool = Field(
        True, description="counts among the approaches to a client ([limits] in firm.toml)"
    )
    daily_cap: int = Field(200, ge=1, description="messages a day, at most")
    fresh_hours: int = Field(72, ge=1, description="nothing leaves on a snapshot published longer ago")
    fresh_tables: tuple[str, ...] = Field((), description="nor while the contract says one is out of date")

    @property
    def name(self) -> str:
        return self.rule

    @abstractmethod
    def approval_at(self, level: int) -> Approval | None:
        """Who must approve at `level`; None where the rule has that level no more."""

    def is_proposed_by(self, job: str | None) -> bool:
        """Whether a job proposes it; None is whoever asks for all that wait for no job."""
        return job is None and not self.named_only

    @property
    def queries(self) -> tuple[tuple[str, str], ...]:
        """The named queries it asks, each with its place in the file: ("who", "reminder_candidates")."""
        return ()

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs that its file names, under `when`."""
        return ()

    @property
    def templates(self) -> tuple[tuple[str, str], ...]:
        """The templates it names, each with its place in the file: ("ladder.0", "overdue.txt.j2")."""
        return ()

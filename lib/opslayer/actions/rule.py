"""Rules: a query for who, templates for what, a policy for may I; YAML in `rules/`.

`Rule` has what every kind of rule has; a kind's own module adds the rest (see `kind.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from math import ceil

from pydantic import Field, ValidationInfo, field_validator, model_validator

from opslayer.config import Settings

Z_SQUARED = 1.959964**2  # of a 95 % interval


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
    chain: tuple[str, ...] = Field(
        (),
        description="roles that must say yes one after the other, each another person, before any of `roles`",
    )
    escalate_days: int | None = Field(
        None, ge=0, description="days after which those of `escalate_to` may decide as well"
    )
    escalate_to: tuple[str, ...] = ()
    edit_roles: tuple[str, ...] = Field(
        (),
        description="roles that may change subject and text of a mail that waits; nobody, where it is empty",
    )

    @model_validator(mode="after")
    def _in_time(self) -> Approval:
        if (self.escalate_days is None) != (not self.escalate_to):
            raise ValueError("both `escalate_days` and `escalate_to`, or neither")
        if self.escalate_days is not None and self.escalate_days >= self.expires_days:
            raise ValueError(f"`escalate_days` below `expires_days`, {self.expires_days}")
        return self

    def needed(self, amount: Decimal) -> int:
        """How many people must approve `amount`."""
        if self.automatic_up_to is not None and amount <= self.automatic_up_to:
            return 0
        two = self.four_eyes_above is not None and amount > self.four_eyes_above
        return max(len(self.chain), 2 if two else 1)

    def in_words(self, amount: Decimal, *, least: int = 0) -> str:
        """Who must say yes; by `least` people at least."""
        count = max(self.needed(amount), least)
        words = {0: "no approval", 1: "one approval", 2: "approval by two people"}
        people = words.get(count, f"approval by {count} people")
        who = ", then ".join(
            (*self.chain, " or ".join(self.roles)) if count > len(self.chain) else self.chain
        )
        late = (
            f" {' or '.join(self.escalate_to)} too after {self.escalate_days} days;"
            if self.escalate_to
            else ""
        )
        return f"Needs {people} ({who});{late} void after {self.expires_days} days."

    @property
    def policy(self) -> str:
        """Who must say yes, whatever the amount."""
        roles = " or ".join(self.roles)
        who = f"A yes of {', then of '.join(self.chain)}" if self.chain else f"One yes of {roles}"
        said = f"{who}, void after {self.expires_days} days"
        if self.escalate_to:
            said += f"; of {' or '.join(self.escalate_to)} too after {self.escalate_days}"
        if self.four_eyes_above is not None:
            said += f"; two above {self.four_eyes_above:,}"
        if self.automatic_up_to is not None:
            said += f"; none up to {self.automatic_up_to:,}"
        if self.edit_roles:
            said += f"; {' or '.join(self.edit_roles)} may change its words before"
        return said


class Autonomy(Settings):
    """When a rule may approve by itself, once a person has confirmed it; see `autonomy.py`."""

    at_least: float = Field(
        0.95, gt=0.5, lt=1, description="lower bound (95 %, Wilson) of the share of its proposals approved"
    )
    over: int = Field(100, ge=10, le=10_000, description="over so many of its last decisions")
    up_to: Decimal = Field(
        ge=0, description="base currency; above it a person decides. 0 for what moves no money"
    )

    @field_validator("over")
    @classmethod
    def _can_be_reached(cls, value: int, info: ValidationInfo) -> int:
        """With every one approved the bound is n / (n + z squared)."""
        least = info.data.get("at_least", 0.95)
        needed = ceil(Z_SQUARED * least / (1 - least))
        if value < needed:
            raise ValueError(f"{needed} or more: fewer cannot show {least:.0%}, were every one approved")
        return value


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
    legal_duty: bool = Field(False, description="the law asks for it: nobody is left out of it to compare")
    holdout: float | None = Field(
        None,
        ge=0,
        le=0.5,
        description="share of its subjects that it leaves alone, so that its effect can be told; the firm's "
        "([limits] in firm.toml) where it names none, and 0 for none by choice",
    )
    follow_days: int = Field(
        30, ge=1, le=365, description="days after which is judged what became of a subject, left alone or not"
    )

    autonomy: Autonomy | None = Field(None, description="when it may approve by itself; never, without it")

    @field_validator("holdout")
    @classmethod
    def _not_of_a_duty(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value and info.data.get("legal_duty"):
            raise ValueError("no holdout: the rule is a legal duty, and owed to every subject")
        return value

    @property
    def title(self) -> str:
        """Its name as people read it."""
        return self.rule.replace("_", " ").capitalize()

    @property
    def name(self) -> str:
        return self.rule

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels it has: the days of a ladder's rungs or of a sequence's steps."""
        return (0,)

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
    def channels(self) -> tuple[tuple[str, str], ...]:
        """The channels it names, each with its place in the file."""
        return ()

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs that its file names, under `when`."""
        return ()

    @property
    def waits_for_snapshot(self) -> bool:
        """Whether it is asked on each snapshot as it is published."""
        return False

    @property
    def events(self) -> tuple[str, ...]:
        """The events that it waits for, each of which asks it about one subject."""
        return ()

    @property
    def is_only_on_events(self) -> bool:
        """Whether nothing but an event asks it: it is about nobody else."""
        return bool(self.events) and not self.jobs and not self.waits_for_snapshot

    @property
    def templates(self) -> tuple[tuple[str, str], ...]:
        """The templates it names, each with its place in the file: ("ladder.0", "overdue.txt.j2")."""
        return ()

"""A rule of the general kind: a query for who, days for when, a template for what, a policy for may I."""

from __future__ import annotations

from email.utils import parseaddr
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from opslayer.actions.rule import Approval, Rule
from opslayer.config import Settings
from opslayer.modelops.experiments import STANDING, TRIED, Experiment, assign

NAME = r"^[a-z][a-z0-9_]*$"
BOUND = ("as_of", "base_currency", "first_step", "most_rows", "subject", "subjects")  # by us, in every query


class Who(Settings):
    """Whom it is about: a query with a row a subject."""

    query: str = Field(pattern=NAME, description="name of a file in queries/, without .sql")
    parameters: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="what the query binds as $name"
    )

    judged_by: str | None = Field(
        None,
        pattern=NAME,
        description="a query of the subjects with whom it came to nothing, asked after follow_days; `query`, "
        "which names them still, where none is given",
    )

    @field_validator("parameters")
    @classmethod
    def _own_names(cls, value: dict[str, str | int | float | bool]) -> dict[str, str | int | float | bool]:
        taken = sorted(set(BOUND) & value.keys())
        if taken:
            raise ValueError(f"names of your own: {', '.join(taken)} is bound already")
        return value


class When(Settings):
    """When it is looked for, and how soon the same subject is asked about again.

    By jobs, as they are scheduled; on every new snapshot; on events, each about its own subject. Where a rule
    names several, whichever comes first proposes, and the others find it proposed.
    """

    jobs: tuple[str, ...] = Field(
        (), description="jobs of scheduled/ that propose it; any that proposes, where nothing else is named"
    )
    snapshot: bool = Field(False, description="true: asked once of every snapshot as it is published")
    events: tuple[str, ...] = Field(
        (),
        description="asked of its subject as one happens: the layer's own, or of [events] in firm.toml",
    )
    again_after_days: int | None = Field(
        None,
        ge=1,
        description="days until the same subject is asked about anew; never, where it is not given",
    )


class Trial(Settings):
    """Other words for some of the subjects, by chance, to know which words work better."""

    name: str = Field(pattern=NAME)
    template: str = Field(pattern=NAME, description="the other words: templates/<template>.txt.j2")
    share: float = Field(0.5, gt=0, lt=1, description="share of the subjects that get them")
    effect: float = Field(
        0.05, gt=0, lt=1, description="the least gain that is worth a change, as a share of the subjects"
    )

    @property
    def experiment(self) -> Experiment:
        """The words that stand against those that are tried."""
        return Experiment(self.name, {STANDING: 1 - self.share, TRIED: self.share}, self.effect)


class Step(Settings):
    """One message of a sequence."""

    name: str = Field(min_length=1, description="what people call it")
    template: str = Field(pattern=NAME, description="words of the message: templates/<template>.txt.j2")
    days: int = Field(
        0, ge=0, le=3650, description="how long it has lasted by then: the query's column `days`"
    )

    trial: Trial | None = Field(None, description="other words, tried on some of the subjects")

    def template_for(self, subject: str) -> str:
        """The words that a subject gets: the same ones each time."""
        if self.trial is not None and assign(self.trial.experiment, subject) == TRIED:
            return self.trial.template
        return self.template


class Fact(Settings):
    """A column of the query that the approver sees, and that the proposal rests on."""

    title: str
    type: Literal["text", "day", "number", "amount", "percent"] = "text"
    may_change: bool = Field(
        False, description="true: another value by the time of sending does not void the approval"
    )


class What(Settings):
    """What is sent, to whom, from whom."""

    to: str = Field(
        description="client (recipient_id is a party), owner (it is a person), or role:NAME of [[people]]",
    )
    otherwise: str | None = Field(
        None, pattern="^role:.+", description="role:NAME that reads it where the query names nobody"
    )
    sender: str = Field("firm", description="firm (mail.sender), role:NAME (the first with it) or an address")
    channel: str = Field(
        "mail",
        pattern=NAME,
        description="how it leaves: mail, or the name of one under [channels] in firm.toml",
    )
    steps: tuple[Step, ...] = Field(min_length=1, description="one message, or a sequence by days")
    shows: dict[str, Fact] = Field(min_length=1, description="columns of the query that are its evidence")

    @field_validator("to")
    @classmethod
    def _known_reader(cls, value: str) -> str:
        if value not in ("client", "owner") and not value.startswith("role:"):
            raise ValueError(
                "client, owner or role:NAME; an address stands in the party's or person's record"
            )
        return value

    @field_validator("sender")
    @classmethod
    def _known_sender(cls, value: str) -> str:
        if value != "firm" and not value.startswith("role:") and "@" not in parseaddr(value)[1]:
            raise ValueError("firm, role:NAME or an address")
        return value

    @model_validator(mode="after")
    def _trials_are_told_apart(self) -> Self:
        names = [step.trial.name for step in self.steps if step.trial]
        if len(set(names)) < len(names):
            raise ValueError("a name of its own for each trial")
        return self

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        for before, after in pairwise(self.steps):
            if after.days <= before.days:
                raise ValueError(f"steps in ascending days; {after.days} follows {before.days}")
        return self

    @property
    def role(self) -> str | None:
        return self.to.removeprefix("role:") if self.to.startswith("role:") else None

    def reader(self, recipient_id: str | None) -> str:
        """Who reads it: `to`, or `otherwise` where a row names nobody."""
        return self.otherwise if self.otherwise is not None and recipient_id is None else self.to


class MessageRule(Rule):
    """A message to a client, to who owns the record, or to a role of the firm."""

    kind: Literal["message"]
    who: Who
    when: When = When()
    what: What
    quiet_days: int = Field(0, ge=0, description="a reader whom it wrote to is left alone for this long")
    approval: Approval

    @model_validator(mode="after")
    def _trials_are_followed(self) -> Self:
        if not self.holdout and any(step.trial for step in self.what.steps):
            raise ValueError("a holdout: what becomes of a trial's subjects is told beside those left alone")
        return self

    @property
    def levels(self) -> tuple[int, ...]:
        return tuple(step.days for step in self.what.steps)

    def approval_at(self, level: int) -> Approval | None:
        return self.approval if self.step(level) else None

    def step(self, level: int) -> Step | None:
        return next((step for step in self.what.steps if step.days == level), None)

    def is_proposed_by(self, job: str | None) -> bool:
        if job is None or self.named_only:
            return False
        if not self.when.jobs:
            return not (self.when.snapshot or self.when.events)
        return job in self.when.jobs

    @property
    def waits_for_snapshot(self) -> bool:
        return self.when.snapshot

    @property
    def events(self) -> tuple[str, ...]:
        return self.when.events

    @property
    def has_days(self) -> bool:
        """Whether the query must say how long it has lasted."""
        return len(self.what.steps) > 1 or self.what.steps[0].days > 0

    @property
    def templates(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (f"what.steps.{n}", f"{template}.txt.j2")
            for n, step in enumerate(self.what.steps)
            for template in (step.template, *([step.trial.template] if step.trial else []))
        )

    @property
    def channels(self) -> tuple[tuple[str, str], ...]:
        return (("what.channel", self.what.channel),)

    @property
    def queries(self) -> tuple[tuple[str, str], ...]:
        judging = (("who.judged_by", self.who.judged_by),) if self.who.judged_by else ()
        return (("who.query", self.who.query), *judging)

    @property
    def jobs(self) -> tuple[str, ...]:
        return self.when.jobs

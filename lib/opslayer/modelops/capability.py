"""What can be asked of models: who may answer, in which order and limits, and what stands if none does."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from opslayer.config import Firm, read_yaml
from opslayer.config.settings import Settings
from opslayer.errors import unknown
from opslayer.modelops.experiments import STANDING, TRIED, Experiment, assign

SHIPPED = Path(__file__).parent / "capabilities"
PYTHON = r"^opslayer\.[a-z_.]+:[A-Za-z_]+$"


class Input(Settings):
    """One column of what is asked about, and what it may hold."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["number", "numbers", "text", "date", "flag"]
    low: float = -math.inf
    high: float = math.inf
    allowed: tuple[str, ...] = Field((), description="the words it may hold; any, where none is said")
    longest: int = Field(100_000, gt=0, description="characters")
    missing: bool = Field(False, description="whether it may be missing")


class Promised(Settings):
    """What an answer must be, whoever gives it."""

    kind: Literal["probability", "number", "label", "text"]
    low: float = -math.inf
    high: float = math.inf
    labels: tuple[str, ...] = ()
    taught: bool = Field(False, description="whether its labels are those that the firm's history names")
    longest: int = Field(4_000, gt=0, description="characters of a text")
    beside: tuple[str, ...] = Field((), description="lists of numbers that go with it: a path, its intervals")

    @model_validator(mode="after")
    def _probability_has_its_range(self) -> Promised:
        if self.kind == "label" and bool(self.labels) == self.taught:
            raise ValueError("labels where the answer is one, or `taught` where the history has them")
        return self

    @property
    def range(self) -> tuple[float, float]:
        return (0.0, 1.0) if self.kind == "probability" else (self.low, self.high)


class Learnt(Settings):
    """A model that the firm's own history taught, from the registry."""

    kind: Literal["learnt"]
    learner: str = Field(pattern=PYTHON, description="the class that learns it, module:Name, in this package")


class Computed(Settings):
    """A function of the rows that learns nothing: a rule, a base rate, a formula."""

    kind: Literal["computed"]
    function: str = Field(pattern=PYTHON, description="rows -> answers, module:name, in this package")
    version: str = "1"


class Written(Settings):
    """A language model behind an OpenAI-compatible endpoint of [models.endpoints]; skipped without one."""

    kind: Literal["written"]
    prompt: str = Field(
        description="what it is told; the text it is asked about follows in a message of its own"
    )
    most_tokens: int = Field(800, gt=0, description="of an answer")


class Registered(Settings):
    """One version of what was learnt, whoever serves."""

    kind: Literal["version"]
    version: str = Field(description="its number in `opslayer models show NAME`, or an alias: challenger")


Candidate = Annotated[Learnt | Computed | Written, Field(discriminator="kind")]


class Trial(Settings):
    """Somebody else who answers for some of the subjects, by chance, to know who does it better."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    candidate: Annotated[Registered | Computed | Written, Field(discriminator="kind")] = Field(
        description="who is tried: another prompt, another version, another formula"
    )
    since: date = Field(description="the day it began: what was answered before counts in no arm")
    share: float = Field(0.5, gt=0, lt=1, description="share of the subjects it answers for")
    effect: float = Field(
        gt=0, description="the least gain that is worth a change, in the unit of the outcome"
    )
    before: str | None = Field(None, description="an input, a number, that foretells the outcome: CUPED")
    wait_days: int = Field(7, ge=0, description="days after which what nobody corrected is right")

    @property
    def experiment(self) -> Experiment:
        """Who answers as things are stands against who is tried."""
        return Experiment(self.name, {STANDING: 1 - self.share, TRIED: self.share}, self.effect)

    def has_drawn(self, subject: str) -> bool:
        """Whether who is tried answers for it."""
        return assign(self.experiment, subject) == TRIED


class Gain(Settings):
    """What a challenger must gain over the champion, or over the naive rival where there is none."""

    score: Literal["brier", "log_loss"] = "log_loss"
    absolute: float = Field(0.0, ge=0)
    relative: float = Field(0.01, ge=0, description="share of the champion's score")
    confidence: float = Field(0.95, gt=0.5, lt=1)


class Learning(Settings):
    """How a learnt candidate is taught and judged."""

    history: str = Field(
        description="named query: the subject, the inputs, `label` (true, false), `decided_at`, `known_at`"
    )
    segment: str | None = Field(None, description="input by which scores are told apart")
    allowed: tuple[str, ...] = Field((), description="inputs the leak guard suspects that a person looked at")
    judged_by: float = Field(0.25, gt=0, lt=1, description="the share of the rows, the newest, that judge")
    fewest: int = Field(300, ge=50, description="outcomes below which nothing is taught")
    delay_days: int = Field(0, ge=0, description="days after which an outcome has come or never will")
    gain: Gain = Gain()


class Breaker(Settings):
    failures: int = Field(3, ge=1, description="in a row, after which an endpoint or model is left alone")
    rest_seconds: int = Field(60, ge=1, description="for so long; then one question tries it again")


class Capability(Settings):
    """One question that models answer. `subject` names the column that says what a row is about."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    question: str
    subject: str
    inputs: tuple[Input, ...] = Field(min_length=1)
    answer: Promised
    candidates: tuple[Candidate, ...] = Field((), description="in the order in which they are asked")
    fallback: Computed
    learning: Learning | None = None
    trial: Trial | None = None
    timeout_seconds: float = Field(10, gt=0, description="until the fallback must have answered")
    breaker: Breaker = Breaker()
    budget: Decimal | None = Field(None, ge=0, description="base currency a month; none: that of [models]")
    act_from: float = Field(0, ge=0, le=1, description="confidence below which no rule may act on an answer")

    @model_validator(mode="after")
    def _learnt_has_its_learning(self) -> Capability:
        foretells = (
            self.answer.kind == "probability"
        )  # what is said of labels is in the store: no query has it
        if foretells and any(isinstance(one, Learnt) for one in self.candidates) and self.learning is None:
            raise ValueError("`learning` where a candidate is learnt")
        if sum(isinstance(one, Learnt) for one in self.candidates) > 1:
            raise ValueError("one learnt candidate: its versions compete in the registry")
        return self

    @model_validator(mode="after")
    def _trial_knows_its_inputs(self) -> Capability:
        numbers = [one.name for one in self.inputs if one.kind == "number"]
        if self.trial and self.trial.before and self.trial.before not in numbers:
            raise ValueError(
                f"`before` names an input that is a number: {', '.join(numbers) or 'there is none'}"
            )
        if self.trial and self.trial.candidate.kind == "version" and self.learnt is None:
            raise ValueError("a version is tried of a capability that learns")
        return self

    @property
    def learnt(self) -> Learnt | None:
        return next((one for one in self.candidates if isinstance(one, Learnt)), None)


def load_capabilities(firm: Firm) -> dict[str, Capability]:
    """By name, the firm's own folder `capabilities/` winning over the shipped one.

    Raises ConfigurationError for what cannot be, naming file, line and column.
    """
    found = {}
    for path in firm.files("capabilities").values():
        capability = read_yaml(path, Capability)
        found[capability.name] = capability
    return found


def capability_named(firm: Firm, name: str) -> Capability:
    """Raises UsageError for an unknown name."""
    known = load_capabilities(firm)
    if name not in known:
        raise unknown("capability", name, known)
    return known[name]

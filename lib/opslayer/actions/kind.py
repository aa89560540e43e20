"""A kind of action: what a rule of it is made of, and the few functions that make it happen.

A kind is one module with a `Rule` model (its `kind` a `Literal`) and one `KIND = Kind(...)`, listed in
`kinds.KINDS`. Everything else is the same for all: proposing, approving, the outbox, the trail.

    gather    what the snapshot says; asked once, before the store is locked
    wanted    what the rule calls for, given that and what was done before: pure but for the session
    evidence  the rows it rests on, in values that JSON carries
    content   what a person approves, and what would be sent
    standing  what the snapshot says of those rows now: at approval, and once more before sending
    checks    guardrails of its own, over evidence and standing
    approved  what else is written in the transaction that approves; a number drawn, a change recorded
    follow    what is looked at later to tell what became of a subject, left alone or not
    judge     what became of it
    asks      what the rule asks of one subject, condition by condition: why it is chosen or is not
    finish    what is to be left outside the store afterwards, files; doing it again changes nothing

`channel` is "mail" (an approval puts the message into the outbox) or "record" (approved means done: the
state is `recorded`). `content` of a mail has recipient (addresses joined by ", "), sender (None: the firm's),
subject, text, html and attachments, a list of `mail.attachment(name, media type, bytes)`; of a record only
subject, text and html. A rule whose `Approval.automatic_up_to` covers the amount (0 for a message that moves
no money) approves by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from sqlalchemy.orm import Session

from opslayer.actions.guardrails import Case, Hold
from opslayer.actions.rendering import Words, letter
from opslayer.actions.rule import Approval, Rule
from opslayer.actions.version import bound_version, rule_version
from opslayer.config import Firm
from opslayer.store import Proposal as Record
from opslayer.store import Store
from opslayer.warehouse import Layer


@dataclass(frozen=True)
class Occasion:
    """What every function of a kind is given; `rule` is of the kind's own model.

    `subject` is the only one it is about, where an event asks. `cause` says what asks, where no job does:
    "snapshot", that the snapshot is new, or "event:ID".
    """

    firm: Firm
    layer: Layer
    rule: Any
    moment: datetime
    subject: str | None = None
    cause: str | None = None

    @property
    def as_of(self) -> date:
        return self.layer.as_of

    @cached_property
    def rule_version(self) -> str:
        """See `version.rule_version`; its files are read once an occasion."""
        return rule_version(self.firm, self.rule)

    @cached_property
    def bound_version(self) -> str:
        return bound_version(self.firm, self.rule)


@dataclass(frozen=True)
class Wanted:
    """One thing that the rule calls for.

    `key` is a SHA-256 of what may happen once, ever. `subject` and `name` say whom it is about: a client, a
    project, the firm's own people; `client` is the party it is sent to, None where it stays within the firm.
    `level` and `step` say which step of the rule it is at (0 where there is but one), `title` what it is in a
    line. `amount` is in base currency. `documents` are those it covers, each with its level. `basis` is what
    it rests on, in values that JSON carries: an open proposal whose basis has changed is drafted anew.
    `detail` is the kind's own.
    """

    key: str
    subject: str
    name: str
    title: str
    step: str
    approval: Approval
    amount: Decimal = Decimal(0)
    client: str | None = None
    level: int = 0
    documents: Mapping[str, int] = field(default_factory=dict)
    basis: Any = None
    detail: Any = None


@dataclass(frozen=True)
class Followed:
    """What `follow` gave for one subject, and the days in between which something was to happen to it."""

    subject: str
    what: dict[str, Any]
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Judgement:
    """Whether what the rule is there for came about in time; after how many days and for how much money.

    `days` counts to the last day where it did not; None, like `amount` (base currency), where the kind
    cannot tell.
    """

    is_settled: bool
    days: int | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Condition:
    """One thing that a rule asks of a subject; `holds` is None where no subject was named."""

    says: str
    holds: bool | None = None


@dataclass(frozen=True)
class DrawnAgain:
    """A document that was issued, beside the same drawn again: how it was compared, over how many terms."""

    name: str
    how: str
    terms: int
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of the evidence as people read it."""

    name: str
    title: str
    type: Literal["text", "day", "number", "quantity", "amount"] = "text"


def basis_changed(record: Record, wanted: Wanted) -> bool:
    """Whether a proposal that is open or failed rests on something else by now."""
    return bool(record.evidence.get("basis") != wanted.basis)


def _no_standing(_: Layer, __: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {}


def _nothing_more(_: Session, __: Occasion, ___: Record) -> None: ...


def _no_files(_: Firm, __: Store) -> None: ...


def _nothing_followed(_: Occasion, __: Wanted) -> dict[str, Any]:
    return {}


def _as_approved(_: Session, record: Record) -> dict[str, Any]:
    return record.content


def _no_longer(_: Session, __: Occasion, ___: Any, ____: Record) -> str | None:
    return "superseded: the rule no longer calls for it"


def _never_again(_: Session, __: Occasion, ___: Record) -> dict[str, Any] | None:
    return None


def _no_documents(_: Session, __: Occasion, ___: Record) -> list[DrawnAgain]:
    return []


def _asks_nothing(_: Session, __: Occasion, ___: Any, ____: str) -> Iterable[Condition]:
    return ()


def as_letter(firm: Firm, _: dict[str, Any], __: dict[str, Any], words: Words) -> str:
    """For a kind whose mail is nothing but its words."""
    return letter(firm, words)


@dataclass(frozen=True)
class Kind:
    """See the module. `rows` names the list in the evidence that `columns` describe.

    `superseded` says why an open proposal is no longer wanted; None leaves it. `message` is the content as it
    is sent, `measure` says in words what `judge` counts. `reads` names the queries it asks beside the rule's.
    `draw_again` writes the content of a proposal once more from the snapshot of its day, whatever was done
    since; None where that cannot be; `documents_again` draws again what was issued with it. `lay_out` gives
    the HTML of words that a person edited, from firm, evidence, content and words, as of a draft; a kind
    without it is not edited. What is `binding` cannot be taken back, expire or be cancelled once it is
    approved: it is held until a person has dealt with it. What `undoes` another is asked for by a person and
    by no rule; it rests on no snapshot, so that neither old data nor a rule that was switched off or has used
    its caps stands in its way.
    """

    rule: type[Rule]
    gather: Callable[[Occasion], Any]
    wanted: Callable[[Session, Occasion, Any], list[Wanted]]
    evidence: Callable[[Occasion, Wanted], dict[str, Any]]
    content: Callable[[Occasion, Wanted, dict[str, Any]], dict[str, Any]]
    channel: Literal["mail", "record"] = "mail"
    reads: tuple[str, ...] = ()
    rows: str = "rows"
    columns: tuple[Column, ...] = ()
    standing: Callable[[Layer, dict[str, Any]], dict[str, dict[str, Any]]] = _no_standing
    checks: tuple[Callable[[Case], Hold | None], ...] = ()
    changed: Callable[[Record, Wanted], bool] = basis_changed
    superseded: Callable[[Session, Occasion, Any, Record], str | None] = _no_longer
    approved: Callable[[Session, Occasion, Record], None] = _nothing_more
    follow: Callable[[Occasion, Wanted], dict[str, Any]] = _nothing_followed
    judge: Callable[[Layer, list[Followed]], dict[str, Judgement]] | None = None
    measure: str = ""
    finish: Callable[[Firm, Store], None] = _no_files
    message: Callable[[Session, Record], dict[str, Any]] = _as_approved
    binding: bool = False
    undoes: bool = False
    draw_again: Callable[[Session, Occasion, Record], dict[str, Any] | None] = _never_again
    documents_again: Callable[[Session, Occasion, Record], list[DrawnAgain]] = _no_documents
    asks: Callable[[Session, Occasion, Any, str], Iterable[Condition]] = _asks_nothing
    lay_out: Callable[[Firm, dict[str, Any], dict[str, Any], Words], str] | None = None

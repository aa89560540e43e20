"""Edit, then approve: somebody with the right changes the words of a mail that waits.

Subject and text, and nothing else: recipient, amounts and documents are what was proposed. What was said of
the old words is void, for the evidence is another. Each edit is in the content, with the words it replaced,
and in the trail with its difference; `verification` holds one against the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from opslayer.access import asks
from opslayer.actions.approval import is_whole
from opslayer.actions.authority import authority
from opslayer.actions.channels.channel import MAIL, channel_of
from opslayer.actions.evidence import fingerprint
from opslayer.actions.kinds import KINDS, load_rules
from opslayer.actions.mark import flaw_of
from opslayer.actions.probe import reveal
from opslayer.actions.proposal import Proposal, approvals, as_proposal, find
from opslayer.actions.rendering import Words
from opslayer.actions.transition import end_autonomy
from opslayer.actions.wording import amounts, checked, past_words, unified, words_of
from opslayer.config import Firm, Person
from opslayer.errors import AccessDenied, GuardrailHeld, UsageError, unknown
from opslayer.store import Proposal as Record
from opslayer.store import Store, append, lock


@asks("decide")
def edit(
    firm: Firm,
    store: Store,
    number: int,
    *,
    subject: str | None = None,
    text: str | None = None,
    person: str,
    reason: str,
    moment: datetime,
    evidence_hash: str | None = None,
) -> Proposal:
    """New words for a proposal that waits; what is None stays. A yes to the old ones must be said again.

    `evidence_hash` is of what the person looked at, where the caller knows it. Raises UsageError for words
    that cannot be, or where there is nothing to edit, GuardrailHeld where the person may not or it changed.
    """
    with store.session() as session:
        lock(session)
        record = find(session, number)
        who, reason = _editor(firm, record, person, reason, moment)
        if evidence_hash not in (None, record.evidence_hash):
            raise GuardrailHeld(
                f"proposal {number} has changed since you looked at it", mend="look at it again"
            )
        content, difference = _edited(firm, record, subject, text)
        if flaw_of(record.evidence):
            reveal(session, record, "rejected", person=who.email, reason=reason, moment=moment)
            return as_proposal(record)
        content["edits"] = [
            *past_words(record.content),
            {**words_of(record.content), "by": who.email, "reason": reason},
        ]
        void = [decision.person for decision in approvals(record)]
        before, record.content = record.evidence_hash, content
        record.evidence_hash = fingerprint(record.evidence, content)
        if void:
            record.reason = f"edited by {who.name} after a yes of {', '.join(void)}, who must say it again"
        append(
            session,
            moment=moment,
            actor=who.email,
            event="edited",
            proposal_id=number,
            detail={
                "reason": reason,
                "evidence_hash": record.evidence_hash,
                "before": before,
                "void": void,
                "difference": difference,
            },
        )
        end_autonomy(session, record.rule, f"proposal {number} edited", moment=moment, actor=who.email)
        return as_proposal(record)


def preview_edit(
    firm: Firm, store: Store, number: int, *, subject: str | None = None, text: str | None = None
) -> str:
    """What an edit would change, as unified diff. Raises UsageError for words that cannot be."""
    with store.reading() as session:
        return _edited(firm, find(session, number), subject, text)[1]


def edit_roles(firm: Firm, proposal: Proposal) -> tuple[str, ...]:
    """The roles that may change its words now; none where it does not wait, or its kind has none to edit."""
    if proposal.state != "proposed" or KINDS[proposal.kind].lay_out is None:
        return ()
    rule = next((rule for rule in load_rules(firm) if rule.name == proposal.rule), None)
    approval = rule.approval_at(proposal.level) if rule else None
    return approval.edit_roles if approval else ()


def _edited(firm: Firm, record: Record, subject: str | None, text: str | None) -> tuple[dict[str, Any], str]:
    """The content with the new words, laid out as a draft is, and the difference."""
    kind = KINDS[record.kind]
    if record.state != "proposed":
        raise UsageError(f"proposal {record.id} is {record.state}; only what waits for a decision is edited")
    if kind.lay_out is None:
        raise UsageError(f"the words of a {record.kind} are made with its tables, and are not edited")
    if channel_of(record.content) != MAIL:
        raise UsageError(f"only a mail is edited; this leaves by the channel {channel_of(record.content)}")
    before = Words(**words_of(record.content))
    after = checked(before, subject, text)
    drafted = (past_words(record.content) or [words_of(record.content)])[0]
    other = amounts(after.subject + after.text) - amounts(drafted["subject"] + drafted["text"])
    if other:
        raise UsageError(
            f"amounts may not be changed; not in the draft: {', '.join(sorted(other))}",
            mend="reject it with a reason where the amount is wrong",
        )
    html = kind.lay_out(firm, record.evidence, record.content, after)
    content = {**record.content, "subject": after.subject, "text": after.text, "html": html}
    return content, unified(before, after)


def _editor(firm: Firm, record: Record, email: str, reason: str, moment: datetime) -> tuple[Person, str]:
    """The person who may edit it, and why: for whom, where it is for somebody who is away."""
    person = firm.person(email)
    if person is None:
        raise unknown("person", email, (person.email for person in firm.people))
    if not reason.strip():
        raise UsageError("an edit needs a reason; it is kept with it")
    if moment >= record.expires_at:
        raise GuardrailHeld(f"proposal {record.id} expired on {record.expires_at:%Y-%m-%d %H:%M} UTC")
    if not is_whole(record):
        raise GuardrailHeld(f"the evidence of proposal {record.id} is not what was proposed")
    roles = edit_roles(firm, as_proposal(record))
    instead = authority(firm, person, roles, moment)
    if instead is None and record.state == "proposed":
        takes = f"it takes the role {' or '.join(roles)}" if roles else "its rule names no `edit_roles`"
        raise AccessDenied(f"{person.name} may not edit this: {takes}", what=f"words of {record.id}")
    return person, f"{reason} (for {instead})" if instead else reason

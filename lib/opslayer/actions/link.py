"""A link in a mail: it shows a proposal to one person, and decides it once.

The token is a JWS (RFC 7515, HS256) over proposal, person, the hash of the evidence, a nonce and its end. It
proves who was written to; whether it still decides is asked of the store, at each look and in the transaction
of the decision, where the nonce is used up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from opslayer.actions.approval import approve, authorise, is_whole, reject
from opslayer.actions.proposal import Proposal, Shown, approvals, find, show_proposal
from opslayer.config import ApprovalsSection, Firm, secret
from opslayer.errors import ConfigurationError, GuardrailHeld, LinkRefused, UsageError
from opslayer.store import DecisionLink, Store, append
from opslayer.warehouse import Layer

ALGORITHM = "HS256"
SHORTEST = 32  # characters of a secret: as long as the hash (RFC 7518, 3.2)
Verdict = Literal["approve", "reject"]


@dataclass(frozen=True)
class Claim:
    """What a token says, once its signature holds."""

    proposal: int
    person: str
    evidence_hash: str
    nonce: str
    expires_at: datetime


def signing_key(approvals: ApprovalsSection) -> OctKey:
    """The firm's key. Raises ConfigurationError where it is not set or too short to be safe."""
    value = secret(approvals.secret)
    if len(value) < SHORTEST:
        raise ConfigurationError(
            f"the secret {approvals.secret} has {len(value)} characters, {SHORTEST} are needed",
            mend="`openssl rand -hex 32` makes one",
        )
    return OctKey.import_key(value)


def sign(key: OctKey, link: DecisionLink) -> str:
    """The token of a link."""
    claims = {
        "sub": link.person,
        "proposal": link.proposal_id,
        "evidence": link.evidence_hash,
        "jti": link.nonce,
        "exp": int(link.expires_at.timestamp()),
    }
    payload = json.dumps(claims, separators=(",", ":"))
    return jws.serialize_compact({"alg": ALGORITHM}, payload, key, algorithms=[ALGORITHM])


def read_token(firm: Firm, token: str) -> Claim:
    """Raises LinkRefused for a token that this firm did not sign."""
    if firm.approvals is None:
        raise LinkRefused("unknown", "there are no links: firm.toml has no [approvals]")
    key = signing_key(firm.approvals)
    try:
        said = json.loads(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload or b"")
        return Claim(
            said["proposal"],
            said["sub"],
            said["evidence"],
            said["jti"],
            datetime.fromtimestamp(said["exp"], UTC),
        )
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise LinkRefused(
            "unknown", "this link is not whole, or not ours", mend="copy all of it from the mail"
        ) from error


def look(firm: Firm, store: Store, token: str, *, moment: datetime) -> tuple[Shown, str]:
    """The proposal, and the name of who decides it; changes nothing. Raises LinkRefused as deciding does."""
    claim = read_token(firm, token)
    with store.reading() as session:
        name = _check(session, firm, claim, moment)
    return show_proposal(store, claim.proposal), name


def decide_by_link(
    firm: Firm,
    store: Store,
    token: str,
    verdict: Verdict,
    *,
    reason: str,
    moment: datetime,
    layer: Layer,
) -> Proposal:
    """The decision, and with it the end of the link: both or neither.

    Raises LinkRefused where the link does not decide any more; UsageError or GuardrailHeld as `approve` and
    `reject` do, and then it still does.
    """
    claim = read_token(firm, token)
    with store.reading() as session:
        _check(session, firm, claim, moment)
    act: Callable[..., Proposal] = approve if verdict == "approve" else reject

    def use_up(session: Session) -> None:
        unused = DecisionLink.nonce == claim.nonce, DecisionLink.used_at.is_(None)
        done = session.execute(update(DecisionLink).where(*unused).values(used_at=moment))
        assert isinstance(done, CursorResult)
        if done.rowcount != 1:
            raise _used(None)
        detail = {"link": digest_of(claim.nonce)}
        append(
            session,
            moment=moment,
            actor=claim.person,
            event="link used",
            proposal_id=claim.proposal,
            detail=detail,
        )

    return act(
        firm,
        store,
        claim.proposal,
        person=claim.person,
        reason=reason,
        moment=moment,
        layer=layer,
        evidence_hash=claim.evidence_hash,
        besides=use_up,
    )


def digest_of(nonce: str) -> str:
    """How the trail names a link: nothing in it opens one."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def _check(session: Session, firm: Firm, claim: Claim, moment: datetime) -> str:
    """The name of the person. Raises LinkRefused where the link decides nothing now."""
    link = session.get(DecisionLink, claim.nonce)
    if link is None:
        raise LinkRefused("unknown", "this link is not known here any more")
    if link.used_at is not None:
        raise _used(link.used_at.astimezone(firm.zone))
    if moment >= claim.expires_at:
        end = claim.expires_at.astimezone(firm.zone)
        raise LinkRefused("expired", f"this link was good until {end:%-d %B %Y, %H:%M}", mend=ON_THE_PAGE)
    record = find(session, claim.proposal)
    if record.state != "proposed":
        raise LinkRefused("changed", f"this is {record.state} by now: {record.reason or 'it was decided'}")
    if record.evidence_hash != claim.evidence_hash or not is_whole(record):
        raise LinkRefused("changed", "what you were written about has changed since", mend=ON_THE_PAGE)
    if claim.person in {decision.person for decision in approvals(record)}:
        raise LinkRefused("used", "you have said yes to this already; another person must, too")
    try:
        _, person, _ = authorise(firm, record, claim.person, "to look", moment)
    except (GuardrailHeld, UsageError) as error:
        raise LinkRefused("unauthorised", error.message) from error
    return person.name


ON_THE_PAGE = "the page Actions shows it as it is now"


def _used(moment: datetime | None) -> LinkRefused:
    when = f" on {moment:%-d %B %Y, %H:%M}" if moment else ""
    return LinkRefused("used", f"this link was used{when}; a link decides once", mend=ON_THE_PAGE)

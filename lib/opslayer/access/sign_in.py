"""From an identity provider's claims (OpenID Connect Core 1.0, section 2) to a person of the firm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from opslayer.config import Firm, Person
from opslayer.errors import AccessDenied


def signed_in(firm: Firm, claims: Mapping[str, Any], *, moment: datetime) -> Person:
    """The person with the roles of firm.toml and of their groups, until the session ends.

    The provider's cookie outlives its token, so its end is looked at here: `exp` of the token, or
    `session_minutes` after `auth_time` (`iat` where there is none), whichever is first. Raises AccessDenied
    for a sign-in or an access that has ended, an address that is not verified, and who has no role.
    """
    email = str(claims.get("email") or "")
    known = firm.person(email) if email else None
    until = _end(firm, claims, known)
    if until is None or moment >= until:
        raise AccessDenied("Your sign-in has expired.", mend="sign in again", who=email)
    if claims.get("email_verified") is False:
        raise AccessDenied("Your identity provider has not verified your e-mail address.", who=email)
    roles = (*(known.roles if known else ()), *_of_groups(firm, claims))
    if not roles:
        raise AccessDenied(
            f"{email or 'Your account'} is not among the people of {firm.name} in firm.toml.",
            mend="add [[people]] there, or name one of your groups in [access.groups]",
            who=email,
        )
    name = known.name if known else str(claims.get("name") or email)
    return Person(
        name=name,
        email=known.email if known else email,
        roles=tuple(dict.fromkeys(roles)),
        practices=known.practices if known else (),
        until=until,
    )


def _of_groups(firm: Firm, claims: Mapping[str, Any]) -> tuple[str, ...]:
    claim = firm.access.login.groups_claim if firm.access.login else "groups"
    given = claims.get(claim) or ()
    named = given.split() if isinstance(given, str) else [str(group) for group in given]
    return tuple(role for group in named for role in firm.access.groups.get(group, ()))


def _end(firm: Firm, claims: Mapping[str, Any], known: Person | None) -> datetime | None:
    """Nothing where the token says no end: then it cannot be known to hold."""
    began = claims.get("auth_time") or claims.get("iat")  # glewlwyd says 0 where it does not know
    ends = [datetime.fromtimestamp(float(claims["exp"]), UTC)] if "exp" in claims else []
    ends += [known.until] if known and known.until else []
    if began is not None:
        lasts = timedelta(minutes=firm.access.session_minutes)
        ends.append(datetime.fromtimestamp(float(began), UTC) + lasts)
    return min(ends) if "exp" in claims else None

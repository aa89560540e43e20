"""Whom an inquiry, a call or a ticket is for: points for what speaks for each, that anyone can add up.

Who is away or out of hours is not named; that they would have been is said to whoever is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from opslayer.intelligence.wording import listed

LINE, OWNER, HISTORY, SKILL, PRACTICE, LOAD = 4.0, 3.0, 1.5, 2.0, 1.0, 1.0
LEADS = 2.0  # leads projects or sells: to answer a stranger is theirs, whoever holds the skill
HANDED = -0.5
LEAST = 1.5  # points: below it nothing speaks for anybody, and a person says whose it is
MANY_HOURS = 200.0  # hours for a client within a year: who has them knows it
HIGHEST_LEVEL = 5


@dataclass(frozen=True)
class Ask:
    """What came: `skills` and `practice` it needs, whose client it is from, whose line rang."""

    subject: str
    skills: tuple[str, ...] = ()
    practice: str | None = None
    party_id: str | None = None
    line_of: str | None = None


@dataclass(frozen=True)
class Candidate:
    """One who could take it. Levels are 1 to 5; hours with a client are of the last year.

    `free_share` is the part of the next four weeks that nobody planned; `zone` is where they work.
    """

    person_id: str
    name: str
    zone: ZoneInfo
    practice: str | None = None
    levels: Mapping[str, int] = field(default_factory=dict)
    hours_with: Mapping[str, float] = field(default_factory=dict)
    owns: frozenset[str] = frozenset()
    free_share: float = 0.0
    leads: bool = False
    works_today: bool = True
    begins: time = time(9)
    ends: time = time(17)


@dataclass(frozen=True)
class Ranked:
    """A person, the points that speak for them, and each with its words; why they cannot take it now."""

    person_id: str
    name: str
    points: float
    reasons: tuple[str, ...]
    absent: str | None = None


@dataclass(frozen=True)
class Handing:
    """Whom something is for, if anybody; who it would have been for, had they been at work."""

    person: Ranked | None
    passed_over: Ranked | None = None


def rank(
    ask: Ask, people: Iterable[Candidate], *, at: datetime, handed: Mapping[str, int] | None = None
) -> list[Ranked]:
    """Everybody, those at work before the others, the best first.

    `at` is when it is handed over, `handed` what each was given already.

    Raises ValueError where `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone is nobody's working hour")
    ranked = [_ranked(ask, person, at, (handed or {}).get(person.person_id, 0)) for person in people]
    return sorted(ranked, key=lambda one: (one.absent is not None, -one.points, one.person_id))


def hand_out(asks: Sequence[Ask], people: Sequence[Candidate], *, at: datetime) -> dict[str, Handing]:
    """The best person at work for each, by subject, in the order given; nobody where nothing speaks for one.

    What somebody was given counts against them for the next, so that ten do not land on one desk.
    """
    handed: dict[str, int] = {}
    given: dict[str, Handing] = {}
    for ask in asks:
        worth = [one for one in rank(ask, people, at=at, handed=handed) if one.points >= LEAST]
        here = next((one for one in worth if one.absent is None), None)
        gone = next((one for one in worth if one.absent is not None), None)
        if gone is not None and here is not None and gone.points <= here.points:
            gone = None
        given[ask.subject] = Handing(here, gone)
        if here is not None:
            handed[here.person_id] = handed.get(here.person_id, 0) + 1
    return given


def candidates(
    people: pl.DataFrame,
    skills: pl.DataFrame,
    client_people: pl.DataFrame,
    *,
    zone: ZoneInfo,
    hours: tuple[time, time] = (time(9), time(17)),
) -> list[Candidate]:
    """Those employed, as the queries people_to_hand_to, skills and client_people give them.

    `zone` and `hours` are the firm's: those of whoever no source says otherwise.
    """
    levels: dict[str, dict[str, int]] = {}
    for person, skill, level in skills.select("person_id", "skill", "level").iter_rows():
        levels.setdefault(person, {})[skill] = int(level or 0)
    worked_with: dict[str, dict[str, float]] = {}
    owns: dict[str, set[str]] = {}
    for party, person, worked, is_owner in client_people.select(
        "party_id", "person_id", "hours", "is_owner"
    ).iter_rows():
        worked_with.setdefault(person, {})[party] = float(worked)
        if is_owner:
            owns.setdefault(person, set()).add(party)
    return [
        Candidate(
            row["person_id"],
            row["name"] or row["person_id"],
            _zone(row["time_zone"], zone),
            row["practice"],
            levels.get(row["person_id"], {}),
            worked_with.get(row["person_id"], {}),
            frozenset(owns.get(row["person_id"], ())),
            float(row["free_hours"]) / float(row["available_hours"]) if row["available_hours"] else 0.0,
            row["leads"] > 0,
            bool(row["works_today"]),
            _clock(row["works_from"], hours[0]),
            _clock(row["works_until"], hours[1]),
        )
        for row in people.to_dicts()
    ]


def _zone(name: str | None, firms: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else firms
    except (ZoneInfoNotFoundError, ValueError):  # a system may call it by a name of its own
        return firms


def _clock(written: str | None, firms: time) -> time:
    return time.fromisoformat(written) if written else firms


def _ranked(ask: Ask, person: Candidate, at: datetime, handed: int) -> Ranked:
    said = [*_client(ask, person), *_ability(ask, person), *_load(person, handed)]
    return Ranked(
        person.person_id,
        person.name,
        round(sum(p for p, _ in said), 4),
        tuple(why for _, why in said if why),
        _absent(person, at),
    )


def _absent(person: Candidate, at: datetime) -> str | None:
    """Why they cannot take it at that moment. Hours that end before they begin go over midnight."""
    if not person.works_today:
        return "away today"
    clock = at.astimezone(person.zone)
    begins, ends, now = person.begins, person.ends, clock.time()
    at_work = begins <= now < ends if begins < ends else now >= begins or now < ends
    return None if at_work else f"not at work at {clock:%H:%M} {clock.tzname()}"


def _client(ask: Ask, person: Candidate) -> list[tuple[float, str]]:
    said = []
    if ask.line_of == person.person_id:
        said.append((LINE, "it was their line that rang"))
    if ask.party_id is None:
        return said
    if ask.party_id in person.owns:
        said.append((OWNER, "leads the client's last project"))
    if hours := person.hours_with.get(ask.party_id, 0.0):
        said.append(
            (HISTORY * min(hours / MANY_HOURS, 1), f"worked {hours:,.0f} hours for the client within a year")
        )
    return said


def _ability(ask: Ask, person: Candidate) -> list[tuple[float, str]]:
    said = []
    held = {skill: person.levels[skill] for skill in ask.skills if person.levels.get(skill)}
    if held:
        share = sum(min(level, HIGHEST_LEVEL) for level in held.values()) / (HIGHEST_LEVEL * len(ask.skills))
        names = listed([f"{skill} ({level} of {HIGHEST_LEVEL})" for skill, level in held.items()])
        said.append((SKILL * share, f"holds {names}"))
    if ask.practice and ask.practice == person.practice:
        said.append((PRACTICE, f"is of {ask.practice}"))
    if person.leads and (said or ask.party_id or ask.line_of):
        said.append((LEADS, "leads projects or deals"))
    return said


def _load(person: Candidate, handed: int) -> list[tuple[float, str]]:
    share = min(max(person.free_share, 0.0), 1.0)
    said = [(LOAD * share, f"{share:.0%} of the next four weeks free")]
    if handed:
        said.append((HANDED * handed, f"was handed {handed} already"))
    return said

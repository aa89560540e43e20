"""The demo firm's people: practices, roles, hours, skills, holidays and leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.demo import facts
from opslayer.demo.calendar import Days, Month, number, weekday

Floats = NDArray[np.float64]
FOREVER = 10**6
ZONE_ABROAD, ABROAD = "America/New_York", 6  # where every sixth analyst works
ON_LEAVE = 2  # innocents: long approved leave, no shortfall
BENCH, NON_BILLABLE = 5, 5
PLANTED_WEEKS = 13  # before as_of


@dataclass(frozen=True)
class Staff:
    """Arrays by person; days are numbers; `cause` is what was planted ('' for most)."""

    practice: NDArray[np.int64]
    role: NDArray[np.int64]
    hired: Days
    left: Days
    weekly: Floats
    cause: NDArray[np.str_]
    leave: pl.DataFrame
    holidays: Days

    @property
    def count(self) -> int:
        return len(self.role)

    def present(self, days: Days) -> NDArray[np.bool_]:
        """Person by day: employed, a working day, and neither a holiday nor approved whole-day leave."""
        here = (self.hired[:, None] <= days) & (days <= self.left[:, None])
        here &= (weekday(days) < 5) & ~np.isin(days, self.holidays)
        approved = self.leave.filter(status="approved")
        for person, start, end in approved.select("person", "start", "end").iter_rows():
            if start <= days[-1] and end >= days[0]:
                here[person, (days >= start) & (days <= end)] = False
        return here


def staff(calendar: list[Month], *, seed: int, scale: float) -> Staff:
    """About 420 people on the last day at scale 1, those who left before them, and their leave."""
    chance = np.random.default_rng([seed, 20])
    now = max(20, round(facts.PEOPLE * scale))
    first, today = number(calendar[0].first), number(calendar[-1].last) + 1
    leavers = round(now * facts.LEAVERS_A_YEAR * facts.MONTHS / 12)
    count = now + leavers
    practice = np.resize(np.repeat(np.arange(5), [6, 19, 11, 9, 5]), count)
    practice = practice[chance.permutation(count)]
    role = np.where(
        np.arange(count) < 5, 0, chance.choice(len(facts.ROLES), count, p=[r.share for r in facts.ROLES])
    )
    practice[:5] = np.arange(5)  # a partner leads each practice
    hired = first - chance.integers(30, 3000, count)
    late = chance.random(count) < 0.18  # the firm grows
    hired = np.where(late, chance.integers(first, today - 120, count), hired)
    hired[:5] = first - 3000
    left = np.full(count, FOREVER)
    left[now:] = chance.integers(first + 30, today - 10, leavers)
    hired[now:] = np.minimum(hired[now:], left[now:] - 200)
    # each leaver's successor starts a month later
    hired[5 : 5 + leavers] = left[now:] + 28
    weekly = chance.choice([40.0, 32.0, 24.0], count, p=[0.86, 0.09, 0.05])
    cause = _causes(chance, hired, role, weekly, now, today)
    leave = _leave(chance, cause, hired, np.minimum(left, today + 90), first, today)
    years = range(calendar[0].first.year, calendar[-1].first.year + 2)
    return Staff(practice, role, hired, left, weekly, cause, leave, holidays(years))


def _causes(
    chance: np.random.Generator, hired: Days, role: NDArray[np.int64], weekly: Floats, now: int, today: int
) -> NDArray[np.str_]:
    """Ten who are under target for a reason, and innocents."""
    fit = np.flatnonzero((hired[:now] < today - 400) & (role[:now] >= 2) & (weekly[:now] == 40))
    fit = chance.permutation(fit[fit >= 5])
    kinds = ["bench"] * BENCH + ["non_billable"] * NON_BILLABLE + ["leave"] * ON_LEAVE + ["noise"] * 2
    cause = np.full(len(hired), "", dtype="<U12")
    cause[fit[: len(kinds)]] = kinds[: len(fit)]
    return cause


def holidays(years: range) -> Days:
    """The Irish public holidays that fall on fixed days or Mondays."""
    found = []
    for year in years:
        found += [date(year, 1, 1), date(year, 3, 17), date(year, 12, 25), date(year, 12, 26)]
        for month in (5, 6, 8):
            start = date(year, month, 1)
            found.append(start + timedelta(days=-start.weekday() % 7))
        end = date(year, 10, 31)
        found.append(end - timedelta(days=end.weekday()))
    return np.array([number(day) for day in found])


def _leave(
    chance: np.random.Generator, cause: NDArray[np.str_], hired: Days, end: Days, first: int, today: int
) -> pl.DataFrame:
    """Four holidays of a week a year, some days sick, and the innocents' two months off."""
    count = len(hired)
    parts = []
    for year in range(facts.MONTHS // 12 + 1):
        for turn in range(6):
            kind = "vacation" if turn < 4 else "sick"
            start = first + 365 * year + 61 * turn + chance.integers(0, 55, count)
            start -= weekday(start) if turn < 4 else 0
            length = np.full(count, 4) if turn < 4 else chance.integers(0, 3, count)
            future = start > today
            asked = future & (chance.random(count) < 0.3)
            refused = chance.random(count) < 0.02
            parts.append(
                pl.DataFrame(
                    {
                        "person": np.arange(count),
                        "start": start,
                        "end": start + length,
                        "kind": kind,
                        "status": np.where(asked, "requested", np.where(refused, "rejected", "approved")),
                    }
                ).filter(pl.Series((start > hired) & (start + length < end) & ~(future & (kind == "sick"))))
            )
    away = np.flatnonzero(cause == "leave")
    parts.append(
        pl.DataFrame(
            {
                "person": away,
                "start": np.full(len(away), today - 70),
                "end": np.full(len(away), today - 9),
                "kind": "parental",
                "status": "approved",
            },
            schema=parts[0].schema,
        )
    )
    return pl.concat(parts).sort("person", "start")


def person_id(index: pl.Expr) -> pl.Expr:
    return pl.format("E{}", (index + 1).cast(pl.String).str.zfill(5))


def day_text(column: pl.Expr) -> pl.Expr:
    return column.cast(pl.Int32).cast(pl.Date).cast(pl.String)


def staff_tables(people: Staff, *, seed: int) -> dict[str, pl.DataFrame]:
    """The template tables person, working_hours, skill, leave and holiday."""
    chance = np.random.default_rng([seed, 21])
    count = people.count
    given, family = facts.GIVEN_NAMES, facts.FAMILY_NAMES
    names = [
        f"{given[i % len(given)]} {family[(i // len(given) + 3 * i) % len(family)]}" for i in range(count)
    ]
    roles = [facts.ROLES[r] for r in people.role]
    person = pl.DataFrame(
        {
            "index": np.arange(count),
            "name": names,
            "practice": [facts.SERVICES[p].item for p in people.practice],
            "role": [r.name for r in roles],
            "lead": people.practice,
            "hired": people.hired,
            "left": people.left,
            "weekly_hours": [f"{h:.2f}" for h in people.weekly],
            "cost_rate": [
                f"{r.cost * k:.2f}" for r, k in zip(roles, chance.uniform(0.9, 1.1, count), strict=True)
            ],
            "bill_rate": [
                f"{facts.SERVICES[p].price * r.price:.2f}"
                for p, r in zip(people.practice, roles, strict=True)
            ],
            "utilisation_target": [f"{r.target:.2f}" for r in roles],
        }
    ).select(
        person_id(pl.col("index")).alias("person_id"),
        "name",
        pl.format(
            "{}.{}@harrowvale.example", pl.col("name").str.to_lowercase().str.replace_all(" ", "."), "index"
        ).alias("email"),
        "practice",
        "role",
        pl.when(pl.col("index") != pl.col("lead")).then(person_id(pl.col("lead"))).alias("manager_id"),
        day_text(pl.col("hired")).alias("hired_on"),
        day_text(pl.when(pl.col("left") < FOREVER).then("left")).alias("left_on"),
        "weekly_hours",
        "cost_rate",
        "bill_rate",
        "utilisation_target",
    )
    owner = np.repeat(np.arange(count), 3)
    choice = (people.practice[owner] * 4 + chance.integers(0, 7, len(owner))) % len(facts.SKILLS)
    skill = pl.DataFrame(
        {"person": owner, "skill": np.array(facts.SKILLS)[choice], "level": chance.integers(2, 6, len(owner))}
    ).unique(["person", "skill"], maintain_order=True)
    leave = people.leave
    abroad = person.filter(pl.col("left_on").is_null(), role="Analyst").gather_every(ABROAD)["person_id"]
    return {
        "person": person,
        "working_hours": pl.DataFrame(
            {"person_id": abroad, "time_zone": ZONE_ABROAD, "works_from": "09:00", "works_until": "17:00"}
        ),
        "skill": skill.select(
            _numbered("K"), person_id(pl.col("person")).alias("person_id"), "skill", "level"
        ).rename({"id": "skill_id"}),
        "leave": leave.select(
            _numbered("A"),
            person_id(pl.col("person")).alias("person_id"),
            day_text(pl.col("start")).alias("starts_on"),
            day_text(pl.col("end")).alias("ends_on"),
            pl.lit(None, pl.String).alias("hours_a_day"),
            "kind",
            "status",
        ).rename({"id": "leave_id"}),
        "holiday": pl.DataFrame({"day": np.sort(people.holidays)}).select(
            pl.format("H-{}", day_text(pl.col("day"))).alias("holiday_id"),
            day_text(pl.col("day")).alias("day"),
            pl.lit("Public holiday").alias("name"),
        ),
    }


def _numbered(prefix: str) -> pl.Expr:
    return pl.format(f"{prefix}{{}}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)).alias("id")

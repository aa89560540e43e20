"""The people of the demo firm: practice, role, hours and rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.demo import facts

PEOPLE = 420
ROLES = {  # share of the people, hourly cost and list price against the practice's price, target utilisation
    "Partner": (0.06, 0.85, 1.8, 0.45),
    "Manager": (0.14, 0.60, 1.3, 0.65),
    "Senior consultant": (0.25, 0.48, 1.05, 0.78),
    "Consultant": (0.35, 0.38, 0.85, 0.82),
    "Analyst": (0.20, 0.30, 0.65, 0.85),
}
PART_TIME = 0.12  # of the people, at four fifths
FIRST_NAMES = (
    "Aoife",
    "Bram",
    "Clara",
    "Dario",
    "Edith",
    "Farid",
    "Greta",
    "Hugo",
    "Isla",
    "Jonas",
    "Katya",
    "Liam",
    "Mira",
    "Nadia",
    "Oscar",
    "Petra",
    "Quinn",
    "Rosa",
    "Samir",
    "Tilda",
    "Uma",
    "Viktor",
    "Wendel",
    "Yara",
)
LAST_NAMES = (
    "Abbott",
    "Byrne",
    "Castell",
    "Dorn",
    "Ekman",
    "Farrell",
    "Gallo",
    "Hayes",
    "Ibsen",
    "Jansen",
    "Keane",
    "Lowry",
    "Maurer",
    "Nolan",
    "Okafor",
    "Pires",
    "Reyes",
    "Sattler",
    "Thorne",
    "Ueda",
    "Vance",
    "Wolff",
)


@dataclass(frozen=True)
class Staff:
    """Arrays by person: number of the practice (as facts.SERVICES), number of the role, hours a day."""

    practice: NDArray[np.int64]
    role: NDArray[np.int64]
    hours_a_day: NDArray[np.float64]

    @property
    def count(self) -> int:
        return len(self.practice)


def staff(seed: int, scale: float) -> Staff:
    chance = np.random.default_rng([seed, 31])
    count = max(15, round(PEOPLE * scale))
    # a price of twice the hours' worth needs half the people
    share = np.array([service.share for service in facts.SERVICES])
    return Staff(
        practice=np.sort(chance.choice(len(share), count, p=share / share.sum())),
        role=chance.choice(len(ROLES), count, p=[role[0] for role in ROLES.values()]),
        hours_a_day=np.where(chance.random(count) < PART_TIME, 6.4, 8.0),
    )


def person_id(index: int) -> str:
    return f"E{index + 1:04d}"


def person_table(people: Staff) -> pl.DataFrame:
    """The template table `person`."""
    names, facts_of = list(ROLES), list(ROLES.values())
    rows = []
    for index in range(people.count):
        service, role = facts.SERVICES[people.practice[index]], facts_of[people.role[index]]
        first = FIRST_NAMES[index % len(FIRST_NAMES)]
        last = LAST_NAMES[(index // len(FIRST_NAMES) + index) % len(LAST_NAMES)]
        rows.append(
            (
                person_id(index),
                f"{first} {last}",
                f"{first}.{last}.{index + 1}@harrowvale.example".lower(),
                service.item,
                names[people.role[index]],
                "2020-01-06",
                None,
                f"{people.hours_a_day[index] * 5:.1f}",
                f"{service.price * role[1]:.2f}",
                f"{service.price * role[2]:.2f}",
                f"{role[3]:.2f}",
            )
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


COLUMNS = (
    "person_id",
    "name",
    "email",
    "practice",
    "role",
    "hired_on",
    "left_on",
    "weekly_hours",
    "cost_rate",
    "bill_rate",
    "utilisation_target",
)

"""The mail since the last working day: what is an inquiry, what is wanted, who asks, and is there room."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from opslayer.intelligence.inquiry.capacity import Need, needed_and_free
from opslayer.intelligence.inquiry.extraction import Fact, extract
from opslayer.intelligence.inquiry.inquiries import MODEL, VERSION, read_mail
from opslayer.intelligence.inquiry.vocabulary import Vocabulary, learn_vocabulary
from opslayer.intelligence.layer import Queries, hold_to_day

__all__ = [
    "MODEL",
    "VERSION",
    "Fact",
    "Need",
    "Vocabulary",
    "extract",
    "for_a_person",
    "headline",
    "inquiries",
    "learn_vocabulary",
    "needed_and_free",
    "read_mail",
    "run",
    "since_last_working_day",
]


def run(layer: Queries, *, as_of: date, zone: ZoneInfo) -> dict[str, pl.DataFrame]:
    """The tables of the question, by name: inquiry, inquiry_fact, inquiry_capacity.

    `zone` is where the firm's days are cut. Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    holidays = set(layer.query("holidays")["day"])
    since, until = since_last_working_day(as_of, holidays, zone)
    return read_mail(
        layer.query("mail_between", since=since.isoformat(), until=until.isoformat()),
        vocabulary=learn_vocabulary(layer.query("skill_practice")),
        clients=layer.query("clients_for_matching"),
        open_opportunities=layer.query("open_opportunities_for_matching"),
        own_domains=frozenset(layer.query("own_domains")["domain"]),
        skill_capacity=layer.query("skill_capacity"),
        base_currency=str(layer.query("base_currency")["currency"][0]),
        as_of=as_of,
    )


def since_last_working_day(as_of: date, holidays: set[date], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of the working day before `as_of` to the last of `as_of`."""
    day = as_of - timedelta(days=1)
    while day.weekday() >= 5 or day in holidays:
        day -= timedelta(days=1)
    return datetime.combine(day, time(), zone), datetime.combine(as_of + timedelta(days=1), time(), zone)


def inquiries(found: pl.DataFrame) -> pl.DataFrame:
    """Those that are inquiries, the most certain first."""
    return found.filter(verdict="inquiry")


def for_a_person(found: pl.DataFrame) -> pl.DataFrame:
    """Those that a person has to look at."""
    return found.filter(verdict="unclear")


def headline(found: pl.DataFrame) -> str:
    """One sentence: how many mails came, and what they are."""
    if found.is_empty():
        return "No mail has come since the last working day, or no mailbox is read."
    named, unclear = inquiries(found), for_a_person(found)
    known = int((named["match"] != "new lead").sum())
    kept: dict[str, Any] = {
        "mails": len(found),
        "inquiries": len(named),
        "known": known,
        "unclear": len(unclear),
    }
    return (
        "**{inquiries} inquiries** among {mails} mails since the last working day ({known} from clients); "
        "{unclear} wait for a person to say what they are."
    ).format(**kept)

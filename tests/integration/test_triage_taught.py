"""What people put right of the mail teaches a model, which answers only once it is right more often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from opslayer.intelligence.ticket.learner import SAID
from opslayer.intelligence.ticket.routing import CAPABILITY as ROUTE
from opslayer.intelligence.ticket.routing import FEWEST as FEWEST_TICKETS
from opslayer.intelligence.ticket.routing import teach_routes
from opslayer.intelligence.triage.teaching import CAPABILITY, FEWEST, teach
from opslayer.modelops import Models
from opslayer.modelops.registry import CHAMPION
from opslayer.store import open_store
from tests.talking import AS_OF, MOMENT, write_firm

WORK, NOTHING = "asks for work", "nothing to answer"
WANTS = (
    "a team for the cloud",
    "engineers for a platform",
    "an offer for training",
    "a review of our prices",
)
NOISE = ("tickets for the summit", "charts of the week", "your parcel", "a list of leads")
OPENINGS = ("good morning, this is about", "hello, we write you for", "dear all, here is", "today again:")


def said(rows: int, *, answered_right: bool) -> pl.DataFrame:
    """Mails that people labelled, one an hour; what was answered is right, or always the same."""
    made = []
    for n in range(rows):
        what, label = (WANTS[n // 2 % 4], WORK) if n % 2 else (NOISE[n // 2 % 4], NOTHING)
        made.append(
            {
                "subject": f"mail:{n}",
                "text": f"{OPENINGS[n // 8 % 4]} {what}",
                "received_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n),
                "answer": label if answered_right else NOTHING,
                "label": label,
            }
        )
    return pl.DataFrame(made)


ASKED = pl.DataFrame(
    {"message_id": ["m1", "m2"], "text": ["hello, we write you for engineers for a platform", "qq zz xx"],
     "ruled": [NOTHING, NOTHING], "why": ["It names nothing.", None]}
)  # fmt: skip


def test_the_rules_answer_until_what_was_taught_is_oftener_right(tmp_path: Path) -> None:
    firm = write_firm(tmp_path)
    with open_store(firm) as store:
        models = Models(firm, store)

        def taught(rows: pl.DataFrame) -> str:
            return teach(rows, models.registry, as_of=AS_OF, snapshot="s1", moment=MOMENT)

        assert f"{FEWEST} are needed" in taught(said(20, answered_right=False))
        ruled = models.ask(CAPABILITY, ASKED, as_of=AS_OF, moment=MOMENT)
        assert ruled["answer"].to_list() == [NOTHING, NOTHING]
        assert ruled["is_fallback"].all()

        assert "nothing changes" in taught(said(240, answered_right=True))
        assert CHAMPION not in models.registry.aliases(CAPABILITY)

        assert "answers from now on" in taught(said(240, answered_right=False))
        served = models.ask(CAPABILITY, ASKED, as_of=AS_OF, moment=MOMENT)
        assert served["answer"].to_list() == [WORK, "for a person"]  # nobody taught it the second's words
        assert not served["is_fallback"].any()
        assert "“asks for work” is nearest" in served["reasons"][0]


TEAMS = {"disk": "Cloud", "screen": "Desk", "load": "Data"}


def tickets(rows: int) -> pl.DataFrame:
    """All opened with the desk, one an hour; most end with their subcategory's team, some there."""
    made = []
    for n in range(rows):
        what = list(TEAMS)[n % 3]
        at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=n)
        said = dict.fromkeys(SAID) | {
            "team": "Desk",
            "subcategory": what,
            "caller": f"c{n % 7}",
            "place": f"p{n % 11}",
        }
        team = "Desk" if n % 19 == 7 else TEAMS[what]
        ended = {"end_team": team, "decided_at": at, "known_at": at + timedelta(hours=8)}
        made.append({"subject": f"t{n}", "last_team": TEAMS[what]} | said | ended)
    return pl.DataFrame(made, schema_overrides=dict.fromkeys(SAID, pl.String))


def test_a_ticket_stays_where_it_is_until_what_was_taught_is_oftener_right(tmp_path: Path) -> None:
    firm = write_firm(tmp_path)
    strange = tickets(1).with_columns(pl.lit("never seen").alias(name) for name in SAID)
    asked = pl.concat([tickets(3), strange.with_columns(subject=pl.lit("strange"))])
    with open_store(firm) as store:
        models = Models(firm, store)

        def taught(rows: int) -> str:
            return teach_routes(tickets(rows), models.registry, as_of=AS_OF, snapshot="s1", moment=MOMENT)

        assert f"{FEWEST_TICKETS} are needed" in taught(30)
        ruled = models.ask(ROUTE, asked, as_of=AS_OF, moment=MOMENT)
        assert ruled["answer"].to_list() == ["Desk", "Desk", "Desk", "never seen"]
        assert not ruled["may_act"].any()

        assert "answers from now on" in taught(600)
        assert f"Taught on {AS_OF}" in taught(600)
        served = models.ask(ROUTE, asked, as_of=AS_OF, moment=MOMENT)
        assert served["answer"].to_list() == ["Cloud", "Desk", "Data", "never seen"]
        assert served["may_act"].to_list() == [True, True, True, False]  # it is not sure of what it never saw
        assert "leaves it to a person" in served["why_fallback"][3]

"""What people put right of the mail teaches a model, which answers only once it is right more often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

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

"""What the page Actions shows beside the proposals themselves: those prove by `opslayer actions prove`."""

from __future__ import annotations

import polars as pl
from sqlalchemy import func, select

from opslayer.pages.reading import Reading
from opslayer.pages.shown import Meeting, Page, Tile, Tiles, table, tile, tiles
from opslayer.store import Proposal

UNASKED = ("message", "compensation")  # kinds whose amount is only told of


def _standing(read: Reading, **_: str) -> Tiles:
    proposals = read.record("proposals")
    waiting = proposals.filter(state="proposed")
    asked = waiting.filter(~pl.col("kind").is_in(UNASKED))["amount"].sum() or 0
    unsent = proposals.filter(pl.col("state").is_in(["approved", "held"])).height
    arrived = proposals.filter(~pl.col("is_lost"), state="sent").height
    told = "Asked for, billed or spent by them; not what a message only tells of."
    return (
        Tile("Waiting for a decision", f"{waiting.height:,}", "Proposed, and not decided."),
        Tile(f"Amount in them, {read.currency}", f"{asked:,.0f}", told),
        Tile("Approved, not sent yet", f"{unsent:,}"),
        Tile("Sent", f"{arrived:,}", "Left, and neither came back nor was undone."),
    )


def _decided(read: Reading, **_: str) -> pl.DataFrame:
    """One row a proposal that waits for nobody."""
    proposals = read.record("proposals").filter(~pl.col("state").is_in(["proposed", "uncertain"]))
    return proposals.with_columns(amount=pl.when(pl.col("amount") != 0).then("amount"))


ACTIONS = Page(
    "actions",
    "What should be done, and may it be?",
    shows=(
        tiles(
            "standing",
            _standing,
            meets=(
                Meeting(
                    "those that wait are in the store",
                    tile("Waiting"),
                    records=select(func.count()).select_from(Proposal).where(Proposal.state == "proposed"),
                ),
                Meeting(
                    "those that are approved are in the store",
                    tile("Approved"),
                    records=select(func.count())
                    .select_from(Proposal)
                    .where(Proposal.state.in_(("approved", "held"))),
                ),
            ),
            live=True,
        ),
        table(
            "decided",
            _decided,
            {
                "party_name": "About",
                "rung": "What",
                "amount": "Amount, {currency}",
                "state": "State",
                "by": "Approved by",
                "sent_at": "Sent",
                "reason": "Why",
            },
            empty="Nothing has been decided yet.",
            live=True,
        ),
    ),
)

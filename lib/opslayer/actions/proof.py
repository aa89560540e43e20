"""From the figures of a message to their rows: drawn again from the snapshot it was of, word for word.

A message is proved where the rule's query on that snapshot, in the rule's template, gives the words that were
proposed: every figure in them then follows from those rows. Where that snapshot is no longer kept, the last
of its day must give them; an invoice that was issued must come out again term by term. A kind that cannot be
drawn again has its rows compared. What a person wrote into it afterwards is named as theirs.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from opslayer.actions import guardrails
from opslayer.actions.approval import case, is_whole
from opslayer.actions.kind import DrawnAgain, Kind, Occasion
from opslayer.actions.kinds import KINDS, load_rules
from opslayer.actions.proposal import Proposal, as_proposal, evidence_rows, find
from opslayer.actions.rendering import Words
from opslayer.actions.rule import Rule
from opslayer.actions.wording import past_words, unified, words_of
from opslayer.config import Firm
from opslayer.errors import OpslayerError
from opslayer.store import Proposal as Record
from opslayer.store import Store
from opslayer.warehouse import Layer, open_layer, pruned_version, tables_read, versions

FIGURE = re.compile(r"(?<![\w.])[+-]?\d[\d,.]*\d%?|\d%?")


@dataclass(frozen=True)
class MessageProof:
    """What the figures of one message rest on.

    `rows` are those of its evidence, `snapshot` the one that was asked. `contracts` has a row a rule on a
    table that its queries read: table_name, rule, dimension, severity, passed, rows_checked, rows_failed.
    `documents` are what was issued with it, drawn again. `figures` are the numbers in its words as proposed,
    `theirs` those that a person wrote into them. `failure` says why it is not proved.
    """

    proposal: Proposal
    queries: tuple[str, ...]
    rows: pl.DataFrame
    figures: tuple[str, ...]
    theirs: tuple[str, ...] = ()
    is_drawn_again: bool = False
    documents: tuple[DrawnAgain, ...] = ()
    snapshot: str | None = None
    tables: tuple[str, ...] = ()
    contracts: pl.DataFrame = field(default_factory=pl.DataFrame)
    failure: str | None = None

    @property
    def holds(self) -> bool:
        return self.failure is None

    @property
    def red(self) -> int:
        """How many of the contract rules do not hold."""
        return 0 if self.contracts.is_empty() else self.contracts.filter(~pl.col("passed")).height


def prove(firm: Firm, store: Store, number: int) -> MessageProof:
    """Draw a proposal again from the snapshot it was of. Raises UsageError for one that there is not."""
    with store.reading() as session:
        record = find(session, number)
        rule = next((rule for rule in load_rules(firm) if rule.name == record.rule), None)
        proof = _words(record, rule)
        if not is_whole(record):
            return replace(proof, failure="it is not what was proposed: `opslayer actions verify`")
        if rule is None:
            return replace(proof, failure=f"the firm has no rule {record.rule} any more")
        snapshot = _kept(firm, record)
        if snapshot is None:
            return replace(proof, failure=_gone(firm, record))
        with open_layer(firm, snapshot) as layer:
            try:
                proof = _sourced(proof, layer)
                occasion = Occasion(firm, layer, rule, record.created_at)
                again = KINDS[record.kind].draw_again(session, occasion, record)
                if again is None:
                    return replace(proof, failure=_compared(firm, layer, record, rule))
                documents = KINDS[record.kind].documents_again(session, occasion, record)
                otherwise = _difference(record, again, snapshot) or _otherwise(documents)
                return replace(proof, is_drawn_again=True, documents=tuple(documents), failure=otherwise)
            except OpslayerError as error:
                return replace(proof, failure=error.message)


def _kept(firm: Firm, record: Record) -> str | None:
    """The snapshot it was of, or the last of its day."""
    of_day = [version.name for version in versions(firm) if version.as_of == record.as_of]
    return record.snapshot if record.snapshot in of_day else of_day[-1] if of_day else None


def _gone(firm: Firm, record: Record) -> str:
    """Which version it was of, since when that is gone, and what can still be proved without it."""
    dropped = pruned_version(firm, record.snapshot)
    since = f" since {dropped.pruned_at:%Y-%m-%d %H:%M} UTC" if dropped else ""
    rows = evidence_rows(record.kind, record.evidence).height
    return (
        f"no snapshot of {record.as_of} is kept any more: it was of {record.snapshot}, which is gone{since}\n"
        f"still proved: its {rows} rows, its words and its amount are those that were proposed: their hash "
        f"{record.evidence_hash} is in the trail (`opslayer actions verify`)\n"
        "warehouse.keep_versions and keep_weeks in firm.toml say how long snapshots are kept"
    )


def _words(record: Record, rule: Rule | None) -> MessageProof:
    draft, now = _draft(record), Words(**words_of(record.content))
    asked = [query for _, query in rule.queries] if rule else []
    before, after = (Counter(FIGURE.findall(f"{one.subject}\n{one.text}")) for one in (draft, now))
    return MessageProof(
        proposal=as_proposal(record),
        queries=tuple(dict.fromkeys((*asked, *KINDS[record.kind].reads))),
        rows=evidence_rows(record.kind, record.evidence),
        figures=tuple(before),
        theirs=tuple(after - before),
    )


def _draft(record: Record) -> Words:
    """The words as they were proposed, before anybody edited them."""
    past = past_words(record.content)
    first = past[0] if past else words_of(record.content)
    return Words(first["subject"], first["text"])


def _sourced(proof: MessageProof, layer: Layer) -> MessageProof:
    tables = sorted({table for query in proof.queries for table in tables_read(layer.sql(query))})
    contracts = layer.query("results_of_tables", tables=tables)
    return replace(proof, tables=tuple(tables), contracts=contracts, snapshot=layer.version.name)


def _difference(record: Record, again: dict[str, Any], snapshot: str) -> str | None:
    differs = unified(_draft(record), Words(again["subject"], again["text"]))
    instead = "" if snapshot == record.snapshot else f", the last of its day: {record.snapshot} is not kept"
    return f"drawn again from {snapshot}{instead}, it reads otherwise:\n{differs}" if differs else None


def _otherwise(documents: list[DrawnAgain]) -> str | None:
    """Each term of what was issued that the snapshot does not give."""
    found = [f"{one.name}: {difference}" for one in documents for difference in one.differences]
    return "\n".join(found) or None


def _compared(firm: Firm, layer: Layer, record: Record, rule: Rule) -> str | None:
    """Where the snapshot does not say what the evidence says of the same rows."""
    kind: Kind = KINDS[record.kind]
    situation = guardrails.read_situation(layer, kind, record.evidence)
    seen = case(firm, record, rule, situation, record.created_at)
    holds = (check(seen) for check in kind.checks)
    return next((hold.reason for hold in holds if hold is not None and hold.state == "cancelled"), None)

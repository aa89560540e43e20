"""Rules that wait for no job: asked of every new snapshot, or of the subject of an event.

What was asked is kept in the transaction that writes what came of it (`store.Evaluation`). So a run that
dies between a publish and its rules, or among them, leaves nothing half done: the next one, a refresh or a
dispatch, asks what is left, each rule on exactly the snapshots and of the events it has not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from opslayer.actions.autonomy import review
from opslayer.actions.cause import PATIENCE, SNAPSHOT, cause_of, is_evaluated, keep_evaluation
from opslayer.actions.draft import propose_on, why_refused
from opslayer.actions.kind import Occasion
from opslayer.actions.kinds import KINDS, load_rules
from opslayer.actions.proposal import Proposal
from opslayer.actions.rule import Rule
from opslayer.config import Firm
from opslayer.errors import OpslayerError
from opslayer.store import Evaluation, Event, Store, lock
from opslayer.warehouse import Version, current, open_layer, versions


def propose_due(firm: Firm, store: Store, *, moment: datetime) -> list[Proposal]:
    """The proposals that are new, of rules that wait for a new snapshot or for an event.

    A snapshot is put to each rule once, in the order of publishing; to a rule that was never asked, the
    current one alone. An event is put to a rule on the current snapshot, and where nothing comes of it (a
    call that has not landed yet) on those that follow, for a week. A rule that cannot be asked holds up no
    other: the trail says why. Nothing is asked before the first snapshot.
    """
    rules = [rule for rule in load_rules(firm) if rule.enabled and (rule.waits_for_snapshot or rule.events)]
    live = current(firm)
    if live is None or not rules:
        return []
    review(firm, store, moment=moment)  # before anything is approved by itself
    made: list[Proposal] = []
    for version, rule in _new_snapshots(firm, store, rules, live):
        with open_layer(firm, version.name) as layer:
            made += _ask(store, Occasion(firm, layer, rule, moment, cause=SNAPSHOT))
    events = _unanswered(store, rules, live, moment)
    if events:
        with open_layer(firm, live.name) as layer:
            for event, rule in events:
                made += _ask(store, Occasion(firm, layer, rule, moment, event.subject, cause_of(event)))
    for kind in KINDS.values() if made else ():
        kind.finish(firm, store)
    return made


def _new_snapshots(
    firm: Firm, store: Store, rules: list[Rule], live: Version
) -> Iterator[tuple[Version, Rule]]:
    """Those published since the last that a rule was asked on, up to the one that readers have."""
    kept = versions(firm)
    names = [version.name for version in kept]
    kept = kept[: names.index(live.name) + 1] if live.name in names else [live]
    with store.reading() as session:
        before = select(Evaluation.rule, Evaluation.snapshot).where(
            Evaluation.cause == SNAPSHOT, Evaluation.snapshot.in_([version.name for version in kept])
        )
        seen = {(rule, snapshot) for rule, snapshot in session.execute(before)}
    for number, version in enumerate(kept):
        for rule in rules:
            if not rule.waits_for_snapshot:
                continue
            last = max((n for n, one in enumerate(kept) if (rule.name, one.name) in seen), default=None)
            if version == kept[-1] if last is None else number > last:
                yield version, rule


def _unanswered(store: Store, rules: list[Rule], live: Version, moment: datetime) -> list[tuple[Event, Rule]]:
    """Each event with each rule that waits for it, has made nothing of it, and was not asked on `live`."""
    names = sorted({name for rule in rules for name in rule.events})
    with store.reading() as session:
        lately = select(Event).where(Event.name.in_(names), Event.happened_at > moment - PATIENCE)
        events = session.scalars(lately.order_by(Event.id)).all()
        causes = [cause_of(event) for event in events]
        done = select(Evaluation.rule, Evaluation.cause).where(
            Evaluation.cause.in_(causes), (Evaluation.proposed > 0) | (Evaluation.snapshot == live.name)
        )
        asked = {(rule, cause) for rule, cause in session.execute(done)}
    return [
        (event, rule)
        for event in events
        for rule in rules
        if event.name in rule.events and (rule.name, cause_of(event)) not in asked
    ]


def _ask(store: Store, occasion: Occasion) -> list[Proposal]:
    """What one rule proposes; why it could not be asked is kept in its place."""
    why = why_refused(occasion.firm, store, occasion.rule)
    if why is None:
        try:
            return propose_on(store, occasion)
        except OpslayerError as error:
            why = error.message
    with store.session() as session:
        lock(session)
        if not is_evaluated(session, occasion):
            keep_evaluation(session, occasion, failure=why)
    return []

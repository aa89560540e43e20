"""A complaint holds what the rule has for that client, and nothing else, until it is settled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from opslayer import actions
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Store
from tests.reminders import AS_OF, MOMENT, Books, Owed, serving, write_firm

MAEVE, INES = "maeve@harrow.example", "ines@harrow.example"
LATER, AFTER = AS_OF + timedelta(days=14), MOMENT + timedelta(days=14)


def test_it_holds_the_rule_from_that_client_until_it_is_settled(
    tmp_path: Path, store_url: str, store: Store
) -> None:
    with serving(tmp_path / "mail") as server:
        firm = write_firm(tmp_path / "firm", store=store_url, port=server.port)
        books = Books(firm, [Owed("1", "acme", 16), Owed("2", "beta", 16)])

        def say_yes(number: int) -> None:
            moment = layer.version.published_at
            actions.approve(firm, store, number, person=MAEVE, reason="y", moment=moment, layer=layer)

        def complain(number: int, reason: str = "paid in cash", person: str = INES) -> None:
            actions.complain(firm, store, number, person=person, reason=reason, moment=AFTER)

        with books.publish() as layer:
            first = actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT)
            number = {one.party_id: one.id or 0 for one in first}
            with pytest.raises(UsageError, match="is proposed; only of what was sent"):
                complain(number["acme"])
            for one in number.values():
                say_yes(one)
            actions.dispatch(firm, store, layer=layer, moment=MOMENT)
        books.pass_days(14)
        with books.publish(as_of=LATER, moment=AFTER) as layer:
            again = actions.propose(firm, layer, store, as_of=LATER, moment=AFTER)
            second = {one.party_id: one.id or 0 for one in again}
            say_yes(second["acme"])  # approved before anybody complained
            for _ in "ab":
                complain(number["acme"])
            say_yes(second["beta"])
            states = {one.party_id: one for one in actions.dispatch(firm, store, layer=layer, moment=AFTER)}
            assert (states["acme"].state, states["beta"].state) == ("held", "sent")
            assert "paid in cash; it leaves once" in str(states["acme"].reason)
            for wrong, named in (
                ({"person": "who@x.example"}, "who@x.example"),
                ({"reason": " "}, "needs what"),
            ):
                with pytest.raises(UsageError, match=named):
                    complain(number["beta"], **wrong)
            assert [(e.name, e.subject) for e in actions.list_events(store)] == [
                ("client_complained", "acme")
            ]
            told = [e["what"] for e in actions.show_proposal(store, number["acme"]).events]
            assert told.count("complained") == 1

            def settle(person: str) -> None:
                actions.settle_complaint(
                    firm, store, number["acme"], person=person, reason="we spoke", moment=AFTER
                )

            with pytest.raises(GuardrailHeld, match="may not decide"):
                settle(INES)
            settle(MAEVE)
            (left,) = actions.dispatch(firm, store, layer=layer, moment=AFTER)
            assert (left.party_id, left.state) == ("acme", "sent")
    assert actions.verify(store).holds
    with store.session() as session:
        session.execute(text("update complaint set settled_at = null"))
    assert "complaint of proposal" in str(actions.verify(store).why)

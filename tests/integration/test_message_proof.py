"""From a message to its rows: it is written again from its snapshot, or the proof says where it differs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.config import Firm
from opslayer.store import Store
from opslayer.warehouse import pruned_version, versions
from opslayer.warehouse.versions import next_name, prune
from tests.reminders import AS_OF, MOMENT, Books, Owed, write_firm

TEMPLATE = "Subject: Your account\n\nPlease pay by {{ answer_by }}, within 9 days.\n\n[statement]\n"


@pytest.fixture
def books(tmp_path: Path, store_url: str) -> Books:
    firm = write_firm(tmp_path / "firm", store=store_url, port=25)
    return Books(firm, [Owed("1", "acme", 16, "1234.56"), Owed("2", "acme", 31, "60000.00", "USD", "0.9")])


def proposed(books: Books, store: Store) -> int:
    with books.publish() as layer:
        (one,) = actions.propose(
            books.firm, layer, store, as_of=AS_OF, moment=MOMENT, rule="payment_reminder"
        )
    assert one.id is not None
    return one.id


def proved(firm: Firm, store: Store, number: int) -> actions.MessageProof:
    return actions.prove(firm, store, number)


def test_every_word_is_written_again_whatever_was_published_since(books: Books, store: Store) -> None:
    number = proposed(books, store)
    books.change("1", paid="1000.00")
    books.publish().close()
    proof = proved(books.firm, store, number)
    assert (proof.failure, proof.is_drawn_again) == (None, True)
    assert proof.snapshot == proof.proposal.snapshot == f"{AS_OF}.001"
    assert {"1,234.56", "60,000.00"} <= set(proof.figures)
    assert proof.theirs == ()
    assert "marts.open_item" in proof.tables
    assert proof.rows.height == 2


def test_without_its_snapshot_the_last_of_its_day_must_say_the_same(books: Books, store: Store) -> None:
    number = proposed(books, store)
    books.publish(moment=MOMENT + timedelta(hours=1)).close()
    books.change("1", paid="1000.00")
    books.publish(moment=MOMENT + timedelta(hours=2)).close()
    forget(books.firm, f"{AS_OF}.001")
    proof = proved(books.firm, store, number)
    assert "the last of its day" in (proof.failure or "")
    assert "234.56" in (proof.failure or "")
    forget(books.firm, f"{AS_OF}.003")
    proof = proved(books.firm, store, number)
    assert (proof.failure, proof.snapshot) == (None, f"{AS_OF}.002")
    forget(books.firm, f"{AS_OF}.002")
    assert f"no snapshot of {AS_OF} is kept" in (proved(books.firm, store, number).failure or "")


def test_what_open_proposals_rest_on_is_not_pruned_and_of_what_is_the_proof_says_since_when(
    books: Books, store: Store
) -> None:
    number = proposed(books, store)
    later = [AS_OF + timedelta(days=day) for day in range(1, 9)]
    for as_of in later:
        books.publish(as_of=as_of, moment=MOMENT + timedelta(days=1)).close()
    dropped = MOMENT + timedelta(days=9)
    prune(books.firm, moment=dropped)
    assert [one.as_of for one in versions(books.firm)] == [AS_OF, *later[-7:]]
    assert proved(books.firm, store, number).holds
    actions.reject(books.firm, store, number, person="maeve@harrow.example", reason="paid", moment=MOMENT)
    prune(books.firm, moment=dropped)
    assert pruned_version(books.firm, f"{AS_OF}.001") is not None
    proof = proved(books.firm, store, number)
    assert f"of {AS_OF}.001, which is gone since 2026-11-25 06:00 UTC" in (proof.failure or "")
    assert proof.proposal.evidence_hash in (proof.failure or "")
    assert next_name(books.firm, AS_OF) == f"{AS_OF}.002", "a name means one snapshot, for good"


def test_nothing_is_pruned_while_the_store_cannot_say_what_waits(books: Books, tmp_path: Path) -> None:
    for day in range(9):
        books.publish(as_of=AS_OF + timedelta(days=day)).close()
    away = books.firm.store.model_copy(update={"url": "sqlite:////dev/null/store.db"})
    prune(books.firm.model_copy(update={"store": away}), moment=MOMENT)
    assert len(versions(books.firm)) == 9
    prune(books.firm, moment=MOMENT)
    assert len(versions(books.firm)) == 7


def forget(firm: Firm, version: str) -> None:
    for path in (firm.var / "warehouse").glob(f"{version}*"):
        path.unlink()


def test_words_that_the_template_no_longer_gives_are_shown(books: Books, store: Store) -> None:
    number = proposed(books, store)
    (books.firm.directory / "templates").mkdir()
    (books.firm.directory / "templates" / "long_overdue.txt.j2").write_text(TEMPLATE)
    proof = proved(books.firm, store, number)
    assert not proof.holds
    assert "within 9 days" in (proof.failure or "")


def test_a_figure_that_a_person_wrote_is_named_as_theirs(books: Books, store: Store) -> None:
    number = proposed(books, store)
    text = actions.show_proposal(store, number).text.replace(
        "Kind regards", "Call us on 4471.\n\nKind regards"
    )
    actions.edit(
        books.firm,
        store,
        number,
        text=text,
        person="maeve@harrow.example",
        reason="to reach us",
        moment=MOMENT,
    )
    proof = proved(books.firm, store, number)
    assert proof.failure is None
    assert proof.theirs == ("4471",)

"""Who is reminded of what: the ladder alone, without a store or a layer."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opslayer.actions.ladder import Invoice, Reminder, ReminderRule, Rung, due_reminders
from opslayer.actions.rule import Approval

DAY = date(2026, 11, 16)
LEVELS = (-3, 1, 15, 30, 45)
RULE = ReminderRule(
    rule="reminder",
    kind="reminder",
    description="",
    owner="finance",
    who="reminder_candidates",
    minimum_amount=Decimal(10),
    ladder=tuple(
        Rung(days=days, name=f"{days} days", template="overdue", approval=Approval(roles=("finance",)))
        for days in LEVELS
    ),
)


def invoice(
    key: str, overdue: int, *, party: str = "acme", amount: str = "100", disputed: bool = False
) -> Invoice:
    return Invoice(
        invoice_id=key,
        number=key,
        party_id=party,
        party_name=party,
        party_email=None,
        issued_on=DAY - timedelta(days=overdue + 30),
        due_on=DAY - timedelta(days=overdue),
        days_overdue=overdue,
        currency="EUR",
        total=Decimal(amount),
        open_amount=Decimal(amount),
        open_base=Decimal(amount),
        is_disputed=disputed,
    )


def remind(
    *invoices: Invoice, reminded: dict[str, int] | None = None, quiet: tuple[str, ...] = ()
) -> list[Reminder]:
    return due_reminders(invoices, RULE, reminded=reminded or {}, quiet=quiet)


@pytest.mark.parametrize(
    ("overdue", "level"),
    [
        (-4, None),
        (-3, -3),
        (0, -3),
        (1, 1),
        (14, 1),
        (15, 15),
        (29, 15),
        (30, 30),
        (44, 30),
        (45, 45),
        (400, 45),
    ],
)
def test_an_invoice_stands_on_the_highest_rung_it_has_reached(overdue: int, level: int | None) -> None:
    assert [reminder.rung.days for reminder in remind(invoice("a", overdue))] == (
        [] if level is None else [level]
    )


def test_one_message_a_client_covers_all_of_it_at_the_highest_rung() -> None:
    first, second = remind(
        invoice("a", 46), invoice("b", 2), invoice("c", -1), invoice("d", -9), invoice("e", 16, party="beta")
    )
    assert (first.party_id, first.rung.days) == ("acme", 45)
    assert {i.invoice_id: rung.days for i, rung in first.invoices} == {"a": 45, "b": 1, "c": -3}
    assert (second.party_id, second.rung.days, second.amount) == ("beta", 15, Decimal(100))


def test_the_level_is_of_what_is_new_and_the_message_covers_what_is_old_too() -> None:
    (reminder,) = remind(invoice("a", 50), invoice("b", 15), reminded={"a": 45, "b": 1})
    assert reminder.rung.days == 15
    assert [i.invoice_id for i, _ in reminder.invoices] == ["a", "b"]


@pytest.mark.parametrize("reminded", [15, 30])
def test_nobody_is_reminded_twice_at_a_rung_or_below_it(reminded: int) -> None:
    assert remind(invoice("a", 20), reminded={"a": reminded}) == []


def test_a_disputed_invoice_is_left_out_and_the_others_are_not() -> None:
    (reminder,) = remind(invoice("a", 50, disputed=True), invoice("b", 2))
    assert (reminder.rung.days, [i.invoice_id for i, _ in reminder.invoices]) == (1, ["b"])


def test_a_quiet_client_and_a_small_amount_are_left_alone() -> None:
    assert remind(invoice("a", 2), quiet=("acme",)) == []
    assert remind(invoice("a", 2, amount="9.99")) == []
    assert len(remind(invoice("a", 2, amount="5"), invoice("b", 2, amount="5"))) == 1


def test_the_key_is_client_level_and_set_whatever_the_order() -> None:
    def key(*invoices: Invoice) -> str:
        (reminder,) = remind(*invoices)
        return reminder.key

    same = key(invoice("a", 2), invoice("b", 3))
    assert key(invoice("b", 3), invoice("a", 2)) == same
    assert key(invoice("a", 9), invoice("b", 3)) == same  # another day of the same rung
    others = {
        key(invoice("a", 2)),
        key(invoice("a", 2), invoice("b", 30)),
        key(invoice("a", 2, party="x"), invoice("b", 3, party="x")),
    }
    assert len({same, *others}) == 4


owed = st.builds(
    invoice,
    st.text("abcdefgh", min_size=3, max_size=3),
    st.integers(-10, 60),
    party=st.sampled_from(["acme", "beta", "gamma"]),
    disputed=st.booleans(),
)


@given(st.lists(owed, max_size=20, unique_by=lambda i: i.invoice_id), st.data())
def test_what_was_sent_is_not_sent_again_and_nothing_is_forgotten(
    invoices: list[Invoice], data: st.DataObject
) -> None:
    reminders = remind(*invoices)
    assert len({reminder.party_id for reminder in reminders}) == len(reminders)
    covered = {i.invoice_id: rung.days for reminder in reminders for i, rung in reminder.invoices}
    expected = {
        i.invoice_id: max(level for level in LEVELS if level <= i.days_overdue)
        for i in invoices
        if i.days_overdue >= -3 and not i.is_disputed
    }
    assert covered == expected
    assert remind(*invoices, reminded=covered) == []

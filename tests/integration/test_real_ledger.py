"""A real firm's masked Xero ledger: what the layer says of a day against queries by hand on its CSVs."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from opslayer import scaffold
from opslayer.actions import list_proposals
from opslayer.config import load_firm
from opslayer.store import open_store
from opslayer.warehouse import Layer, open_layer, refresh

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

DAYS = (date(2020, 6, 1), date(2020, 6, 30), date(2021, 1, 15), date(2021, 2, 28))
RUNGS = (-3, 1, 15, 30, 45)  # days past the due date on which a reminder goes
Rows = list[tuple[object, ...]]
Independent = Callable[..., Rows]

OPEN = """
    with issued as (
        select
            invoice_id, contact_id, due_date::date as due, total::decimal(18, 2) as total,
            cast(
                round(total::decimal(18, 2) * round(1 / currency_rate::decimal(18, 10), 10), 2)
                as decimal(18, 2)
            ) as base
        from invoice
        where type = 'ACCREC' and date::date <= $day and status in ('AUTHORISED', 'PAID')
            and not (status = 'PAID' and fully_paid_on_date::date <= $day)
    )
"""


@pytest.fixture(scope="session")
def exports(real_data: Path) -> Path:
    return real_data / "connectors" / "xero"


@pytest.fixture(scope="session")
def independent(exports: Path) -> Independent:
    """Runs a query straight over the CSV files, as text, with nothing of the product in between."""
    connection = duckdb.connect()
    for table in ("invoice", "contact", "account", "journal", "journal_line"):
        path = exports / f"xero_{table}_data.csv"
        connection.execute(
            f"create view {table} as select * from read_csv('{path}', all_varchar = true, header = true)"
        )

    def run(query: str, **values: object) -> Rows:
        rows: Rows = connection.execute(query, values).fetchall()
        return rows

    return run


@pytest.fixture(scope="session", params=DAYS, ids=str)
def layer(
    request: pytest.FixtureRequest, exports: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Layer]:
    """The published snapshot of one business day."""
    day: date = request.param
    folder = tmp_path_factory.mktemp("ledger") / str(day)
    scaffold.init(folder, mapping="xero", data=exports)
    firm = load_firm(folder)
    assert firm.base_currency == "CAD"
    refresh(firm, as_of=day, moment=datetime(2021, 3, 5, 6, tzinfo=UTC))
    with ExitStack() as stack:
        yield stack.enter_context(open_layer(firm))


def own(key: object) -> str:
    """The key a row has at its source."""
    return str(key).partition(":")[2]


def frame(layer: Layer, query: str) -> Rows:
    return [tuple(row) for row in layer.query(query).iter_rows()]


def test_open_items(layer: Layer, independent: Independent) -> None:
    expected = {
        str(key): (total, base)
        for key, total, base in independent(
            OPEN + "from issued select invoice_id, total, base", day=layer.as_of
        )
    }
    found = {
        own(key): (amount, base)
        for key, amount, base in frame(
            layer, "select invoice_id, open_amount, open_base from marts.open_item"
        )
    }
    assert found == expected
    assert expected


def test_every_aging_bucket(layer: Layer, independent: Independent) -> None:
    expected = independent(
        OPEN
        + """
        select
            contact_id,
            case when due >= $day then 'current' when due >= $day - 30 then '1-30'
                when due >= $day - 60 then '31-60' when due >= $day - 90 then '61-90'
                else '90+' end as bucket,
            sum(base)::decimal(18, 2), count(*)
        from issued group by all
        """,
        day=layer.as_of,
    )
    found = [
        (own(party), *rest)
        for party, *rest in frame(layer, "select party_id, bucket, open_base, invoices from marts.aging")
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_profit_and_loss_ties_to_the_journals(layer: Layer, independent: Independent) -> None:
    expected = independent(
        """
        select
            date_trunc('month', j.journal_date::date)::date, l.account_id,
            -sum(l.net_amount::decimal(18, 2))
        from journal_line l join journal j using (journal_id) join account a using (account_id)
        where a.class in ('REVENUE', 'EXPENSE') and j.journal_date::date <= $day
        group by all
        """,
        day=layer.as_of,
    )
    found = frame(layer, "select month, account_id, amount_base from marts.pnl_month")
    assert sorted((month, own(account), amount) for month, account, amount in found) == sorted(expected)
    assert len({month for month, _, _ in expected}) > 6


def test_the_receivables_control_account(layer: Layer, independent: Independent) -> None:
    ((control,),) = independent(
        """
        select sum(l.net_amount::decimal(18, 2)) from journal_line l join journal j using (journal_id)
        where l.account_name = 'Accounts Receivable' and j.journal_date::date <= $day
        """,
        day=layer.as_of,
    )
    ((open_base,),) = independent(OPEN + "select sum(base) from issued", day=layer.as_of)
    ((found_control, found_open, unapplied, difference, tolerance),) = frame(
        layer,
        "select control_balance, open_base, unapplied_base, difference, tolerance "
        "from marts.receivables_reconciliation",
    )
    assert found_control == control
    assert found_open == open_base
    assert isinstance(difference, Decimal)
    assert isinstance(tolerance, Decimal)
    assert abs(difference) <= tolerance < 1
    assert isinstance(unapplied, Decimal)
    # a part payment that only the journals know of stands unapplied on this one of these days
    part_payment = Decimal("6519.23") if layer.as_of == date(2021, 2, 28) else Decimal(0)
    assert abs(unapplied - part_payment) <= tolerance


def test_journals_sum_to_zero(layer: Layer, independent: Independent) -> None:
    ((journals, crooked),) = frame(
        layer, "select count(*), count(*) filter (where balance_base <> 0) from marts.journal_balance"
    )
    assert crooked == 0
    assert [(journals,)] == independent("select count(distinct journal_id) from journal_line")


@pytest.mark.parametrize("rung", RUNGS)
def test_the_invoices_of_each_reminder(layer: Layer, independent: Independent, rung: int) -> None:
    """The calendar window of a rung: from it, up to the next."""
    later = [*RUNGS, 10_000][RUNGS.index(rung) + 1]
    window = {"first": layer.as_of - timedelta(later - 1), "last": layer.as_of - timedelta(rung)}
    expected = independent(
        OPEN + "select invoice_id from issued where due between $first and $last", day=layer.as_of, **window
    )
    found = layer.query(
        "select invoice_id from marts.open_item where days_overdue >= $rung and days_overdue < $later",
        rung=rung,
        later=later,
    )
    assert sorted(own(key) for key in found["invoice_id"]) == sorted(str(key) for (key,) in expected)


def test_every_rung_has_an_invoice_on_some_day(independent: Independent) -> None:
    """Else the test above would compare nothing with nothing."""
    days = [due for (due,) in independent("select due_date::date from invoice where type = 'ACCREC'")]
    assert days
    for rung in RUNGS:
        later = [*RUNGS, 10_000][RUNGS.index(rung) + 1]
        assert any(
            independent(
                OPEN + "select 1 from issued where due between $first and $last limit 1",
                day=day,
                first=day - timedelta(later - 1),
                last=day - timedelta(rung),
            )
            for day in DAYS
        ), rung


def test_a_morning_from_the_command_line(exports: Path, independent: Independent, tmp_path: Path) -> None:
    """From nothing to proposals, which cover every invoice at a rung, each once, and no other."""
    day = date(2021, 1, 15)
    program = str(Path(sys.executable).parent / "opslayer")

    def opslayer(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    opslayer("init", "ledger", "--mapping", "xero", "--data", str(exports))
    assert f"published {day}.001" in opslayer("--firm", "ledger", "refresh", "--as-of", str(day))
    opslayer("--firm", "ledger", "run", "morning", "--as-of", str(day))

    owed: dict[str, dict[str, int]] = defaultdict(dict)
    standing = independent(
        OPEN + "select contact_id, invoice_id, $day - due from issued where $day - due >= $first",
        day=day,
        first=RUNGS[0],
    )
    for contact, invoice, late in standing:
        assert isinstance(late, int)
        owed[str(contact)][str(invoice)] = max(rung for rung in RUNGS if rung <= late)
    assert owed
    with open_store(load_firm(tmp_path / "ledger")) as store:
        proposals = list_proposals(store)
    found = {
        own(p.party_id): {own(invoice["invoice_id"]): invoice["rung"] for invoice in p.evidence["invoices"]}
        for p in proposals
    }
    assert len(found) == len(proposals)  # one message a client
    assert found == owed
    assert {own(p.party_id): p.level for p in proposals} == {
        contact: max(rungs.values()) for contact, rungs in owed.items()
    }
    assert {p.state for p in proposals} == {"proposed"}  # nothing left by itself

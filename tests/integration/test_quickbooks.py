"""QuickBooks exports: a small company whose figures are worked out by hand, and the masked public sample."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from opslayer import scaffold
from opslayer.config import PROJECT, load_firm
from opslayer.contracts import read_contract
from opslayer.errors import ContractBroken
from opslayer.warehouse import Layer, current, open_layer, refresh

AS_OF = date(2026, 3, 31)
MOMENT = datetime(2026, 3, 31, 18, tzinfo=UTC)
LIVE = {"_fivetran_deleted": "FALSE", "currency_id": "USD"}

COMPANY: dict[str, list[dict[str, str]]] = {
    "account": [
        {"id": "1", "name": "Checking", "account_type": "Bank"},
        {"id": "2", "name": "Receivables", "account_type": "Accounts Receivable"},
        {"id": "3", "name": "Payables", "account_type": "Accounts Payable"},
        {"id": "4", "name": "Services", "account_type": "Income", "account_number": "4000"},
        {"id": "5", "name": "Rent", "account_type": "Expense", "account_number": "6000"},
        {"id": "6", "name": "Discounts", "account_type": "Income", "account_number": "4900"},
        {"id": "7", "name": "Savings", "account_type": "Bank"},
        {"id": "8", "name": "Card", "account_type": "Credit Card"},
        {"id": "9", "name": "Undeposited", "account_type": "Other Current Asset",
         "account_sub_type": "UndepositedFunds"},
    ],
    "customer": [{"id": "1", "display_name": "Acme"}, {"id": "2", "display_name": "Bolt"}],
    "vendor": [{"id": "1", "display_name": "Landlord"}],  # the same id as a customer
    "item": [{"id": "10", "name": "Advice", "income_account_id": "4"}],
    "invoice": [
        # paid in full, with sales tax
        {"id": "101", "customer_id": "1", "transaction_date": "2026-01-10", "due_date": "2026-02-09",
         "total_amount": "1100.00", "total_tax": "100.00", "balance": "0"},
        # a discount line; 200 of 500 paid; 28 days late
        {"id": "102", "customer_id": "1", "transaction_date": "2026-02-01", "due_date": "2026-03-03",
         "total_amount": "500.00", "total_tax": "0", "balance": "300.00"},
        # in euro; a credit memo of 100 and a payment of 100 against it; 70 days late
        {"id": "103", "customer_id": "2", "transaction_date": "2026-01-05", "due_date": "2026-01-20",
         "currency_id": "EUR", "exchange_rate": "1.10", "total_amount": "1000.00", "balance": "800.00"},
        {"id": "104", "_fivetran_deleted": "TRUE"},  # deleted rows lose their values
    ],
    "invoice_line": [
        {"invoice_id": "101", "index": "0", "amount": "1000.00", "detail_type": "SalesItemLineDetail",
         "sales_item_item_id": "10", "sales_item_quantity": "10", "sales_item_unit_price": "100"},
        {"invoice_id": "101", "index": "1", "amount": "1000.00", "detail_type": "SubTotalLineDetail"},
        {"invoice_id": "102", "index": "0", "amount": "600.00", "sales_item_item_id": "10"},
        {"invoice_id": "102", "index": "1", "amount": "100.00", "detail_type": "DiscountLineDetail",
         "discount_account_id": "6"},
        {"invoice_id": "103", "index": "0", "amount": "1000.00", "sales_item_account_id": "4"},
    ],
    "credit_memo": [
        {"id": "301", "customer_id": "2", "transaction_date": "2026-02-01", "currency_id": "EUR",
         "exchange_rate": "1.10", "total_amount": "100.00", "balance": "0"},
    ],
    "credit_memo_line": [
        {"credit_memo_id": "301", "index": "0", "amount": "100.00", "sales_item_item_id": "10"}
    ],
    "payment": [
        {"id": "201", "customer_id": "1", "transaction_date": "2026-02-20", "total_amount": "1100.00",
         "deposit_to_account_id": "1", "unapplied_amount": "0"},
        # 50 more than it is set against
        {"id": "202", "customer_id": "1", "transaction_date": "2026-03-10", "total_amount": "250.00",
         "deposit_to_account_id": "1", "unapplied_amount": "50.00"},
        # a payment of nothing sets the credit memo against the invoice
        {"id": "203", "customer_id": "2", "transaction_date": "2026-02-02", "total_amount": "0",
         "currency_id": "EUR", "exchange_rate": "1.10", "unapplied_amount": "0"},
        # the euro has risen since the invoice
        {"id": "204", "customer_id": "2", "transaction_date": "2026-03-25", "total_amount": "100.00",
         "currency_id": "EUR", "exchange_rate": "1.12", "deposit_to_account_id": "1"},
    ],
    "payment_line": [
        {"payment_id": "201", "index": "0", "amount": "1100.00", "invoice_id": "101"},
        {"payment_id": "202", "index": "0", "amount": "200.00", "invoice_id": "102"},
        {"payment_id": "203", "index": "0", "amount": "100.00", "invoice_id": "103"},
        {"payment_id": "203", "index": "1", "amount": "100.00", "credit_memo_id": "301"},
        {"payment_id": "204", "index": "0", "amount": "100.00", "invoice_id": "103"},
    ],
    "bill": [
        {"id": "101", "vendor_id": "1", "transaction_date": "2026-02-05", "due_date": "2026-03-07",
         "total_amount": "400.00", "balance": "10.00", "payable_account_id": "3"},
    ],
    "bill_line": [{"bill_id": "101", "index": "0", "amount": "400.00", "account_expense_account_id": "5"}],
    "bill_payment": [
        {"id": "501", "vendor_id": "1", "transaction_date": "2026-03-01", "total_amount": "250.00",
         "check_bank_account_id": "1"},
        # 60 of the bill by cheque, 80 by the landlord's credit of 90
        {"id": "502", "vendor_id": "1", "transaction_date": "2026-03-22", "total_amount": "60.00",
         "check_bank_account_id": "1"},
    ],
    "bill_payment_line": [
        {"bill_payment_id": "501", "index": "0", "amount": "250.00", "bill_id": "101"},
        {"bill_payment_id": "502", "index": "0", "amount": "140.00", "bill_id": "101"},
        {"bill_payment_id": "502", "index": "1", "amount": "80.00", "vendor_credit_id": "901"},
    ],
    "vendor_credit": [
        {"id": "901", "vendor_id": "1", "transaction_date": "2026-03-18", "total_amount": "90.00",
         "payable_account_id": "3"},
    ],
    "vendor_credit_line": [
        {"vendor_credit_id": "901", "index": "0", "amount": "90.00", "account_expense_account_id": "5"}
    ],
    "purchase": [
        {"id": "701", "account_id": "1", "transaction_date": "2026-03-20", "total_amount": "40.00"},
        # on the card, and 15 of it given back
        {"id": "702", "account_id": "8", "transaction_date": "2026-03-20", "total_amount": "65.00"},
        {"id": "703", "account_id": "8", "transaction_date": "2026-03-24", "total_amount": "15.00",
         "credit": "TRUE"},
    ],
    "purchase_line": [
        {"purchase_id": "701", "index": "0", "amount": "40.00", "account_expense_account_id": "5"},
        {"purchase_id": "702", "index": "0", "amount": "65.00", "account_expense_account_id": "5"},
        {"purchase_id": "703", "index": "0", "amount": "15.00", "account_expense_account_id": "5"},
    ],
    "credit_card_payment_txn": [
        {"id": "1001", "bank_account_id": "1", "credit_card_account_id": "8", "amount": "30.00",
         "transaction_date": "2026-03-28"},
    ],
    # 200 and its tax over the counter; 55 of it refunded by the bank
    "sales_receipt": [
        {"id": "1101", "customer_id": "2", "transaction_date": "2026-03-02", "total_amount": "220.00",
         "total_tax": "20.00"},
    ],
    "sales_receipt_line": [
        {"sales_receipt_id": "1101", "index": "0", "amount": "200.00", "sales_item_item_id": "10"}
    ],
    "refund_receipt": [
        {"id": "1201", "customer_id": "2", "transaction_date": "2026-03-05", "total_amount": "55.00",
         "total_tax": "5.00", "deposit_to_account_id": "1"},
    ],
    "refund_receipt_line": [
        {"refund_id": "1201", "index": "0", "amount": "50.00", "sales_item_item_id": "10"}
    ],
    # the till to the bank, 20 kept back to savings, with 12 of interest
    "deposit": [
        {"id": "1301", "account_id": "1", "transaction_date": "2026-03-06", "total_amount": "212.00",
         "cash_back_account_id": "7", "cash_back_amount": "20.00"},
    ],
    "deposit_line": [
        {"deposit_id": "1301", "index": "0", "amount": "220.00", "sales_receipt_id": "1101"},
        {"deposit_id": "1301", "index": "1", "amount": "12.00", "deposit_account_id": "4"},
    ],
    "transfer": [
        {"id": "801", "from_account_id": "1", "to_account_id": "7", "amount": "100.00",
         "transaction_date": "2026-03-21"},
    ],
    "journal_entry": [{"id": "601", "transaction_date": "2026-03-15"}],
    "journal_entry_line": [
        {"journal_entry_id": "601", "index": "0", "account_id": "5", "amount": "70",
         "posting_type": "Debit"},
        {"journal_entry_id": "601", "index": "1", "account_id": "1", "amount": "70",
         "posting_type": "Credit"},
    ],
}  # fmt: skip


def write_company(folder: Path) -> None:
    """The company as its connector writes it: every column, most of them empty."""
    contract = read_contract(PROJECT / "data_contracts" / "finance" / "source_quickbooks.odcs.yaml")
    tables = {table.name.rpartition(".")[2]: table for table in contract.tables}
    folder.mkdir()
    for name, rows in COMPANY.items():
        columns = [column.name for column in tables[name].columns]
        filled = [{c: {**LIVE, **row}.get(c) for c in columns} for row in rows]
        assert all(row.keys() <= set(columns) for row in rows)
        frame = pl.DataFrame(filled, schema=dict.fromkeys(columns, pl.String))
        frame.write_csv(folder / f"{name}_data.csv")


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layer]:
    folder = tmp_path_factory.mktemp("quickbooks")
    write_company(folder / "exports")
    scaffold.init(folder / "firm", mapping="quickbooks", data=folder / "exports")
    firm = load_firm(folder / "firm")
    assert firm.base_currency == "USD"
    done = refresh(firm, as_of=AS_OF, moment=MOMENT)
    assert not done.audit.blocking
    assert not done.built.quarantined
    with open_layer(firm) as layer:
        yield layer


def rows(layer: Layer, query: str) -> list[tuple[Any, ...]]:
    return layer.query(query).rows()


def test_open_items_and_aging(layer: Layer) -> None:
    assert rows(
        layer,
        "select party_name, bucket, days_overdue, open_amount, currency, open_base from marts.open_item "
        "order by party_name",
    ) == [
        ("Acme", "1-30", 28, Decimal("300.00"), "USD", Decimal("300.00")),
        ("Bolt", "61-90", 70, Decimal("800.00"), "EUR", Decimal("880.00")),
    ]
    assert rows(layer, "select party_name, bucket, open_base, invoices from marts.aging order by 1") == [
        ("Acme", "1-30", Decimal("300.00"), 1),
        ("Bolt", "61-90", Decimal("880.00"), 1),
    ]


def test_open_bills(layer: Layer) -> None:
    assert rows(layer, "select party_name, open_base, bucket from marts.open_bill") == [
        ("Landlord", Decimal("10.00"), "1-30")
    ]


def test_profit_and_loss(layer: Layer) -> None:
    found = rows(
        layer, "select month, account_name, amount_base from marts.pnl_month order by month, account_name"
    )
    assert found == [
        (date(2026, 1, 1), "Services", Decimal("2100.00")),
        (date(2026, 2, 1), "Discounts", Decimal("-100.00")),
        (date(2026, 2, 1), "Rent", Decimal("-400.00")),
        (date(2026, 2, 1), "Services", Decimal("490.00")),
        (date(2026, 3, 1), "Exchange differences (by the mapping)", Decimal("2.00")),
        (date(2026, 3, 1), "Rent", Decimal("-70.00")),  # 70 + 40 + 65 - 15 - 90
        (date(2026, 3, 1), "Services", Decimal("162.00")),  # 200 - 50 + 12
    ]


def test_the_receivables_control_account(layer: Layer) -> None:
    assert rows(
        layer,
        "select control_balance, open_base, unapplied_base, difference from marts.receivables_reconciliation",
    ) == [(Decimal("1130.00"), Decimal("1180.00"), Decimal("50.00"), Decimal("0.00"))]


def test_derived_journals_balance_and_leave_nothing_unassigned(layer: Layer) -> None:
    assert rows(layer, "select distinct balance_base from marts.journal_balance") == [(Decimal("0.00"),)]
    by_account = rows(
        layer,
        "select a.name, sum(l.amount_base) from core.journal_line l "
        "join core.account a using (account_id) "
        "where a.section = 'balance_sheet' group by a.name",
    )
    assert dict(by_account) == {
        "Checking": Decimal("1069.00"),  # 1100 + 250 + 112 - 250 - 70 - 40 - 100 - 60 - 30 - 55 + 212
        "Savings": Decimal("120.00"),
        "Card": Decimal("-20.00"),  # -65 + 15 + 30
        "Undeposited": Decimal("0.00"),
        "Receivables": Decimal("1130.00"),
        "Payables": Decimal("0.00"),  # the bill's 10 against what is left of the credit
        "Sales tax (by the mapping)": Decimal("-115.00"),
    }


@pytest.mark.real
def test_the_masked_sample_is_refused_by_name(real_data: Path, tmp_path: Path) -> None:
    """A few random rows a table: their parents are missing, what is left cannot balance, so it is refused."""
    exports = real_data / "connectors" / "quickbooks"
    scaffold.init(tmp_path / "firm", mapping="quickbooks", data=exports, base_currency="USD")
    firm = load_firm(tmp_path / "firm")
    with pytest.raises(ContractBroken, match=r"marts\.journal_balance: journals sum to zero") as refused:
        refresh(firm, as_of=date(2021, 3, 1), moment=MOMENT)
    assert refused.value.exit_code == 3
    assert current(firm) is None

"""A firm with work that waits for its bill: milestones and hours, published as the layer has them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from opslayer import actions
from opslayer.actions import Proposal
from opslayer.config import Firm, load_firm
from opslayer.store import Store
from opslayer.warehouse import Layer, open_layer
from tests.reminders import AS_OF, MARTS, MOMENT, write_firm
from tests.snapshots import version

MAEVE = "maeve@harrow.example"
BILLING = """
[billing]
street = "1 Quay Street"
postcode = "D02 X285"
city = "Dublin"
country = "IE"
tax_id = "IE6388047V"
email = "accounts@harrow.example"
iban = "IE29 AIBK 9311 5212 3456 78"
tax_rate = {tax_rate}
"""
TABLES = """
create schema core; create schema marts; create schema quality;
create table core.party (
    party_id varchar, name varchar, email varchar, payment_terms_days integer, tax_id varchar,
    bank_account varchar);
create table core.billing_address (
    billing_address_id varchar, party_id varchar, name varchar, street varchar, postcode varchar,
    city varchar, country varchar, tax_id varchar, email varchar);
create table core.project (
    project_id varchar, name varchar, practice varchar, party_id varchar, billing varchar, currency varchar,
    fx_rate decimal(20, 10), starts_on date);
create table core.contract (
    contract_id varchar, project_id varchar, billing varchar, cap_amount decimal(18, 2),
    retainer_amount decimal(18, 2), purchase_order varchar, billed_through date);
create table core.milestone (
    milestone_id varchar, project_id varchar, name varchar, currency varchar, fx_rate decimal(20, 10),
    amount decimal(18, 2), amount_base decimal(18, 2), due_on date, completed_on date, status varchar,
    invoice_id varchar);
create table core.invoice (invoice_id varchar, number varchar, issued_on date);
create table core.person (person_id varchar, name varchar, role varchar, bill_rate_base decimal(18, 2));
create table core.time_entry (
    time_entry_id varchar, project_id varchar, person_id varchar, worked_on date, hours decimal(18, 4),
    is_billable boolean, bill_rate_base decimal(18, 2));
create table quality.results (
    as_of date, table_name varchar, rule varchar, severity varchar, dimension varchar, passed boolean,
    rows_checked bigint, rows_failed bigint);
"""


@dataclass(frozen=True)
class Milestone:
    """A milestone of a project; `books_invoice` is the number of the invoice that the books bill it on."""

    key: str
    project: str = "site"
    amount: str = "1000.00"
    status: str = "done"
    completed_on: date | None = date(2026, 11, 10)
    books_invoice: str | None = None


@dataclass
class Work:
    """What the books and the project system say: change it, then publish."""

    firm: Firm
    store: Store
    milestones: list[Milestone] = field(default_factory=list)
    clients: dict[str, dict[str, Any]] = field(default_factory=lambda: {"acme": {}})
    projects: dict[str, dict[str, Any]] = field(default_factory=lambda: {"site": {}})
    contracts: list[dict[str, Any]] = field(default_factory=list)
    hours: list[tuple[str, date, str]] = field(default_factory=list)  # project, day, hours
    layer: Layer | None = None

    def change(self, key: str, **values: Any) -> None:
        self.milestones = [replace(m, **values) if m.key == key else m for m in self.milestones]

    def publish(self, *, as_of: date = AS_OF, moment: datetime = MOMENT) -> Layer:
        """A new version with what there is, opened; the one before is closed."""
        with version(self.firm, as_of=as_of, moment=moment) as connection:
            connection.execute(TABLES)
            for table, rows in self._rows().items():
                for row in rows:
                    columns, marks = ", ".join(row), ", ".join("?" * len(row))
                    connection.execute(
                        f"insert into core.{table} ({columns}) values ({marks})", [*row.values()]
                    )
            for mart in ("billable_milestone", "billable_time"):
                query = (MARTS / f"{mart}.sql").read_text()
                connection.execute(f"create table marts.{mart} as {query}", {"as_of": as_of})
        if self.layer is not None:
            self.layer.close()
        self.layer = open_layer(self.firm)
        return self.layer

    def _rows(self) -> dict[str, list[dict[str, Any]]]:
        home = {
            "country": "IE",
            "street": "2 High Street",
            "city": "Cork",
            "postcode": "T12",
            "tax_id": "IE123",
        }
        return {
            "party": [
                {"party_id": p, "name": p.title(), "email": f"{p}@client.example", "payment_terms_days": 30}
                for p in self.clients
            ],
            "billing_address": [
                {"billing_address_id": p, "party_id": p} | home | changed
                for p, changed in self.clients.items()
            ],
            "project": [
                {"project_id": p, "name": p.title(), "party_id": "acme", "billing": "fixed_price",
                 "currency": "EUR", "fx_rate": 1, "starts_on": date(2026, 1, 5)} | changed
                for p, changed in self.projects.items()
            ],
            "contract": [{"contract_id": str(n)} | row for n, row in enumerate(self.contracts)],
            "milestone": [
                {"milestone_id": m.key, "project_id": m.project, "name": f"Milestone {m.key}",
                 "currency": "EUR", "fx_rate": 1, "amount": Decimal(m.amount),
                 "amount_base": Decimal(m.amount), "completed_on": m.completed_on, "status": m.status,
                 "invoice_id": m.books_invoice}
                for m in self.milestones
            ],
            "invoice": [
                {"invoice_id": number, "number": number, "issued_on": date(2026, 11, 12)}
                for number in {m.books_invoice for m in self.milestones if m.books_invoice}
            ],
            "person": [{"person_id": "ada", "name": "Ada", "role": "Partner", "bill_rate_base": 100}],
            "time_entry": [
                {"time_entry_id": str(n), "project_id": project, "person_id": "ada", "worked_on": day,
                 "hours": Decimal(hours), "is_billable": True}
                for n, (project, day, hours) in enumerate(self.hours)
            ],
        }  # fmt: skip

    def propose(self, moment: datetime = MOMENT) -> list[Proposal]:
        assert self.layer is not None
        return actions.propose(
            self.firm, self.layer, self.store, as_of=self.layer.as_of, moment=moment, rule="milestone_invoice"
        )

    def approve(self, number: int | None, *, person: str = MAEVE, moment: datetime = MOMENT) -> Proposal:
        assert number is not None
        assert self.layer is not None
        return actions.approve(
            self.firm, self.store, number, person=person, reason="as agreed", moment=moment, layer=self.layer
        )

    def dispatch(self, moment: datetime = MOMENT) -> list[Proposal]:
        assert self.layer is not None
        return actions.dispatch(self.firm, self.store, layer=self.layer, moment=moment)

    def state(self, number: int | None) -> tuple[str, str | None]:
        assert number is not None
        proposal = actions.show_proposal(self.store, number).proposal
        return proposal.state, proposal.reason


def billing_firm(directory: Path, *, tax_rate: str = "23", **given: Any) -> Firm:
    """A firm that bills."""
    firm = write_firm(directory, **given)
    path = firm.directory / "firm.toml"
    path.write_text(path.read_text() + BILLING.format(tax_rate=tax_rate))
    return load_firm(directory)

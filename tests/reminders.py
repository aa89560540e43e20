"""A firm with a few invoices, a published snapshot of them, and a mail server that keeps what it gets."""

from __future__ import annotations

import asyncio
import io
import mailbox
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from opslayer.config import Firm, load_firm
from opslayer.warehouse import Layer, open_layer
from tests.snapshots import version

AS_OF = date(2026, 11, 16)
MOMENT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
MARTS = Path(__file__).resolve().parents[1] / "lib" / "opslayer" / "warehouse" / "models" / "marts"
BOOKS = """
[firm]
name = "Harrow & Vale"
base_currency = "EUR"
time_zone = "Europe/Dublin"

[sources.ledger]
kind = "files"
mapping = "opslayer"
path = "data"

[store]
url = "{store}"
"""
FIRM = f"""{BOOKS}
[[people]]
name = "Maeve Harrow"
email = "maeve@harrow.example"
roles = ["partner", "finance"]

[[people]]
name = "Tomas Vale"
email = "tomas@harrow.example"
roles = ["finance"]

[[people]]
name = "Ines Duarte"
email = "ines@harrow.example"
roles = ["analyst"]
"""
MAIL = """
[mail]
host = "localhost"
port = {port}
security = "none"
sender = "Harrow & Vale Accounts <accounts@harrow.example>"
hold_minutes = {hold}
"""
PROOF = """copy_to = "sent@harrow.example"
proof = "maildir:sent"
"""
CORE = """
create schema core; create schema marts; create schema quality; create schema intelligence;
create table core.person (person_id varchar, name varchar, email varchar, left_on date);
create table core.project (
    project_id varchar, name varchar, party_id varchar, manager_id varchar, status varchar, due_on date,
    ended_on date, starts_on date);
create table core.milestone (milestone_id varchar, project_id varchar, status varchar);
create table intelligence.project_forecast (
    as_of date, project_id varchar, is_named boolean, money_at_risk_base decimal(18, 2));
create table intelligence.staffing_change (
    as_of date, change_id varchar, role varchar, week_start date, taken_from varchar, project_id varchar,
    person_id varchar, manager_name varchar);
create table core.party (
    party_id varchar, name varchar, email varchar, payment_terms_days integer, tax_id varchar,
    bank_account varchar);
create table core.billing_address (
    billing_address_id varchar, party_id varchar, name varchar, street varchar, postcode varchar,
    city varchar, country varchar, tax_id varchar, email varchar);
create table core.invoice (
    invoice_id varchar, number varchar, party_id varchar, issued_on date, due_on date, currency varchar,
    total decimal(18, 2), total_base decimal(18, 2), status varchar, is_disputed boolean);
create table core.payment (
    document_id varchar, direction varchar, kind varchar, paid_on date,
    amount decimal(18, 2), amount_base decimal(18, 2));
create table quality.results (
    as_of date, table_name varchar, rule varchar, severity varchar, dimension varchar, passed boolean,
    rows_checked bigint, rows_failed bigint);
"""


@dataclass(frozen=True)
class Owed:
    """An invoice `overdue` days past due on the snapshot's day."""

    invoice: str
    party: str
    overdue: int
    total: str = "1000.00"
    currency: str = "EUR"
    rate: str = "1"
    disputed: bool = False
    status: str = "open"
    paid: str = "0"
    credited: str = "0"


@dataclass
class Books:
    """A firm's books: change them, then publish."""

    firm: Firm
    invoices: list[Owed] = field(default_factory=list)
    emails: dict[str, str | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    countries: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    over: dict[str, int] = field(default_factory=dict)  # client -> money its project is heading over by
    reopened: set[str] = field(default_factory=set)  # clients with a milestone reopened
    late: dict[str, int] = field(default_factory=dict)  # client -> days its project is late
    broken: list[tuple[str, str, str, str]] = field(default_factory=list)  # table, rule, severity, dimension

    def change(self, invoice: str, **values: Any) -> None:
        self.invoices = [replace(i, **values) if i.invoice == invoice else i for i in self.invoices]

    def pass_days(self, days: int) -> None:
        self.invoices = [replace(i, overdue=i.overdue + days) for i in self.invoices]

    def publish(self, *, as_of: date = AS_OF, moment: datetime = MOMENT) -> Layer:
        """A new version with what the books hold, opened."""
        with version(self.firm, as_of=as_of, moment=moment, red=len(self.broken)) as connection:
            connection.execute(CORE)
            for party in {i.party for i in self.invoices}:
                email = self.emails.get(party, f"{party}@client.example")
                connection.execute(
                    "insert into core.party (party_id, name, email, bank_account) values (?, ?, ?, ?)",
                    [party, self.names.get(party, party.title()), email, self.accounts.get(party)],
                )
                connection.execute(
                    "insert into core.billing_address by name "
                    "select $1 as billing_address_id, $1 as party_id, $2 as country",
                    [party, self.countries.get(party)],
                )
            for owed in self.invoices:
                due = as_of - timedelta(days=owed.overdue)
                base = Decimal(owed.total) * Decimal(owed.rate)
                connection.execute(
                    "insert into core.invoice values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [owed.invoice, f"INV-{owed.invoice}", owed.party, due - timedelta(days=30), due,
                     owed.currency, owed.total, base, owed.status, owed.disputed],
                )  # fmt: skip
                for kind, amount in (("payment", owed.paid), ("credit", owed.credited)):
                    if Decimal(amount):
                        connection.execute(
                            "insert into core.payment values (?, 'in', ?, ?, ?, ?)",
                            [owed.invoice, kind, as_of, amount, Decimal(amount) * Decimal(owed.rate)],
                        )
            self._add_projects(connection, as_of)
            for broken in self.broken:
                connection.execute(
                    "insert into quality.results values (?, ?, ?, ?, ?, false, 1, 1)", [as_of, *broken]
                )
            mart = (MARTS / "open_item.sql").read_text()
            connection.execute(f"create table marts.open_item as {mart}", {"as_of": as_of})
        return open_layer(self.firm)

    def _add_projects(self, connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
        connection.execute(
            "insert into core.person values ('ada', 'Ada Manager', 'ada@harrow.example', null)"
        )
        for party in {i.party for i in self.invoices}:
            due = as_of - timedelta(days=self.late.get(party, -30))
            connection.execute(
                "insert into core.project values (?, ?, ?, 'ada', 'active', ?, null, date '2026-01-01')",
                [party, f"Work for {party}", party, due],
            )
        for party in self.reopened:
            connection.execute("insert into core.milestone values ('m', ?, 'reopened')", [party])
        for party, amount in self.over.items():
            connection.execute(
                "insert into intelligence.project_forecast values (?, ?, true, ?)", [as_of, party, amount]
            )


def write_firm(
    directory: Path, *, store: str = "sqlite:///var/store.db", port: int | None = None, hold: int = 0,
    proof: bool = False,
) -> Firm:  # fmt: skip
    directory.mkdir(parents=True, exist_ok=True)
    text = FIRM.format(store=store)
    if port is not None:
        text += MAIL.format(port=port, hold=hold) + (PROOF if proof else "")
    (directory / "firm.toml").write_text(text)
    return load_firm(directory)


class Server(Controller):
    """A real SMTP server that keeps each message in a maildir, with who it was for."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free = probe.getsockname()[1]
        super().__init__(Inbox(folder), hostname="127.0.0.1", port=port or free)


class Inbox(Mailbox):
    """Keeps one copy a recipient, in a maildir named after the address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refuses: dict[str, str] = {}
        self.hangs_up_after_data = False
        self.seconds_to_answer = 0.0
        super().__init__(str(folder / "all"))

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        held = io.BytesIO()
        # no line of a header is broken anew: a mail is kept as it came
        BytesGenerator(held, mangle_from_=False, maxheaderlen=0).flatten(
            self.prepare_message(session, envelope)
        )
        content = held.getvalue()
        for address in envelope.rcpt_tos:
            keep(self.folder / address, content)
        await asyncio.sleep(self.seconds_to_answer)
        if self.hangs_up_after_data:
            server.transport.close()
        return "250 kept"


def keep(maildir: Path, content: bytes) -> None:
    """Deliver as maildir(5) says; `mailbox` would wait for the disk, which none of these servers outlives."""
    for place in ("tmp", "new", "cur"):
        (maildir / place).mkdir(parents=True, exist_ok=True)
    name = f"{time.time():.6f}.{uuid4().hex}.opslayer"
    (maildir / "tmp" / name).write_bytes(content)
    (maildir / "tmp" / name).rename(maildir / "new" / name)


@contextmanager
def serving(folder: Path, port: int | None = None) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder, port)
    server.start()
    try:
        yield server
    finally:
        if not server.loop.is_closed():
            server.stop()


def received(folder: Path, address: str) -> list[EmailMessage]:
    """What arrived for an address."""
    place = folder / address
    if not place.is_dir():
        return []
    box = mailbox.Maildir(place, create=False)
    return [message_from_bytes(box.get_bytes(key), policy=default) for key in sorted(box.keys())]


def everything(folder: Path) -> list[str]:
    """Message-IDs of all that arrived for clients, as often as it did."""
    return [
        str(message["Message-ID"])
        for place in folder.glob("*@client.example")
        for message in received(folder, place.name)
    ]


def bounce(
    message_id: str, address: str, *, given_back: str = "message/rfc822", action: str = "failed"
) -> bytes:
    """A delivery status notification as Postfix writes it (RFC 3464)."""
    head = (
        f"From: accounts@harrow.example\r\nTo: {address}\r\nSubject: Overdue\r\nMessage-ID: {message_id}\r\n"
    )
    inner = {"message/rfc822": f"{head}\r\nDear client\r\n", "text/rfc822-headers": head}.get(given_back)
    returned = f"--b\r\nContent-Type: {given_back}\r\n\r\n{inner}\r\n" if inner else ""
    reply = f"In-Reply-To: {message_id}\r\n" if inner is None else ""
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: accounts@harrow.example\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\n{reply}"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
        "\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry to have to inform you.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\nArrival-Date: Mon, 16 Nov 2026 06:00:00 +0000\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 <{address}>: user unknown\r\n\r\n"
        f"{returned}--b--\r\n"
    ).encode()

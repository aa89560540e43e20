"""The other sections of firm.toml: the firm, its people, its mail, its limits."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from opslayer.config.mailbox import Mailbox
from opslayer.config.settings import Settings, secret_reference
from opslayer.errors import nearest


class FirmSection(Settings):
    name: str
    base_currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217 code that reports are in")
    time_zone: str = "UTC"
    calling_code: str | None = Field(
        None,
        pattern=r"^[1-9]\d{0,2}$",
        description='of its country, e.g. "353": phone numbers written without one are read with it',
    )
    working_hours: str = Field(
        "09:00-17:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        description="on its clock, where no source has a person's own; nothing is handed out outside of them",
    )
    fiscal_year_start: int = Field(1, ge=1, le=12, description="first month of the fiscal year")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            near = nearest(value, available_timezones())
            raise ValueError(f"an IANA time zone{f'; nearest: {near}' if near else ''}")
        return value


class StoreSection(Settings):
    url: str = Field(
        "sqlite:///var/store.db", description="SQLAlchemy URL or a reference to one; relative to firm.toml"
    )


class WarehouseSection(Settings):
    keep_versions: int = Field(
        7, ge=2, description="published versions kept for rollback, and the last of as many days"
    )
    keep_weeks: int = Field(
        0,
        ge=0,
        description="the last version of each of so many weeks is kept too, for rules to be replayed on",
    )
    memory_limit: str = Field("4GB", pattern=r"^\d+(\.\d+)?(MB|GB)$")
    threads: int | None = Field(None, ge=1, description="all cores where it is not given")


class MailSection(Settings):
    host: str = "localhost"
    port: int = Field(25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: str | None = Field(None, description='a reference: "env:NAME" or "keyring:service/name"')
    sender: str = Field(description='who messages are from, e.g. "Accounts <accounts@example.com>"')
    copy_to: str | None = Field(None, description="address that gets a blind copy of every message")
    proof: str | None = Field(
        None,
        description='where copies arrive, e.g. "maildir:var/sent": tells what left before a crash',
    )
    bounces: str | Mailbox | None = Field(
        None,
        description='where mail that came back arrives: "maildir:/var/mail/accounts", or [mail.bounces] with '
        "the keys of a mailbox (host, username, password, folder)",
    )
    hold_minutes: int = Field(
        0, ge=0, description="minutes between approval and sending in which it can be taken back"
    )

    @field_validator("password")
    @classmethod
    def _reference(cls, value: str | None) -> str | None:
        return secret_reference(value)


class ProbesSection(Settings):
    share: float = Field(
        0.0,
        ge=0,
        le=0.2,
        description="of the proposals that people decide, of how many a copy with a planted error is shown",
    )


class OutboxSection(Settings):
    workers: int = Field(
        1, ge=1, le=32, description="messages sent side by side; with 1 they leave in the order of approval"
    )


class Restriction(Settings):
    """A client whom no rule writes to."""

    client: str = Field(description="key of the client, as in core.party")
    kind: Literal["do_not_contact", "legal_hold"]
    reason: str


class LimitsSection(Settings):
    """What the firm allows all of its rules together, and when a client is written to."""

    daily_messages: int | None = Field(None, ge=1, description="messages a day, at most")
    daily_amount: Decimal | None = Field(None, gt=0, description="of all messages of a day, base currency")
    client_messages: int = Field(3, ge=1, description="approaches to one client in `client_days`, at most")
    client_days: int = Field(7, ge=1)
    send_from: time | None = Field(None, description="no client is written to earlier in its day")
    send_until: time | None = Field(None, description="nor later")
    working_days: bool = Field(
        False, description="nor on weekends and public holidays of its country, or else of the firm's"
    )
    most_firings_a_month: int | None = Field(
        None, ge=0, description="of one rule in its replay; above it, or without a replay, it may not be on"
    )
    most_amount_a_month: Decimal | None = Field(
        None, ge=0, description="of one rule in its replay, base currency; likewise"
    )
    holdout: float | None = Field(
        None,
        gt=0,
        le=0.5,
        description="share of the subjects of each rule left alone, where a rule names none",
    )
    restrictions: tuple[Restriction, ...] = ()

    @model_validator(mode="after")
    def _a_span(self) -> LimitsSection:
        if (self.send_from is None) != (self.send_until is None):
            raise ValueError("both `send_from` and `send_until`, or neither")
        if self.send_from and self.send_until and self.send_from >= self.send_until:
            raise ValueError("`send_from` before `send_until`")
        return self


class TrailSection(Settings):
    """How the audit trail is handed to somebody outside."""

    signing_key: str | None = Field(
        None, description='a reference to an Ed25519 key in PEM: "env:NAME" or "keyring:service/name"'
    )

    @field_validator("signing_key")
    @classmethod
    def _reference(cls, value: str | None) -> str | None:
        return secret_reference(value)


class BillingSection(Settings):
    """Who sends invoices, and on which terms where a client has none of its own."""

    name: str | None = Field(None, description="legal name; the firm's where it is not given")
    street: str
    postcode: str
    city: str
    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2; its clients pay the tax rate")
    tax_id: str = Field(description="VAT identifier, beginning with its country")
    email: str
    iban: str | None = None
    bic: str | None = None
    tax_rate: Decimal = Field(ge=0, le=100, description="standard rate in percent")
    exemption: str | None = Field(
        None, description="why no tax is charged at home, where tax_rate is 0: its article of law"
    )
    terms_days: int = Field(30, ge=0, le=365, description="days to pay, where the client's are not known")
    number_format: str = Field("INV-{year}-{number:05d}", description="of invoices; each year begins at 1")
    credit_number_format: str = Field("CN-{year}-{number:05d}", description="of credit notes")

    @field_validator("number_format", "credit_number_format")
    @classmethod
    def _numbers(cls, value: str) -> str:
        try:
            shown = {value.format(year=year, number=number) for year in (2026, 2027) for number in (1, 2)}
        except (KeyError, IndexError, ValueError):
            shown = set()
        if len(shown) < 4:
            raise ValueError('a text with {year} and {number}, like "INV-{year}-{number:05d}"')
        return value

    @field_validator("iban")
    @classmethod
    def _account(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from stdnum import iban

        if not iban.is_valid(value):
            raise ValueError("an IBAN whose check digits are right")
        return str(iban.compact(value))


class Person(Settings):
    name: str
    email: str
    roles: tuple[str, ...] = Field(min_length=1)
    hours_from: time | None = Field(None, description="alerts reach them no earlier, but for urgent ones")
    hours_until: time | None = Field(None, description="nor later; those of [alerts] where they are left out")
    practices: tuple[str, ...] = Field((), description="whose rows a manager sees")
    until: datetime | None = Field(None, description="when their access ends; it does not, without")

    @field_validator("until")
    @classmethod
    def _zone(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment with its zone, like 2027-01-31T18:00:00Z")
        return value


class Absence(Settings):
    """Somebody who is away, and who decides for them meanwhile."""

    person: str = Field(description="e-mail address under [[people]]")
    deputy: str = Field(description="e-mail address under [[people]]")
    first_on: date
    last_on: date

    @model_validator(mode="after")
    def _a_span(self) -> Absence:
        if self.first_on > self.last_on:
            raise ValueError("`first_on` not after `last_on`")
        if self.person.casefold() == self.deputy.casefold():
            raise ValueError("a deputy other than the person")
        return self

"""firm.toml and the YAML folders, read into frozen models; every error names the key and the mend."""

from __future__ import annotations

import os
import tomllib
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from opslayer.errors import ConfigurationError, UsageError, nearest
from opslayer.located import Located, read_located

PROJECT = Path(__file__).resolve().parents[2]


class Settings(BaseModel):
    """Base of everything read from a file a person edits: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _secret_reference(value: str | None) -> str | None:
    if value is not None and not value.startswith(("env:", "keyring:")):
        raise ValueError('a reference, "env:NAME" or "keyring:service/name"; never the password itself')
    return value


class FilesSource(Settings):
    """Exports in a folder: CSV, Parquet, JSON or Excel."""

    kind: Literal["files"]
    mapping: str = Field(description="the mapping that takes these tables to staging")
    path: Path = Field(description="folder of the exports, relative to firm.toml")
    pattern: str = Field("{table}.*", description="file name or glob of a table; {table} is its name")
    encoding: str = Field("utf-8", description="of text files; cp1252 is common in old exports")
    delimiter: str = ","
    optional: tuple[str, ...] = Field((), description="tables of the mapping this firm does not have")


class SqlSource(Settings):
    """A database, by SQLAlchemy URL."""

    kind: Literal["sql"]
    mapping: str
    url: str = Field(description='"env:NAME" or "keyring:service/name", or a URL that holds no password')
    db_schema: str | None = Field(None, description="the database schema that holds the tables")
    lag: int = Field(60, ge=0, description="seconds the cursor reaches back, for rows committed late")
    optional: tuple[str, ...] = ()


class RestEndpoint(Settings):
    """One table behind a REST API, in dlt's declarative words."""

    path: str
    data_selector: str | None = None
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)
    cursor_param: str | None = Field(None, description="query parameter that takes the cursor")


class RestSource(Settings):
    """A REST API, described rather than programmed."""

    kind: Literal["rest"]
    mapping: str
    base_url: str
    auth: dict[str, str] = Field(
        default_factory=dict, description='dlt auth, e.g. {type="bearer", token="env:TOKEN"}'
    )
    paginator: dict[str, str | int | bool] | None = None
    endpoints: dict[str, RestEndpoint]
    lag: int = Field(60, ge=0)
    optional: tuple[str, ...] = ()


class MailboxSource(Settings):
    """A mailbox: a maildir on this machine (`path`), or a folder on an IMAP server (`host`)."""

    kind: Literal["mailbox"]
    mapping: str = "mailbox"
    path: Path | None = Field(None, description="a maildir, relative to firm.toml")
    host: str | None = Field(None, description="an IMAP server")
    port: int = Field(993, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "tls"
    username: str | None = None
    password: str | None = Field(None, description='a reference: "env:NAME" or "keyring:service/name"')
    folder: str = "INBOX"
    ca: Path | None = Field(None, description="PEM of the firm's own certificate authority")
    optional: tuple[str, ...] = ()

    @field_validator("password")
    @classmethod
    def _reference(cls, value: str | None) -> str | None:
        return _secret_reference(value)

    @model_validator(mode="after")
    def _one_place(self) -> MailboxSource:
        if (self.path is None) == (self.host is None):
            raise ValueError("either `path`, a maildir, or `host`, an IMAP server, and not both")
        if self.host is not None and not (self.username and self.password):
            raise ValueError("`username` and `password` beside `host`")
        return self


Source = Annotated[FilesSource | SqlSource | RestSource | MailboxSource, Field(discriminator="kind")]


class FirmSection(Settings):
    name: str
    base_currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217 code that reports are in")
    time_zone: str = "UTC"
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
    hold_minutes: int = Field(
        0, ge=0, description="minutes between approval and sending in which it can be taken back"
    )

    @field_validator("password")
    @classmethod
    def _reference(cls, value: str | None) -> str | None:
        return _secret_reference(value)


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
        return _secret_reference(value)


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


class Firm(Settings):
    """One firm: where it lives, what it has, who decides."""

    directory: Path
    firm: FirmSection
    sources: dict[str, Source] = Field(min_length=1)
    store: StoreSection = StoreSection()
    warehouse: WarehouseSection = WarehouseSection()
    trail: TrailSection = TrailSection()
    limits: LimitsSection = LimitsSection()
    mail: MailSection | None = None
    billing: BillingSection | None = None
    people: tuple[Person, ...] = ()
    absences: tuple[Absence, ...] = ()
    folders: dict[Literal["rules", "templates", "queries", "cases"], str] = Field(
        default_factory=dict, description="where the firm's own lie; beside firm.toml, where it does not say"
    )
    thresholds: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="metric -> {low, high}: overrides the metric's expected range"
    )

    @model_validator(mode="after")
    def _people_are_known(self) -> Firm:
        for email in (email for absence in self.absences for email in (absence.person, absence.deputy)):
            if self.person(email) is None:
                raise ValueError(f'only addresses under [[people]] in [[absences]]; "{email}" is none')
        return self

    @property
    def name(self) -> str:
        return self.firm.name

    @property
    def base_currency(self) -> str:
        return self.firm.base_currency

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.firm.time_zone)

    @property
    def var(self) -> Path:
        """Everything the layer writes."""
        return self.directory / "var"

    def folder(self, name: str) -> tuple[Path, ...]:
        """Where YAML of one kind lies: the shipped folder, then the firm's own, which wins by file name."""
        shipped = {
            "data_contracts": PROJECT / "data_contracts",
            "scheduled": PROJECT / "scheduled",
            "rules": Path(__file__).parent / "actions" / "rules",
            "templates": Path(__file__).parent / "actions" / "templates",
            "metrics": Path(__file__).parent / "metrics",
            "mappings": Path(__file__).parent / "sources" / "mappings",
            "queries": Path(__file__).parent / "warehouse" / "queries",
            "cases": Path(__file__).parent / "actions" / "cases",
        }[name]
        own = next((place for folder, place in self.folders.items() if folder == name), name)
        return (shipped, self.directory / own)

    def files(self, folder: str, pattern: str = "*.yaml") -> dict[str, Path]:
        """Path within its folder -> path, over both folders, the firm's own winning; sorted."""
        found = {
            path.relative_to(place).as_posix(): path
            for place in self.folder(folder)
            for path in place.rglob(pattern)
        }
        return dict(sorted(found.items()))

    def person(self, email: str) -> Person | None:
        return next((p for p in self.people if p.email.casefold() == email.casefold()), None)


Model = TypeVar("Model", bound=BaseModel)


def find_firm(start: Path | None = None) -> Path:
    """The nearest firm.toml: $OPSLAYER_FIRM, else `start` or the working directory and its parents.

    Raises ConfigurationError where there is none.
    """
    named = os.environ.get("OPSLAYER_FIRM")
    place = (start or (Path(named) if named else Path.cwd())).resolve()
    candidates = [place, *place.parents] if start is None and not named else [place]
    for candidate in candidates:
        path = candidate if candidate.name == "firm.toml" else candidate / "firm.toml"
        if path.is_file():
            return path
    raise ConfigurationError(
        f"no firm.toml in {place}",
        mend="`opslayer init DIR` writes one; `--firm DIR` or OPSLAYER_FIRM names another place",
    )


def load_firm(start: Path | str | None = None) -> Firm:
    """Read the nearest firm.toml. Raises ConfigurationError, naming file, key, found, allowed, nearest."""
    path = find_firm(Path(start) if start else None)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}\n  is not TOML: {error}") from error
    return validated(Firm, Located(path, {**values, "directory": path.parent}))


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Read one YAML file into `model`; errors are those of firm.toml, with line and column."""
    return validated(model, read_located(path))


def validated(model: type[Model], read: Located) -> Model:
    """What was read as `model`; a ValidationError becomes one ConfigurationError over all its findings."""
    try:
        return model.model_validate(read.values)
    except ValidationError as error:
        findings = [
            f"{_spot(read, item)}\n{_finding(model, item)}" if read.spots else _finding(model, item)
            for item in error.errors()
        ]
        head = "" if read.spots else f"{read.path}\n"
        raise ConfigurationError(head + "\n".join(findings)) from error


def _spot(read: Located, item: Mapping[str, Any]) -> str:
    """Where what was found stands; a key that should not be there is shown itself."""
    discriminator = str(item.get("ctx", {}).get("discriminator", "")).strip("'")
    place = [*item["loc"], discriminator] if item["type"] == "union_tag_invalid" else item["loc"]
    return read.at(*place, key=item["type"] == "extra_forbidden")


def _finding(model: type[BaseModel], item: Mapping[str, Any]) -> str:
    location = [str(part) for part in item["loc"]] or ["(the file)"]
    found = item.get("input")
    if item["type"] == "union_tag_invalid":
        discriminator = str(item["ctx"]["discriminator"]).strip("'")
        location, found = [*location, discriminator], item["ctx"]["tag"]
    *parents, key = location
    path = ".".join(part for part in parents if not _is_tag(model, parents, part))
    where = f"  at {path}\n" if path else ""
    allowed = _allowed_keys(model, parents)
    if item["type"] == "extra_forbidden":
        near = nearest(key, allowed)
        lines = [f'expected one of: {", ".join(sorted(allowed))}; got the unknown key "{key}"']
    elif item["type"] == "missing":
        near = None
        lines = [f"expected a value; got nothing (keys here: {', '.join(sorted(allowed))})"]
    else:
        near = nearest(found, _literal_words(item)) if isinstance(found, str) else None
        shown = "a value that is not shown here" if key in SECRET_KEYS else repr(found)
        lines = [f"expected {_expectation(model, parents, key, item)}; got {shown}"]
    lines += [f'nearest: "{near}"'] if near else []
    detail = "\n".join(f"    {line}" for line in lines)
    return f"{where}  at key: {key}\n{detail}"


SECRET_KEYS = frozenset({"password", "url", "auth", "token"})


def _expectation(model: type[BaseModel], parents: list[str], key: str, item: Mapping[str, Any]) -> str:
    if item["type"] == "union_tag_invalid":
        return f"one of: {item['ctx']['expected_tags']}"
    if item["type"] == "string_pattern_mismatch":
        fields = [k.model_fields[key] for k in _models_at(model, parents) if key in k.model_fields]
        described = next((field.description for field in fields if field.description), "text")
        return f"{described}, matching {item['ctx']['pattern']}"
    message = str(item["msg"])
    for prefix in ("Value error, ", "Input should be "):
        message = message.removeprefix(prefix)
    return message


def _literal_words(item: Mapping[str, Any]) -> list[str]:
    context = item.get("ctx") or {}
    text = str(context.get("expected") or context.get("expected_tags") or "")
    return [word.strip(" '") for word in text.replace(" or ", ",").split(",") if word.strip(" '")]


def _allowed_keys(model: type[BaseModel], location: list[str]) -> set[str]:
    """The keys a person may write at `location`."""
    names = {name for kind in _models_at(model, location) for name in _spelled(kind)}
    return names - {"directory"}


def _spelled(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name


def _models_at(model: type[BaseModel], location: list[str]) -> list[type[BaseModel]]:
    """The models whose fields lie at `location`: one, or each kind that may stand there."""
    kinds: list[type[BaseModel]] = [model]
    for part in location:
        inner = [
            within
            for kind in kinds
            for name, field in kind.model_fields.items()
            if part in (name, field.alias)
            for within in _models_within(field.annotation)
        ]
        tagged = [kind for kind in kinds if part in _discriminators(kind)]
        kinds = inner or tagged or kinds
    return kinds


def _is_tag(model: type[BaseModel], location: list[str], part: str) -> bool:
    """Whether `part` is the discriminator's word, which pydantic puts in the path and nobody wrote there."""
    before = location[: location.index(part)]
    return bool(before) and any(part in _discriminators(kind) for kind in _models_at(model, before))


def _discriminators(kind: type[BaseModel]) -> set[str]:
    return {
        str(word)
        for field in kind.model_fields.values()
        if get_origin(field.annotation) is Literal
        for word in get_args(field.annotation)
    }


def _models_within(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType, Annotated, dict, list, tuple):
        return [m for part in get_args(annotation) for m in _models_within(part)]
    return []


def secret(reference: str) -> str:
    """What "env:NAME" or "keyring:service/name" stands for; raises ConfigurationError where it is not set."""
    scheme, _, name = reference.partition(":")
    if scheme == "env":
        value = os.environ.get(name)
    elif scheme == "keyring":
        import keyring  # loaded only where a firm uses it: its backends take a second

        service, _, user = name.partition("/")
        value = keyring.get_password(service, user)
    else:
        raise ConfigurationError(f'a secret is "env:NAME" or "keyring:service/name"; got "{scheme}:..."')
    if value is None:
        raise ConfigurationError(
            f"the secret {reference} is not set", mend=f"set it where {scheme} looks for it"
        )
    return value


def moment(text: str | None = None) -> datetime:
    """The wall-clock moment a run was given, ISO 8601 with its offset, in UTC; without it, the clock's.

    The one edge of a notebook that a person runs by hand. Raises UsageError for text that is no moment.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(
            f'a moment is like 2026-11-16T06:00:00+00:00; got "{text}"', mend="leave it out to take the clock"
        )
    return found.astimezone(UTC)

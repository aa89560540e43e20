"""Writing a firm.toml that explains itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

FOLDERS = {
    "data_contracts": "what the data must be (ODCS 3.1, *.odcs.yaml)",
    "mappings": "how a source's tables become parties, invoices, payments, journals",
    "metrics": "what is measured, and the range it should lie in",
    "alerts": "what people are told of, of the firm and of each client, project and practice",
    "rules": "when something is proposed, to whom, and who must approve",
    "queries": "whom a rule of your own is about: SQL that only reads published tables",
    "capabilities": "what models are asked, who may answer, and what stands if none does",
    "cases": "examples of a rule, rows in and proposals out, run by `opslayer rules test`",
    "scheduled": "what runs when",
    "templates": "the words of what is sent",
}


@dataclass(frozen=True)
class Member:
    """Somebody who may decide."""

    name: str
    email: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class DemoMail:
    """Mail to a server on this machine that the demo reads."""

    sender: str
    copy_to: str


@dataclass(frozen=True)
class DemoBilling:
    """Who sends the demo's invoices; `tax_rate` in percent."""

    country: str
    tax_id: str
    iban: str
    bic: str
    tax_rate: int


@dataclass(frozen=True)
class SystemFiles:
    """A further source of files: what it is, its mapping, its folder and how a table's file is named."""

    name: str
    meaning: str
    mapping: str
    path: str
    pattern: str


def write_firm(
    directory: Path,
    *,
    name: str,
    base_currency: str,
    time_zone: str,
    calling_code: str | None = None,
    mapping: str,
    path: str,
    pattern: str,
    encoding: str = "utf-8",
    optional: Sequence[str] = (),
    people: Sequence[Member] = (),
    mail: DemoMail | None = None,
    billing: DemoBilling | None = None,
    maildir: str | None = None,
    documents: str | None = None,
    beside: Sequence[SystemFiles] = (),
) -> Path:
    """Write firm.toml and the overlay folders; the path of the file."""
    environment = Environment(
        loader=PackageLoader("opslayer.scaffold", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # TOML, not HTML; every value goes through the filter
    )
    environment.filters["toml"] = lambda value: json.dumps(value, ensure_ascii=False)
    text = environment.get_template("firm.toml.j2").render(
        name=name,
        base_currency=base_currency,
        time_zone=time_zone,
        calling_code=calling_code,
        mapping=mapping,
        path=path,
        pattern=pattern,
        encoding=encoding,
        optional=list(optional),
        people=list(people),
        mail=mail,
        billing=billing,
        maildir=maildir,
        documents=documents,
        beside=list(beside),
    )
    directory.mkdir(parents=True, exist_ok=True)
    for folder, meaning in FOLDERS.items():
        (directory / folder).mkdir(exist_ok=True)
        readme = directory / folder / "README.md"
        if not readme.exists():
            readme.write_text(
                f"A file here says {meaning}.\nIt wins over the shipped file of the same path.\n",
                encoding="utf-8",
            )
    target = directory / "firm.toml"
    target.write_text(text, encoding="utf-8")
    return target

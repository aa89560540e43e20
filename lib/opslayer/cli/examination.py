"""What `opslayer doctor` looks at: each finding says what is wrong and how to mend it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from opslayer.config import Firm, secret
from opslayer.errors import OpslayerError

FREE_BYTES = 2 * 1024**3  # a scale-1 firm's versions, runs and spill take under 1 GB


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    fine: bool
    detail: str


def examine(firm: Callable[[], Firm]) -> list[Finding]:
    """Every finding on this machine and this firm; a check that fails does not stop the others."""
    findings = list(_machine())
    try:
        settings = firm()
    except OpslayerError as error:
        return [*findings, Finding("firm.toml", False, str(error))]
    findings.append(Finding("firm.toml", True, f"{settings.name}, {settings.directory}"))
    findings += _sources(settings)
    findings += [_looked_at(subject, check, settings) for subject, check in CHECKS.items()]
    return findings


def _looked_at(subject: str, check: Callable[[Firm], str], firm: Firm) -> Finding:
    try:
        return Finding(subject, True, check(firm))
    except (OpslayerError, OSError) as error:
        return Finding(subject, False, str(error))


def _machine() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info[:2] == (3, 11), python)
    stack = ("duckdb", "polars", "great-expectations", "papermill", "dagster", "streamlit", "jupyterlab")
    yield Finding("libraries", True, ", ".join(f"{name} {version(name)}" for name in stack))


def _disk(firm: Firm) -> str:
    free = shutil.disk_usage(firm.directory).free
    if free < FREE_BYTES:
        raise OpslayerError(
            f"{free / 1024**3:.1f} GB free in {firm.directory}",
            mend="free at least 2 GB for versions and spill",
        )
    return f"{free / 1024**3:.0f} GB free"


def _sources(firm: Firm) -> Iterator[Finding]:
    """One finding a source, so that a broken one hides no other."""
    for name in firm.sources:
        yield _looked_at(f"source {name}", partial(_source, name=name), firm)


def _source(firm: Firm, *, name: str) -> str:
    from opslayer.sources import load_mapping

    source = firm.sources[name]
    load_mapping(firm, source.mapping)
    folder = getattr(source, "path", None)  # an IMAP server, a database and an API have none
    if folder is not None and not (firm.directory / folder).is_dir():
        raise OpslayerError(
            f"the folder {firm.directory / folder} is missing",
            mend=f"mend sources.{name}.path in firm.toml",
        )
    return f"{source.kind}, {source.mapping}"


def _contracts(firm: Firm) -> str:
    from opslayer.contracts import load_contracts

    return f"{len(load_contracts(firm))} keep to ODCS 3.1"


def _store(firm: Firm) -> str:
    from opslayer.store import open_store

    with open_store(firm) as store:
        return store.url


def _jobs(firm: Firm) -> str:
    from opslayer.runner import load_jobs

    return ", ".join(job.name for job in load_jobs(firm))


def _rules(firm: Firm) -> str:
    from opslayer.actions import load_rules

    return ", ".join(rule.name for rule in load_rules(firm))


def _mail(firm: Firm) -> str:
    if firm.mail is None:
        return "no [mail]: approved messages wait until there is one"
    if firm.mail.password:
        secret(firm.mail.password)
    return f"{firm.mail.host}:{firm.mail.port}, {firm.mail.security}"


def _approvals(firm: Firm) -> str:
    if firm.approvals is None:
        return "no [approvals]: nobody is written to about what waits"
    from opslayer.actions.link import signing_key

    signing_key(firm.approvals)
    return f"links to {firm.approvals.links}, good for {firm.approvals.expires_hours} hours"


def _people(firm: Firm) -> str:
    if not firm.people:
        raise OpslayerError("nobody may approve anything", mend="add [[people]] with roles to firm.toml")
    return ", ".join(f"{person.name} ({'/'.join(person.roles)})" for person in firm.people)


CHECKS: dict[str, Callable[[Firm], str]] = {
    "disk": _disk,
    "contracts": _contracts,
    "store": _store,
    "jobs": _jobs,
    "rules": _rules,
    "mail": _mail,
    "people": _people,
    "approvals": _approvals,
}

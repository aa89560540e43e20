"""From an exploration to a scheduled notebook: looked at, put in its place, run once, then in a job."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.runner import Job, RunRecord, Step, declared_parameters, run_notebook

if TYPE_CHECKING:
    import nbformat

PARAMETERS: Final = """firm = None  # directory of firm.toml; None is $OPSLAYER_FIRM, or the nearest one above
as_of = "{as_of}"  # business day, ISO 8601"""
OPENED: Final = """from opslayer import layer

layer.open(firm, as_of=as_of)"""
CLOCKS: Final = {"today", "now", "utcnow"}
TIMEOUT: Final = 1800.0  # seconds


@dataclass(frozen=True)
class Finding:
    """What keeps a notebook from running unattended: in which code cell (from 1; 0 is none), and the mend."""

    cell: int
    said: str
    mend: str


@dataclass(frozen=True)
class Promoted:
    """Where the notebook and its job lie, and the run that showed that it works; a dry run has none."""

    notebook: Path
    job: Path
    run: RunRecord | None


def examine(notebook: nbformat.NotebookNode) -> list[Finding]:
    """What keeps a notebook from running by itself, in the order of its cells; nothing is changed."""
    found = (
        [] if _title(notebook) else [Finding(0, "it has no title", 'begin with a cell "# What it answers"')]
    )
    if _has_parameters(notebook) and "as_of" not in declared_parameters(notebook):
        found.append(Finding(0, "its parameters have no as_of", 'add `as_of = "2026-11-16"` to them'))
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for number, source in enumerate(code, 1):
        found += [Finding(number, said, mend) for said, mend in _against(source)]
    return found


def promote(
    firm: Firm,
    exploration: Path,
    *,
    name: str,
    cron: str,
    owner: str,
    as_of: date,
    moment: datetime,
    dry_run: bool = False,
) -> Promoted:
    """Put an exploration under the firm's notebooks/ as `name`, run it as of a day, and schedule it.

    Outputs are stripped; a `parameters` cell (firm, as_of) is added where there is none. The job is called by
    the last part of the name. Raises UsageError, cell by cell, for what cannot run unattended, and for a name
    that is taken; RunFailed where it did not complete: then neither notebook nor job is left.
    """
    import nbformat

    source = nbformat.read(exploration, as_version=4)
    if against := examine(source):
        raise UsageError(
            "\n".join([f"{exploration} cannot run unattended", *(_line(one) for one in against)]),
            mend="change those cells, run it anew, and promote it then",
        )
    path = firm.directory / "notebooks" / f"{name}.ipynb"
    job = Job(
        job=path.stem,
        description=_title(source),
        owner=owner,
        cron=cron,
        steps=(Step(name=path.stem, notebook=name, timeout=TIMEOUT),),
    )
    job_path = firm.folder("scheduled")[1] / f"{job.name}.yaml"
    for taken in (path, job_path):
        if taken.exists() and taken.resolve() != exploration.resolve():
            raise UsageError(f"{taken} exists already", mend="choose another --name, or remove it")
    if dry_run:
        return Promoted(path, job_path, None)
    before = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(_ready(source, as_of)), encoding="utf-8")
    try:
        run = run_notebook(firm, name, {}, as_of=as_of, moment=moment, timeout=TIMEOUT)
    except BaseException:
        path.unlink() if before is None else path.write_bytes(before)
        raise
    job_path.parent.mkdir(parents=True, exist_ok=True)
    job_path.write_text(_as_yaml(job), encoding="utf-8")
    return Promoted(path, job_path, run)


def _title(notebook: nbformat.NotebookNode) -> str:
    first = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    return first.lstrip().splitlines()[0][2:].strip() if first.lstrip().startswith("# ") else ""


def _has_parameters(notebook: nbformat.NotebookNode) -> bool:
    return any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells)


def _against(source: str) -> Iterator[tuple[str, str]]:
    if any(line.lstrip().startswith(("!", "%")) for line in source.splitlines()):
        yield (
            "it calls the shell or a magic",
            "Python and `layer` only: what a night run needs is installed before",
        )
        return
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        yield f"it is not Python: {error.msg}, line {error.lineno}", "run the cell, and mend it"
        return
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        match call.func:
            case ast.Name(id="input"):
                yield "it waits for somebody to type", "make it a parameter"
            case ast.Attribute(attr=attribute) if attribute in CLOCKS:
                yield (
                    f"it asks the clock ({attribute})",
                    "take `as_of`, so that the same day gives the same answer",
                )


def _ready(source: nbformat.NotebookNode, as_of: date) -> nbformat.NotebookNode:
    """Without outputs, with a cell of parameters after the title."""
    from nbformat import v4

    cells = list(source.cells)
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if not _has_parameters(source):
        parameters = v4.new_code_cell(PARAMETERS.format(as_of=as_of), metadata={"tags": ["parameters"]})
        cells[1:1] = [parameters, v4.new_code_cell(OPENED)]
    source.cells = cells
    return source


def _as_yaml(job: Job) -> str:
    said = job.model_dump(mode="json", exclude_defaults=True)
    return f"# {job.description}\n{yaml.safe_dump(said, sort_keys=False, allow_unicode=True)}"


def _line(finding: Finding) -> str:
    where = f"cell {finding.cell}: " if finding.cell else ""
    return f"    {where}{finding.said}; {finding.mend}"

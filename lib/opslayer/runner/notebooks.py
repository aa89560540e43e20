"""Where notebooks lie and which parameters they declare."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opslayer.config import PROJECT, Firm
from opslayer.errors import UsageError, unknown

if TYPE_CHECKING:
    import nbformat


def list_notebooks(firm: Firm) -> dict[str, Path]:
    """Name (`intelligence/cash`) -> file; the firm's own notebooks win over the shipped ones."""
    folders = (PROJECT / "notebooks", firm.directory / "notebooks")
    found = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for folder in folders
        for path in sorted(folder.rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    }
    return dict(sorted(found.items()))


def find_notebook(firm: Firm, name: str) -> Path:
    """Raises UsageError, naming the nearest, where there is none of that name."""
    notebooks = list_notebooks(firm)
    path = notebooks.get(name.removesuffix(".ipynb"))
    if path is None:
        raise unknown("notebook", name, notebooks)
    return path


def own_copy(firm: Firm, name: str) -> Path:
    """The firm's own file of a notebook, which the schedule prefers; a copy of the shipped one at first.

    Raises UsageError, naming the nearest, for a name that no notebook has.
    """
    source = find_notebook(firm, name)
    path = firm.directory / "notebooks" / f"{name.removesuffix('.ipynb')}.ipynb"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
    return path


def workspace(firm: Firm) -> Path:
    """A folder with the firm's own notebooks and the shipped ones side by side, for JupyterLab to open."""
    folder = firm.var / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    own = firm.directory / "notebooks"
    own.mkdir(exist_ok=True)
    for name, place in (("own", own), ("shipped", PROJECT / "notebooks")):
        link = folder / name
        if link.is_symlink() and link.readlink() != place:
            link.unlink()
        if not link.is_symlink():
            link.symlink_to(place, target_is_directory=True)
    return folder


def declared_parameters(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Name -> default, as assigned in the cell tagged `parameters`; empty where there is no such cell."""
    source = next((c.source for c in notebook.cells if "parameters" in c.metadata.get("tags", [])), "")
    declared: dict[str, Any] = {}
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                declared[name] = ast.literal_eval(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                declared[name] = ast.literal_eval(value)
    return declared


def bound_parameters(
    name: str, notebook: nbformat.NotebookNode, given: Mapping[str, Any], context: Mapping[str, str]
) -> dict[str, Any]:
    """`given` in the types of the notebook's defaults, plus what it declares of `context`.

    Dates and decimals become text: Papermill writes parameters as Python source. Raises UsageError for a
    parameter the notebook does not declare (Papermill only warns) and for a value of another type.
    """
    declared = declared_parameters(notebook)
    for parameter in given:
        if parameter not in declared:
            raise unknown(f"parameter of {name}", parameter, declared)
    inherited = {key: value for key, value in context.items() if key in declared}
    return inherited | {key: _typed(name, key, value, declared[key]) for key, value in given.items()}


def _typed(name: str, parameter: str, value: Any, default: Any) -> Any:
    if isinstance(value, date | Decimal | Path):
        return value.isoformat() if isinstance(value, date) else str(value)
    if isinstance(value, str) and isinstance(default, bool | int | float):  # from the command line
        try:
            if isinstance(default, bool):
                return {"true": True, "false": False}[value.lower()]
            number = Decimal(value)
            if isinstance(default, float):
                return float(number)
            if number == int(number):
                return int(number)
        except (KeyError, InvalidOperation, OverflowError):
            pass
        raise UsageError(
            f'{name}: parameter {parameter} takes a {type(default).__name__}, like {default!r}; got "{value}"'
        )
    if value is None or isinstance(value, str | bool | int | float | list | tuple | dict):
        return value
    raise UsageError(
        f"{name}: parameter {parameter} cannot be a {type(value).__name__}",
        mend="text, numbers, true or false, dates, decimals, and lists and mappings of them can be passed",
    )

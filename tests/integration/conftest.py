"""A firm with notebooks of the test's own, and kernels whose sockets no one else uses."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from opslayer.config import Firm, load_firm
from opslayer.runner.warm import Held, hold

FIRM = """
[firm]
name = "Runner test"
base_currency = "EUR"
time_zone = "America/New_York"
[sources.ledger]
kind = "sql"
mapping = "xero"
url = "env:LEDGER_URL"
"""
PARAMETERS = 'firm = "."\nas_of = "2000-01-01"\nlimit = 10'


@pytest.fixture(scope="session")
def runtime_folder() -> Iterator[Path]:
    """Short, because the path of a Unix socket is limited to about 100 characters."""
    folder = Path(tempfile.mkdtemp(prefix="ops-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kernels(runtime_folder: Path) -> Iterator[Held]:
    """The warm parent, shared by the tests of this folder."""
    with hold() as server:
        yield server


@pytest.fixture
def books(tmp_path: Path) -> Firm:
    """A firm with no data, for notebooks that need none."""
    (tmp_path / "firm.toml").write_text(FIRM)
    return load_firm(tmp_path)


@pytest.fixture
def write_notebook(books: Firm) -> Callable[..., Path]:
    """Writes notebooks/<name>.ipynb: title, parameters, and one code cell for each text."""

    def write(name: str, *cells: str) -> Path:
        path = books.directory / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        first = [new_markdown_cell(f"# {name}"), new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
        notebook = new_notebook(cells=[*first, *(new_code_cell(text) for text in cells)])
        kernel = {"name": "opslayer", "display_name": "opslayer", "language": "python"}
        notebook.metadata.update(kernelspec=kernel, language_info={"name": "python"})
        nbformat.write(notebook, path)
        return path

    return write

"""Notebooks hold no logic and no outputs: parameters, calls into the library, tables and figures."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
EXPECTED = {
    "data_layer/refresh",
    "execution/dispatch",
    "execution/reminders",
    "explore/start_here",
    "intelligence/cash",
    "intelligence/variance",
    "reports/finance_weekly",
}
LOGIC = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.If,
    ast.IfExp,
    ast.Try,
    ast.comprehension,
)
LIBRARIES = {"datetime", "IPython", "opslayer", "polars"}


def paths() -> list[Path]:
    return sorted(path for path in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def named(path: Path) -> str:
    return path.relative_to(NOTEBOOKS).with_suffix("").as_posix()


@pytest.fixture(params=paths(), ids=named)
def notebook(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(json.loads(request.param.read_text(encoding="utf-8")))


def code(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def tree(notebook: dict[str, Any], *, parameters: bool) -> ast.Module:
    chosen = (c for c in code(notebook) if ("parameters" in c["metadata"].get("tags", [])) == parameters)
    return ast.parse("\n".join("".join(cell["source"]) for cell in chosen))


def imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_notebook_the_jobs_name_exists() -> None:
    assert {named(path) for path in paths()} >= EXPECTED


def test_it_is_kept_without_outputs(notebook: dict[str, Any]) -> None:
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    for cell in code(notebook):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_it_opens_with_a_title_and_the_question_it_answers(notebook: dict[str, Any]) -> None:
    first = notebook["cells"][0]
    assert first["cell_type"] == "markdown"
    title = "".join(first["source"]).splitlines()[0]
    assert title.startswith("# ")
    assert title.endswith("?"), title


def test_its_parameters_come_second_and_are_all_used(notebook: dict[str, Any]) -> None:
    tagged = [n for n, c in enumerate(notebook["cells"]) if "parameters" in c["metadata"].get("tags", [])]
    assert tagged == [1]
    assert len(notebook["cells"]) > 2
    names = [
        target.id
        for statement in tree(notebook, parameters=True).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]
    assert names[0] == "firm"
    used = {node.id for node in ast.walk(tree(notebook, parameters=False)) if isinstance(node, ast.Name)}
    assert set(names) <= used, f"never used: {set(names) - used}"


def test_it_holds_no_logic_and_uses_public_names(notebook: dict[str, Any]) -> None:
    module = tree(notebook, parameters=False)
    found = [ast.unparse(node) for node in ast.walk(module) if isinstance(node, LOGIC)]
    assert not found
    for name in imports(module):
        assert name.partition(".")[0] in LIBRARIES, name
        assert name.count(".") <= 2 or name.startswith("opslayer.intelligence."), name
        assert "._" not in name


def test_it_shows_something(notebook: dict[str, Any]) -> None:
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(tree(notebook, parameters=False))
        if isinstance(node, ast.Call)
    }
    assert any(call.endswith("table") or call.startswith("figures.") for call in calls), calls


def test_it_opens_in_jupyterlab_with_the_kernel_it_runs_in_at_night(notebook: dict[str, Any]) -> None:
    assert notebook["metadata"]["kernelspec"]["name"] == "opslayer"


@pytest.mark.parametrize("command", [("nbstripout", "--keep-id", "--verify"), ("nbqa", "ruff")])
def test_the_hooks_would_change_nothing(command: tuple[str, ...]) -> None:
    files = [str(path) for path in paths()]
    done = subprocess.run(
        [sys.executable, "-m", *command, *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hooks_are_those() -> None:
    hooks = yaml.safe_load((NOTEBOOKS.parent / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    entries = {hook["entry"] for hook in hooks}
    assert {"uv run nbstripout --keep-id", "uv run nbqa ruff"} <= entries

"""The README and --help tell the truth."""

from __future__ import annotations

import re
import shlex

import pytest
from typer.testing import CliRunner

from opslayer.cli import app
from tests.conftest import PROJECT

README = (PROJECT / "README.md").read_text()
MAKEFILE = (PROJECT / "Makefile").read_text()
HELP = CliRunner()


def commands() -> list[str]:
    """Every command line of the README's shell blocks, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def help_of(*path: str) -> str:
    done = HELP.invoke(app, [*path, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert done.exit_code == 0, done.output
    return done.output


def known() -> list[tuple[str, ...]]:
    """Every command of the tool, by its words."""
    found = [
        (command.name or command.callback.__name__,)
        for command in app.registered_commands
        if command.callback
    ]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        found += [(str(group.name), str(c.name)) for c in group.typer_instance.registered_commands]
    return found


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("make ")])
def test_every_make_target_of_the_readme_exists(line: str) -> None:
    target = line.split()[1]
    assert re.search(rf"^{target}:", MAKEFILE, re.M)


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("opslayer ")])
def test_every_command_of_the_readme_exists(line: str) -> None:
    words = shlex.split(line)[1:]
    if words[0] == "--firm":
        words = words[2:]
    path = next(path for path in known() if tuple(words[: len(path)]) == path)
    shown = help_of(*path)
    for option in (word for word in words if word.startswith("--")):
        assert option in shown


@pytest.mark.parametrize("path", known(), ids=" ".join)
def test_help_has_examples_that_call_the_command(path: tuple[str, ...]) -> None:
    assert "opslayer " + " ".join(path) in help_of(*path)


def test_ci_calls_the_readmes_test_command_and_nothing_else() -> None:
    script = (PROJECT / ".ci" / "run").read_text()
    assert "exec make test" in script
    assert "make test" in commands()

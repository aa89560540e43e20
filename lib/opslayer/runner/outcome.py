"""How a run ended, read from its notebook and from what was raised: pure."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final, NamedTuple

from opslayer import errors
from opslayer.errors import OpslayerError
from opslayer.runner.watch import MOST_CHARACTERS, Watch

if TYPE_CHECKING:
    import nbformat

EXCERPT_LINES: Final = 6


class Outcome(NamedTuple):
    """Where and why a run stopped; only the exit code 0 where every cell completed."""

    cell: int | None = None
    source: str | None = None
    error: str | None = None
    cause: str | None = None
    exit_code: int = 0

    def leaked(self, references: set[str]) -> Outcome:
        """A run that showed a secret has failed, whatever else it did."""
        names = ", ".join(sorted(references))
        before = f"; before that: {self.error}: {self.cause}" if self.error else ""
        cause = f"the value of {names} was in what it printed and has been taken out{before}"
        return self._replace(error="SecretExposed", cause=cause, exit_code=self.exit_code or 1)


def outcome_of(
    notebook: nbformat.NotebookNode, raised: BaseException | None, watch: Watch, kernel_said: str
) -> Outcome:
    """Success is: nothing raised, and every cell completed."""
    index = next((i for i, cell in enumerate(notebook.cells) if _status(cell) != "completed"), None)
    if raised is None and index is None:
        return Outcome()
    # a kernel that could not be started has stopped before its first cell
    started = index is not None and _status(notebook.cells[index]) != "pending"
    cell = index + 1 if index is not None and started else None
    lines = notebook.cells[index].source.splitlines() if index is not None and started else []
    excerpt = "\n".join([*lines[:EXCERPT_LINES], *(["..."] if len(lines) > EXCERPT_LINES else [])])
    error, cause = _error_and_cause(notebook, index, raised, watch, kernel_said)
    kind = getattr(errors, error, None)
    code = kind.exit_code if isinstance(kind, type) and issubclass(kind, OpslayerError) else 1
    return Outcome(cell, excerpt or None, error, cause, code)


def _error_and_cause(
    notebook: nbformat.NotebookNode,
    index: int | None,
    raised: BaseException | None,
    watch: Watch,
    kernel_said: str,
) -> tuple[str, str]:
    name = type(raised).__name__
    if watch.expired or name == "CellTimeoutError":
        return "RunTimedOut", f"it ran longer than its {watch.seconds:g} seconds"
    if watch.flooded:
        return "RunFailed", f"it printed more than {MOST_CHARACTERS:,} characters"
    outputs = notebook.cells[index].get("outputs", []) if index is not None else []
    shown = next((o for o in outputs if o.output_type == "error"), None)
    if shown is not None and shown.ename == "SystemExit":
        return "SystemExit", f"the cell ended the program (exit {shown.evalue or 0}); later cells did not run"
    if shown is not None:
        return shown.ename, shown.evalue
    if name == "DeadKernelError" or "Kernel died" in str(raised):
        said = f"; its last words: {kernel_said.strip()[-500:]}" if kernel_said.strip() else ""
        return "KernelDied", f"{_end_of(watch.exit_code)}{said}"
    if isinstance(raised, OpslayerError):
        return name, raised.message
    if isinstance(raised, KeyboardInterrupt):
        return "Interrupted", "it was ended by hand"
    return name, str(raised)


def _end_of(code: int | None) -> str:
    if code is None:
        return "the kernel stopped answering"
    if code >= 0:
        return f"the kernel ended by itself with exit code {code}"
    hint = ": often the machine had no memory left" if -code == signal.SIGKILL else ""
    return f"the kernel was killed by {signal.Signals(-code).name}{hint}"


def _status(cell: nbformat.NotebookNode) -> str:
    return str(cell.metadata.get("papermill", {}).get("status", "pending"))

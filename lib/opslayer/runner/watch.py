"""One run as seen from outside its thread: its notebook, its kernel, its deadline."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import nbformat

MOST_CHARACTERS: Final = 5_000_000  # printed in one run; a page of it would open in no browser


@dataclass(eq=False)
class Watch:
    """What the engine tells while it runs, and the means to end it."""

    seconds: float
    log: IO[bytes] | None = None
    notebook: nbformat.NotebookNode | None = None
    client: Any = None
    exit_code: int | None = None  # of the kernel, where it ended before it was told to
    expired: bool = False
    flooded: bool = False
    heard: int = 0
    started: float = field(default_factory=time.monotonic)

    def hear(self, characters: int) -> bool:
        """Whether to keep what a cell printed: one that prints without end is ended."""
        self.heard += characters
        if self.heard > MOST_CHARACTERS:
            self.flooded = True
            self.kill()
        return not self.flooded and not self.expired

    def seconds_left(self) -> float:
        return max(0.1, self.started + self.seconds - time.monotonic())

    def expire(self) -> None:
        """The wall clock has run out: end the kernel, whatever it is doing."""
        self.expired = True
        self.kill()

    def kill(self) -> None:
        manager = self.client.km if self.client else None
        process = manager.provisioner.process if manager is not None and manager.provisioner else None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

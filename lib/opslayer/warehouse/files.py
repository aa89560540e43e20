"""Where the warehouse keeps its files, and who may write there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from opslayer.config import Firm
from opslayer.errors import RefreshInProgress


def folder(firm: Firm) -> Path:
    return firm.var / "warehouse"


def staged(firm: Firm) -> Path:
    """The file being built, which no reader opens."""
    return folder(firm) / "staged.duckdb"


def pointer(firm: Firm) -> Path:
    """Names the version readers open."""
    return folder(firm) / "current.json"


def pruned(firm: Firm) -> Path:
    """A note of each version that was dropped."""
    return folder(firm) / "pruned"


@contextmanager
def writer(firm: Firm, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the one writer's lock; the system frees it when its holder dies.

    Raises RefreshInProgress, naming the holder, where it is not free within `wait_seconds`.
    """
    folder(firm).mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder(firm) / "refresh.lock", timeout=wait_seconds)
    holder = folder(firm) / "refresh.pid"
    try:
        lock.acquire()
    except Timeout as error:
        pid = holder.read_text().strip() if holder.exists() else "unknown"
        raise RefreshInProgress(
            f"another process (pid {pid}) is writing the warehouse of {firm.name}",
            mend="wait for it; the published snapshot stays readable meanwhile",
        ) from error
    try:
        holder.write_text(str(os.getpid()))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def write_atomically(path: Path, values: object) -> None:
    """Replace `path` with `values` as JSON in one step that survives a power cut."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        json.dump(values, handle, indent=2, sort_keys=True)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
    synchronise(path.parent)


def synchronise(path: Path) -> None:
    """Make what was written or renamed at `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

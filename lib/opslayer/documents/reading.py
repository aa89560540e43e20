"""Reads a document in a process of its own, and waits for it no longer than is worth it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from opslayer.documents.kind import kind_of
from opslayer.documents.refusal import REFUSALS, Refused
from opslayer.documents.words import Line

SECONDS = 120.0  # by the clock; the worker itself is bounded by its processor time
LARGEST = 8 * 2**20  # bytes of an answer
PICTURE = b"\x89PNG"


@dataclass(frozen=True)
class Reading:
    """What was read: `pages` are all it has, `by` is `text layer`, `tesseract` or `text`."""

    kind: str
    pages: int
    by: str
    lines: tuple[Line, ...]


def read(content: bytes, name: str, *, seconds: float = SECONDS) -> Reading:
    """The lines of a document with their places. Raises Refused with one of REFUSALS."""
    kind_of(content, name)  # what need not be parsed to be refused
    answer = _worker(content, ["read", name], seconds)
    try:
        told: dict[str, Any] = json.loads(answer)
        if "code" in told:
            raise _refusal(answer)
        lines = tuple(Line(*line) for line in told["lines"])
        return Reading(str(told["kind"]), int(told["pages"]), str(told["by"]), lines)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("broken", "what reads it gave no answer") from error


def picture(content: bytes, name: str, page: int, *, dots: int = 100, seconds: float = 20.0) -> bytes:
    """A page as a PNG. Raises Refused where it has no such page, or none that can be drawn."""
    answer = _worker(content, ["picture", name, str(page), str(dots)], seconds)
    if not answer.startswith(PICTURE):
        raise _refusal(answer)
    return answer


def _refusal(answer: bytes) -> Refused:
    try:
        told = json.loads(answer)
        return Refused(told["code"] if told["code"] in REFUSALS else "broken", str(told["why"])[:300])
    except (ValueError, KeyError, TypeError):
        return Refused("broken", "what reads it gave no answer")


def _worker(content: bytes, arguments: list[str], seconds: float) -> bytes:
    """What the worker answers; it and what it started end with this call."""
    with subprocess.Popen(
        [sys.executable, "-I", "-m", "opslayer.documents.worker", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
    ) as process:  # fmt: skip
        try:
            answer, _ = process.communicate(content, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise Refused("too slow", f"it takes more than {seconds:.0f} s to read") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode == -signal.SIGXCPU:
        raise Refused("too slow", "it takes more of a processor than any document should")
    if process.returncode < 0:
        raise Refused("too much memory", "what reads it was ended within its bounds")
    if process.returncode > 0 or len(answer) > LARGEST:
        raise Refused("broken", "it cannot be read")
    return answer

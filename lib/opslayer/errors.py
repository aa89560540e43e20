"""Every error a person can meet, and the exit code it ends with.

OpslayerError                    1
├── ConfigurationError           2   a file a person edits says something that cannot be
├── UsageError                   2   a command was asked for something that does not exist
├── SourceError                  1   landing failed; what landed before still stands
│   ├── SourceUnavailable        1   the source did not answer
│   ├── UnreadableSource         1   it answered with something that cannot be read
│   └── SchemaDrift              1   its columns changed and the contract says freeze
├── BuildError                   1   a model's SQL failed
├── ContractBroken               3   a blocking contract is red
├── RefreshInProgress            1   another process is writing
├── StoreError                   1   the operational store cannot be opened or is of another version
├── RunFailed                    1   a notebook did not complete
│   ├── KernelDied               1
│   └── RunTimedOut              1
├── ModelFailed                  1   a model gave no answer that may be used
├── ChannelFailed                1   a channel cannot be reached, or does not let us in
└── GuardrailHeld                4   an action was held; nothing was done
    ├── AccessDenied             4   somebody's roles do not open or allow it; the trail keeps that
    └── LinkRefused              4   a link in a mail decides nothing: unknown, expired, used, changed
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal


class OpslayerError(Exception):
    """A failure with a mend: what went wrong, and what a person can do about it."""

    exit_code = 1

    def __init__(self, message: str, *, mend: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message}\n    mend: {self.mend}" if self.mend else self.message


class ConfigurationError(OpslayerError):
    exit_code = 2


class UsageError(OpslayerError):
    exit_code = 2


class SourceError(OpslayerError):
    pass


class SourceUnavailable(SourceError):
    pass


class UnreadableSource(SourceError):
    pass


class SchemaDrift(SourceError):
    pass


class BuildError(OpslayerError):
    pass


class ContractBroken(OpslayerError):
    exit_code = 3


class RefreshInProgress(OpslayerError):
    pass


class StoreError(OpslayerError):
    pass


class RunFailed(OpslayerError):
    pass


class KernelDied(RunFailed):
    pass


class RunTimedOut(RunFailed):
    pass


class ModelFailed(OpslayerError):
    pass


class ChannelFailed(OpslayerError):
    pass


class GuardrailHeld(OpslayerError):
    exit_code = 4


class AccessDenied(GuardrailHeld):
    """`what` names what was denied, `who` whom, where the caller does not know."""

    def __init__(
        self, message: str, *, mend: str | None = None, what: str = "sign-in", who: str = ""
    ) -> None:
        super().__init__(message, mend=mend)
        self.what, self.who = what, who


class LinkRefused(GuardrailHeld):
    def __init__(
        self,
        why: Literal["unknown", "expired", "used", "changed", "unauthorised"],
        message: str,
        *,
        mend: str | None = None,
    ) -> None:
        super().__init__(message, mend=mend)
        self.why = why


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word most like `word`, or None."""
    matches = get_close_matches(word, sorted(allowed), n=1, cutoff=0.5)
    return matches[0] if matches else None


def unknown(kind: str, word: str, allowed: Iterable[str]) -> UsageError:
    """The error for a name that does not exist: what there is, and the nearest."""
    names = sorted(allowed)
    near = nearest(word, names)
    listing = ", ".join(names) if names else "none yet"
    return UsageError(
        f'no {kind} named "{word}"; there is: {listing}',
        mend=f'did you mean "{near}"?' if near else None,
    )

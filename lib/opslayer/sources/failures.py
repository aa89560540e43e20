"""Whatever goes wrong while a table lands becomes a SourceError that names it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from opslayer.errors import ConfigurationError, SourceError, UnreadableSource

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_STANDS = "what landed before still stands"


@contextmanager
def naming(subject: str, *, section: str | None = None) -> Iterator[None]:
    """Say which source or table it was, `ledger: invoice: ...`, in the error, and keep its kind.

    A ConfigurationError names the `section` of firm.toml instead.
    """
    try:
        yield
    except SourceError as error:
        raise type(error)(f"{subject}: {error.message}", mend=error.mend) from error
    except ConfigurationError as error:
        if section is None:
            raise
        message = error.message.replace("firm.toml\n", f"firm.toml\n  at {section}\n", 1)
        raise ConfigurationError(message, mend=error.mend) from error
    except (OSError, duckdb.Error, pa.ArrowException, MemoryError) as error:
        raise _named(subject, error) from error


def _named(subject: str, error: Exception) -> SourceError:
    text = " ".join(str(error).split())[:400]
    if getattr(error, "errno", None) in _FULL or "No space left on device" in str(error):
        return SourceError(
            f"{subject}: the disk is full; {_STANDS}", mend="free space where var/ lies, then land again"
        )
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return SourceError(
            f"{subject}: it does not fit in memory: {text}; {_STANDS}",
            mend="raise memory_limit under [warehouse] in firm.toml",
        )
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return UnreadableSource(f"{subject}: {error.strerror}{where}; {_STANDS}")
    return UnreadableSource(f"{subject}: {text}; {_STANDS}")

"""Delimited text (CSV, TSV): read strictly, every value as text."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from opslayer.errors import ConfigurationError, UnreadableSource, nearest
from opslayer.sources.parquet import Parts, check_names, query

CHUNK = 1 << 20
COMMON = ("utf-8", "utf-16", "cp1252", "latin-1", "iso-8859-15", "mac-roman")  # of exports


def read_delimited(path: Path, *, encoding: str, delimiter: str, parts: Parts) -> None:
    """Write one file's records to `parts`.

    The header is trimmed, a byte order mark is not part of it, a column without a name is `column_<n>`; case
    is kept. Raises UnreadableSource at bytes of another encoding, at a ragged row, at a broken quote.
    """
    with as_utf8(path, encoding, parts.folder) as text:
        names = header(text, path, delimiter)
        columns = dict.fromkeys(names, "VARCHAR")
        try:
            parts.copy(query("delimited"), path=str(text), columns=columns, delimiter=delimiter)
        except duckdb.InvalidInputException as error:
            raise UnreadableSource(f"{path}: {_cause(error)}", mend=_MEND) from error


_MEND = (
    "every record has the header's columns, values that hold the delimiter stand in double quotes, lines end "
    "in one way; export the file again, or mend that line"
)


def _cause(error: duckdb.Error) -> str:
    """What DuckDB found and where, without the parser options it lists after that."""
    found, _, _ = str(error).partition("Possible fixes:")
    found, _, _ = found.partition("Possible Solution:")
    lines = [line.strip() for line in found.removeprefix("Invalid Input Error: ").splitlines()]
    return "; ".join(line for line in lines if line)[:400]


def header(text: Path, path: Path, delimiter: str) -> list[str]:
    """The column names of the file. Raises UnreadableSource where it has none, or has one twice."""
    with text.open(encoding="utf-8", newline="") as lines:
        try:
            first = next(csv.reader(lines, delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            raise UnreadableSource(f"{path}: line 1, the header: {error}", mend=_MEND) from error
    if not any(name.strip() for name in first):
        raise UnreadableSource(
            f"{path}: it is empty: its first line names no columns", mend="export the file again"
        )
    names = [name.strip() or f"column_{n}" for n, name in enumerate(first, start=1)]
    try:
        check_names(names)
    except UnreadableSource as error:
        raise UnreadableSource(f"{path}: line 1: {error.message}", mend=error.mend) from error
    return names


@contextmanager
def as_utf8(path: Path, encoding: str, folder: Path) -> Iterator[Path]:
    """The file itself where it is plain UTF-8, else a copy that is, in `folder`, for as long as it is read.

    Raises UnreadableSource at the first byte that is not of `encoding`, ConfigurationError at an unknown one.
    """
    codec = _codec(encoding)
    with path.open("rb") as start:
        marked = start.read(3) == codecs.BOM_UTF8
    if codec.name == "utf-8" and not marked:
        for _ in _decoded(path, codec):
            pass
        yield path
        return
    if codec.name != "utf-8" and _is_utf8(path):
        raise UnreadableSource(
            f"{path}: it is UTF-8, not {codec.name}: its accents would land as two letters each",
            mend='say so in firm.toml: encoding = "utf-8"',
        )
    copy = folder / f"{path.name}.utf8.tmp"
    try:
        with copy.open("w", encoding="utf-8", newline="") as out:
            out.writelines(_decoded(path, codecs.lookup("utf-8-sig") if codec.name == "utf-8" else codec))
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _codec(encoding: str) -> codecs.CodecInfo:
    try:
        return codecs.lookup(encoding)
    except LookupError:
        near = nearest(encoding, COMMON)
        raise ConfigurationError(
            f'firm.toml\n  at key: encoding\n    expected the name of a text encoding; got "{encoding}"',
            mend=f'did you mean "{near}"?' if near else 'exports are most often "utf-8" or "cp1252"',
        ) from None


def _decoded(path: Path, codec: codecs.CodecInfo) -> Iterator[str]:
    decoder = codec.incrementaldecoder()
    offset = lines = 0  # of the bytes that were decoded before
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            held = len(decoder.getstate()[0])
            try:
                yield decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                byte = offset - held + error.start
                line = lines + error.object[: error.start].count(b"\n") + 1
                raise UnreadableSource(
                    f"{path}: byte {byte} (line {line}) is 0x{error.object[error.start]:02x}, "
                    f"which is not {codec.name}",
                    mend=_encoding_mend(codec.name),
                ) from None
            if not chunk:
                return
            offset += len(chunk)
            lines += chunk.count(b"\n")


def _is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8 beyond ASCII: no text of another encoding is, by chance."""
    try:
        return sum(not text.isascii() for text in _decoded(path, codecs.lookup("utf-8"))) > 0
    except UnreadableSource:
        return False


def _encoding_mend(name: str) -> str:
    if name.startswith("utf-8"):
        return 'say which encoding the export is in: encoding = "cp1252" is common for older systems'
    return "say which encoding the export is in, or export it as UTF-8"

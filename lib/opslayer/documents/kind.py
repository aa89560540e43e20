"""What a file is by its own first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from opslayer.documents.refusal import Refused

Kind = Literal["pdf", "png", "jpeg", "tiff", "text"]
LARGEST = 50 * 2**20  # bytes
LAST = 4_096  # bytes in which a PDF has its end marker (ISO 32000-1, Annex H: 1,024; printers add to it)
BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)
ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)
SUFFIXES: dict[str, Kind] = {
    ".pdf": "pdf", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".tif": "tiff", ".tiff": "tiff",
    ".txt": "text",
}  # fmt: skip


def kind_of(content: bytes, name: str) -> Kind:
    """The kind of what is to be read. Raises Refused for what is none of them, or not what its name says."""
    if not content:
        raise Refused("empty", "it holds nothing")
    if len(content) > LARGEST:
        raise Refused("too large", f"{len(content) / 2**20:.0f} MB; {LARGEST // 2**20} MB are read at most")
    said, found = SUFFIXES.get(PurePath(name).suffix.lower()), _found(content)
    if found is None:
        if said in (None, "text"):
            found = _text(content)
        if found is None and content.startswith(ARCHIVES):
            raise Refused("misnamed" if said else "archive", "it is an archive of other files")
        if found is None:
            told = (
                f"its bytes are no {said.upper()}" if said else f"{PurePath(name).suffix or 'it'} is not read"
            )
            raise Refused("misnamed" if said else "unknown kind", told)
    if said is not None and said != found:
        raise Refused("misnamed", f"its name says {said.upper()}, its bytes are {found.upper()}")
    if found == "pdf" and b"%%EOF" not in content[-LAST:]:
        raise Refused("truncated", "its end is missing")
    return found


def _found(content: bytes) -> Kind | None:
    if b"%PDF-" in content[:1_024]:
        return "pdf"
    return next((kind for beginning, kind in BEGINNINGS if content.startswith(beginning)), None)


def _text(content: bytes) -> Kind | None:
    """Text is what decodes and has no control characters but those of lines."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if any(sign < " " and sign not in "\t\n\r\f" for sign in text) else "text"

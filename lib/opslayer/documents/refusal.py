"""Why a document is not read, and what mends it."""

from __future__ import annotations

from typing import Literal, get_args

Code = Literal[
    "empty", "too large", "encrypted", "truncated", "misnamed", "archive", "unknown kind", "bomb",
    "too much memory", "too slow", "broken", "no tesseract", "no words",
]  # fmt: skip
REFUSALS: tuple[Code, ...] = get_args(Code)
MENDS: dict[Code, str] = {
    "empty": "ask its sender for it again",
    "too large": "ask its sender for a smaller one, or split it",
    "encrypted": "ask its sender for one without a password, or save it without one",
    "truncated": "it broke off on its way: ask its sender for it again",
    "misnamed": "look at it with care: it is not what its name says",
    "archive": "unpack it with care, and put what is in it into the folder",
    "unknown kind": "save it as PDF, PNG, JPEG or TIFF",
    "bomb": "do not open it; ask its sender what it is",
    "too much memory": "do not open it; ask its sender for a simpler one",
    "too slow": "ask its sender for a simpler one",
    "broken": "ask its sender for it again, or print it to a new PDF",
    "no tesseract": "install Debian's `tesseract-ocr`; it is read with the next refresh",
    "no words": "read it by eye: it holds a picture without words",
}


class Refused(Exception):
    """A document that is not read: `code` is one of REFUSALS, `why` says it of this one."""

    def __init__(self, code: Code, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why

    @property
    def mend(self) -> str:
        return MENDS[self.code]

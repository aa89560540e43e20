"""The process that parses a stranger's bytes: bounded, and alone. `python -m opslayer.documents.worker`.

It gets the bytes on its standard input and answers one JSON object, or a PNG, on its standard output.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from dataclasses import astuple
from typing import Any

from opslayer.documents import pdf, scan
from opslayer.documents.kind import Kind, kind_of
from opslayer.documents.refusal import Code, Refused
from opslayer.documents.words import Line, as_lines

MEMORY = 1_500 * 2**20  # bytes
SECONDS = 20  # of a processor; Tesseract, which it starts, has as many for itself
PAGES = 20  # that are read: what a document is stands on its first ones
LINES = 4_000
DOTS = 300  # an inch, for Tesseract
FEWEST = 3  # words of a page's text layer below which it is a picture


def main(arguments: list[str]) -> None:
    """`read NAME` or `picture NAME PAGE DOTS`."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["OMP_THREAD_LIMIT"] = "1"
    content, verb, name = sys.stdin.buffer.read(), arguments[0], arguments[1]
    try:
        kind = kind_of(content, name)
        if verb == "picture":
            sys.stdout.buffer.write(_picture(content, kind, int(arguments[2]), int(arguments[3])))
            return
        answer = _read(content, kind)
    except Refused as refused:
        answer = _refused(refused.code, refused.why)
    except MemoryError:
        answer = _refused("too much memory", f"it takes more than {MEMORY // 2**20:,} MB to read")
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))


def _refused(code: Code, why: str) -> dict[str, Any]:
    return {"code": code, "why": why}


def _read(content: bytes, kind: Kind) -> dict[str, Any]:
    if kind == "text":
        return _told(kind, 1, "text", _of_text(content))
    if kind != "pdf":
        lines, pages = [], 0
        for number, picture in scan.frames(content, PAGES):
            pages = number
            lines += as_lines(scan.words(picture, number), picture.size)
        return _told(kind, pages, "tesseract", lines)
    with pdf.opened(content) as document:
        pages, lines, by = len(document), [], "text layer"
        for index in range(min(pages, PAGES)):
            page = document[index]
            found, size = pdf.words(page, index + 1), page.get_size()
            if len(found) < FEWEST and pdf.has_picture(page):
                picture = pdf.picture(page, DOTS)
                found, size, by = scan.words(picture, index + 1, DOTS), picture.size, "tesseract"
            lines += as_lines(found, size)
        return _told(kind, pages, by, lines)


def _told(kind: Kind, pages: int, by: str, lines: list[Line]) -> dict[str, Any]:
    if not lines:
        raise Refused("no words", "no word was found in it")
    return {"kind": kind, "pages": pages, "by": by, "lines": [astuple(line) for line in lines[:LINES]]}


def _of_text(content: bytes) -> list[Line]:
    """Sixty lines a page, each as wide as its letters, as a printer would set them."""
    lines = []
    for place, text in enumerate(content.decode("utf-8-sig").splitlines()[:LINES]):
        if text.strip():
            page, row = divmod(place, 60)
            start = min((len(text) - len(text.lstrip())) / 100, 1.0)
            end = min(start + len(text.strip()) / 100, 1.0)
            low, high = round(row / 60, 4), round((row + 1) / 60, 4)
            lines.append(Line(page + 1, start, low, end, high, text.strip()))
    return lines


def _picture(content: bytes, kind: Kind, number: int, dots: int) -> bytes:
    """A page as a PNG. Raises Refused for a page it does not have."""
    held = io.BytesIO()
    if kind == "pdf":
        with pdf.opened(content) as document:
            if not 1 <= number <= len(document):
                raise Refused("broken", f"it has no page {number}")
            pdf.picture(document[number - 1], dots).save(held, "PNG")
            return held.getvalue()
    if kind == "text":
        raise Refused("no words", "text has no picture")
    for at, image in scan.frames(content, number):
        if at == number:
            image.thumbnail((1_600, 1_600))
            image.save(held, "PNG")
    return held.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])

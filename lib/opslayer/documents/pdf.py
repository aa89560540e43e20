"""The text layer of a PDF and its pages as pictures, by PDFium, which browsers use on files of strangers."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL.Image import Image

from opslayer.documents.refusal import Refused
from opslayer.documents.words import Word

MOST_PIXELS = 12_000_000  # of a page as a picture: A3 at 220 dots an inch
MOST_SIGNS = 60_000  # of a page; a full one has some 5,000
POINTS = 72  # an inch


@contextmanager
def opened(content: bytes) -> Iterator[pdfium.PdfDocument]:
    """Raises Refused for one that wants a password, and for one that is none."""
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise Refused("encrypted", "it asks for a password") from error
        raise Refused("broken", "its structure cannot be read") from error
    try:
        yield document
    finally:
        document.close()


def words(page: pdfium.PdfPage, number: int) -> list[Word]:
    """The words of a page's text layer. Raises Refused where there are more signs than any page has."""
    text = page.get_textpage()
    signs = text.count_chars()
    if signs > MOST_SIGNS:
        raise Refused("bomb", f"page {number} has {signs:,} signs")
    left, _, _, top = page.get_mediabox()
    found, box, letters = [], (0.0, 0.0, 0.0, 0.0), ""
    for place in range(signs + 1):
        sign = chr(raw.FPDFText_GetUnicode(text.raw, place)) if place < signs else " "
        if sign.isspace() or not sign.isprintable():
            if letters:
                x0, low, x1, high = box
                found.append(Word(number, x0 - left, top - high, x1 - left, top - low, letters))
            letters = ""
            continue
        here = _box(text, place)
        if letters and abs(here[1] - box[1]) > box[3] - box[1]:  # the next line without a blank between
            x0, low, x1, high = box
            found.append(Word(number, x0 - left, top - high, x1 - left, top - low, letters))
            letters = ""
        box = here if not letters else _around(box, here)
        letters += sign
    return found


def _box(text: pdfium.PdfTextPage, place: int) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a sign with the room its line has: a comma is as tall as a capital."""
    rect = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text.raw, place, ctypes.byref(rect))
    return rect.left, rect.bottom, rect.right, rect.top


def _around(
    one: tuple[float, float, float, float], two: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    return min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])


def has_picture(page: pdfium.PdfPage) -> bool:
    return any(one.type == raw.FPDF_PAGEOBJ_IMAGE for one in page.get_objects(max_depth=2))


def picture(page: pdfium.PdfPage, dots: int) -> Image:
    """The page as a grey picture of `dots` an inch, or fewer where it would be too large."""
    width, height = page.get_size()
    scale = min(dots / POINTS, (MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
    found: Image = page.render(scale=scale, grayscale=True).to_pil()
    return found

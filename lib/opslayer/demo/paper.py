"""Sheets of paper as PDF files: words set in Helvetica at their places, the same bytes for the same words."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

Set = tuple[float, float, float, str]  # x and y in points from the upper left corner, size, words
A4 = (595, 842)


def pdf(words: Sequence[Set], *, size: tuple[int, int] = A4, locked: bool = False) -> bytes:
    """One page with a text layer (ISO 32000-1); a `locked` one asks for a password nobody has."""
    shown = "".join(
        f"BT /F1 {tall:g} Tf 1 0 0 1 {x:g} {size[1] - y:g} Tm ({_escaped(said)}) Tj ET\n"
        for x, y, tall, said in words
    )
    return _file(shown.encode("cp1252", "replace"), size, "/Font << /F1 5 0 R >>", _font(), locked=locked)


def scanned(picture: bytes, dots: tuple[int, int], *, size: tuple[int, int] = A4) -> bytes:
    """One page that is nothing but a picture, `dots` wide and high: grey, a byte a dot."""
    shown = f"q {size[0]} 0 0 {size[1]} 0 0 cm /Im0 Do Q\n".encode()
    packed = zlib.compress(picture, 6)
    image = (
        f"<< /Type /XObject /Subtype /Image /Width {dots[0]} /Height {dots[1]} /ColorSpace /DeviceGray "
        f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
    ).encode() + packed + b"\nendstream"  # fmt: skip
    return _file(shown, size, "/XObject << /Im0 5 0 R >>", image, locked=False)


def _font() -> bytes:
    return b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def _file(shown: bytes, size: tuple[int, int], resources: str, fifth: bytes, *, locked: bool) -> bytes:
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] /Contents 4 0 R "
        f"/Resources << {resources} >> >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page.encode(),
        f"<< /Length {len(shown)} >>\nstream\n".encode() + shown + b"endstream",
        fifth,
    ]
    if locked:  # the standard handler, with a key nobody has the password of
        key = b"(" + b"x" * 32 + b")"
        objects.append(b"<< /Filter /Standard /V 1 /R 2 /P -4 /O " + key + b" /U " + key + b" >>")
    out, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, held in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + held + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    lock = f" /Encrypt {len(objects)} 0 R /ID [<{'0' * 32}> <{'0' * 32}>]" if locked else ""
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R{lock} >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")

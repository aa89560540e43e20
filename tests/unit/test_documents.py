"""Documents are read into lines with their places; what is hostile is refused by name, in bounded time."""

from __future__ import annotations

import io
import os
import struct
import time
import zipfile
import zlib

import pytest
from PIL import Image, ImageDraw, ImageFont

from opslayer.demo import paper
from opslayer.documents import Reading, Refused, Word, as_lines, picture, read
from opslayer.documents.kind import LARGEST

INVOICE = [
    (50, 60, 18, "Bracken Office Supplies"),
    (50, 120, 10, "Invoice 88213"),
    (50, 700, 10, "Total (EUR)"),
    (500, 700, 10, "1,312.40"),
]


def said(reading: Reading) -> list[str]:
    return [line.text for line in reading.lines]


def refused(content: bytes, name: str, **options: float) -> str:
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        read(content, name, **options)
    assert time.monotonic() - began < 30
    assert caught.value.mend
    return caught.value.code


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def drawn(words: str, size: tuple[int, int] = (900, 400)) -> Image.Image:
    image = Image.new("L", size, 255)
    ImageDraw.Draw(image).multiline_text((40, 40), words, fill=0, font=ImageFont.load_default(36), spacing=30)
    return image


def as_png(image: Image.Image) -> bytes:
    held = io.BytesIO()
    image.save(held, "PNG")
    return held.getvalue()


def test_a_text_layer_gives_lines_with_their_places() -> None:
    found = read(paper.pdf(INVOICE), "invoice.pdf")
    assert (found.kind, found.pages, found.by) == ("pdf", 1, "text layer")
    assert said(found) == ["Bracken Office Supplies", "Invoice 88213", "Total (EUR)", "1,312.40"]
    total = found.lines[-1]
    assert (total.page, total.x0, total.y1) == (
        1,
        pytest.approx(500 / 595, abs=0.01),
        pytest.approx(700 / 842, abs=0.01),
    )


@pytest.mark.parametrize("form", ["png", "jpeg", "tiff", "pdf"])
def test_a_scan_is_read_by_tesseract(form: str) -> None:
    image = drawn("Hostwell Ltd\nReceipt 4471\nTotal 1,240.00")
    held = io.BytesIO()
    if form == "pdf":
        content = paper.scanned(image.tobytes(), image.size, size=(216, 96))
    else:
        image.save(held, form)
        content = held.getvalue()
    found = read(content, f"scan.{form}")
    assert (found.by, said(found)) == ("tesseract", ["Hostwell Ltd", "Receipt 4471", "Total 1,240.00"])
    assert 0 < found.lines[0].x0 < 0.1 < found.lines[0].x1 < 0.5


def test_text_is_read_as_it_is() -> None:
    assert said(read("AGENCY AGREEMENT\n\nbetween ä and b\n".encode(), "contract.txt")) == [
        "AGENCY AGREEMENT",
        "between ä and b",
    ]


def test_columns_are_lines_of_their_own() -> None:
    row = [Word(1, x, 100, x + 30, 110, text) for x, text in ((10, "Total"), (42, "due"), (400, "12.00"))]
    low = Word(1, 10, 113, 40, 123, "next")
    assert [line.text for line in as_lines([*row, low], (600, 800))] == ["Total due", "12.00", "next"]


def test_a_page_is_drawn() -> None:
    assert Image.open(io.BytesIO(picture(paper.pdf(INVOICE), "invoice.pdf", 1, dots=72))).size == (595, 842)
    with pytest.raises(Refused, match="has no page 2"):
        picture(paper.pdf(INVOICE), "invoice.pdf", 2)


def test_what_is_no_document_is_refused_unopened() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("bomb", bytes(10**7))
    assert refused(b"", "a.pdf") == "empty"
    assert refused(b"%PDF-1.4" + bytes(LARGEST), "a.pdf") == "too large"
    assert refused(archive.getvalue(), "a.zip") == "archive"
    assert refused(archive.getvalue(), "a.pdf") == "misnamed"
    assert refused(b"MZ\x90\x00" + bytes(100), "invoice.pdf") == "misnamed"
    assert refused(as_png(drawn("x")), "invoice.pdf") == "misnamed"
    assert refused(b"MZ\x90\x00" + bytes(100), "invoice.exe") == "unknown kind"


def test_what_is_locked_or_broken_is_refused() -> None:
    whole = paper.pdf(INVOICE)
    assert refused(paper.pdf(INVOICE, locked=True), "a.pdf") == "encrypted"
    assert refused(whole[:-60], "a.pdf") == "truncated"
    assert refused(b"%PDF-1.4\n" + os.urandom(2_000).replace(b"obj", b"") + b"\n%%EOF\n", "a.pdf") == "broken"
    assert refused(as_png(drawn("broken off", (2000, 2000)))[:2_000], "a.png") == "truncated"
    assert refused(paper.pdf([]), "a.pdf") == "no words"


def test_bombs_are_refused_before_they_burst() -> None:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000))) + chunk(b"IEND", b"")
    assert refused(png, "scan.png") == "bomb"
    words = paper.pdf([(50, 60 + row, 1, "x " * 500) for row in range(120)])
    assert refused(words, "a.pdf") == "bomb"
    packed = zlib.compressobj(9)
    first, again = (packed.compress(bytes(2**24)) + packed.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    stream = first + again * 200  # 3 GB of zeros
    bomb = paper.pdf([(50, 60, 10, "?" * 40)])
    begin, end = bomb.index(b"<< /Length"), bomb.index(b"endstream")
    burst = f"<< /Filter /FlateDecode /Length {len(stream)} >>\nstream\n".encode() + stream
    assert refused(bomb[:begin] + burst + bomb[end:], "a.pdf") == "too much memory"


def test_what_takes_too_long_is_ended() -> None:
    scan = paper.scanned(drawn("slow " * 10).tobytes(), (900, 400))
    assert refused(scan, "a.pdf", seconds=0.05) == "too slow"


def test_without_tesseract_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Refused) as caught:
        read(as_png(drawn("Total 12.00")), "scan.png")
    assert caught.value.code == "no tesseract"
    assert "tesseract-ocr" in caught.value.mend


def test_noise_behind_a_true_beginning_is_refused() -> None:
    assert refused(b"\x89PNG\r\n\x1a\n" + os.urandom(500), "a.png") in ("broken", "truncated")

"""Pictures of paper: opened within bounds, read by Tesseract."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError

from opslayer.documents.refusal import Refused
from opslayer.documents.words import Word

MOST_PIXELS = 50_000_000  # A3 at 400 dots an inch has 31 million
SURE = 30.0  # of 100: below it Tesseract guesses at specks
WORD = "5"  # level of a word in its TSV


def frames(content: bytes, most: int) -> Iterator[tuple[int, Image.Image]]:
    """The first `most` pictures of a file, grey, with their number. Raises Refused.

    How large one is stands in its head: nothing is unpacked before that is known.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "TIFF")) as image:
            for number in range(min(getattr(image, "n_frames", 1), most)):
                image.seek(number)
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise Refused("bomb", f"its picture has {width * height / 1e6:,.0f} million dots")
                yield number + 1, image.convert("L")
    except Image.DecompressionBombError as error:
        raise Refused("bomb", "its picture has more dots than any scan") from error
    except UnidentifiedImageError as error:
        raise Refused("broken", "its picture cannot be read") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        broke = "truncated" in str(error) or "broken" in str(error) or "end of" in str(error).lower()
        raise Refused("truncated" if broke else "broken", "its picture breaks off") from error


def words(picture: Image.Image, number: int, dots: int | None = None) -> list[Word]:
    """The words Tesseract finds, in the picture's own dots. Raises Refused without Tesseract.

    `dots` an inch is told where it is known; Tesseract reads best at 300 (its manual, "ImproveQuality").
    """
    tool = shutil.which("tesseract")
    if tool is None:
        raise Refused("no tesseract", "it is a picture, and Tesseract is not on this machine")
    held = io.BytesIO()
    picture.save(held, "PNG", compress_level=1)
    told = ["--dpi", str(dots)] if dots else []
    done = subprocess.run(
        [tool, "stdin", "stdout", *told, "--psm", "4", "tsv"],
        input=held.getvalue(), capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Refused(
            "broken", f"Tesseract could not read it: {done.stderr.decode(errors='replace')[:120].strip()}"
        )
    return [word for row in _rows(done.stdout) if (word := _word(row, number)) is not None]


def _rows(told: bytes) -> Iterator[dict[str, str]]:
    text = io.StringIO(told.decode("utf-8", "replace"))
    yield from csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)


def _word(row: dict[str, str], number: int) -> Word | None:
    text = (row.get("text") or "").strip()
    if row.get("level") != WORD or not text or float(row["conf"]) < SURE:
        return None
    left, top, width, height = (float(row[name]) for name in ("left", "top", "width", "height"))
    return Word(number, left, top, left + width, top + height, text)

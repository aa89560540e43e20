"""A scope as a document a partner edits: Word and Markdown, of the same parts; what a mail said is text."""

from __future__ import annotations

import html
import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import docx
import docx.document
import polars as pl
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.shared import Mm, Pt

NOTICE = "A draft from past projects, for a partner to edit. Nothing of it was sent."
SHOWN = 12  # of the similar projects
TEAM = "Hours in the shares that roles had on the similar projects, at today's prices."
MARGIN = 22  # millimetres beside the text of an A4 page
PADDING = 8  # letters
WIDEST = 34  # letters from which a column's text is broken
_FIGURE = re.compile(r"[\d.,]+( to [\d.,]+)?|not said|")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can name: the same scope is the same file
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~])")


@dataclass(frozen=True)
class Part:
    """A heading, sentences under it, and a table (its first row the header)."""

    heading: str
    sentences: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Documents:
    """Where the documents of a run lie."""

    folder: Path
    files: tuple[Path, ...]


def write_documents(
    folder: Path, tables: Mapping[str, pl.DataFrame], facts: pl.DataFrame, *, currency: str
) -> Documents:
    """Write `<document>.docx` and `.md` of every scope into `folder`; the same tables, the same bytes.

    `tables` are those of `run`, `facts` has the columns of intelligence.inquiry_fact.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for scope in tables["scope"].to_dicts():
        chosen = {"message_id": scope["message_id"]}
        title, parts = parts_of(
            scope,
            tables["scope_role"].filter(**chosen).to_dicts(),
            tables["scope_similar"].filter(**chosen).sort("rank").to_dicts(),
            facts.filter(**chosen).sort("place", "start", "field").to_dicts(),
            currency,
        )
        made = {".docx": as_docx(title, parts), ".md": as_markdown(title, parts).encode()}
        for ending, content in made.items():
            path = folder / f"{scope['document']}{ending}"
            path.write_bytes(content)
            files.append(path)
    return Documents(folder, tuple(files))


def parts_of(
    scope: Mapping[str, Any],
    roles: Sequence[Mapping[str, Any]],
    similar: Sequence[Mapping[str, Any]],
    facts: Sequence[Mapping[str, Any]],
    currency: str,
) -> tuple[str, list[Part]]:
    """The title and the parts of one scope's document."""
    budget = scope["budget_base"]
    glance = (
        ("", "Expected", "Four chances in five"),
        ("Hours", f"{scope['hours']:,.0f}", f"{scope['lower_80']:,.0f} to {scope['upper_80']:,.0f}"),
        (
            f"Price, {currency}",
            f"{scope['price_base']:,.0f}",
            f"{scope['price_lower_80_base']:,.0f} to {scope['price_upper_80_base']:,.0f}",
        ),
        ("Weeks", f"{scope['weeks']:,.0f}", ""),
        ("People, full time", f"{scope['people']:,.1f}", ""),
        (f"What may be spent, {currency}", f"{budget:,.0f}" if budget is not None else "not said", ""),
    )
    team = [("Role", "Hours", f"{currency} an hour", f"Price, {currency}")]
    team += [
        (row["role"], f"{row['hours']:,.0f}", f"{row['rate_base']:,.2f}", f"{row['price_base']:,.0f}")
        for row in roles
    ]
    past = [("Project", "Client", "Agreed, h", "Took, h", "Ended", "How it ended")]
    past += [
        (row["name"] or row["project_id"], row["party_name"] or "", f"{row['budget_hours']:,.0f}",
         f"{row['hours']:,.0f}", f"{row['ended_on']:%b %Y}", row["ending"])
        for row in similar
    ]  # fmt: skip
    said = [("What", "Understood as", "In their words")]
    said += [
        (_FIELDS.get(row["field"], row["field"]), _plain(row["value"]), f"“{row['quote']}”") for row in facts
    ]
    return f"Preliminary scope: {scope['subject'] or 'without a subject'}", [
        Part("", (NOTICE, f"For {scope['client']}, by {scope['practice']}; as of {_day(scope['as_of'])}.")),
        Part("At a glance", rows=glance),
        Part("What was asked", rows=tuple(said)),
        Part(
            "Team",
            ("Hours in the shares that roles had on the similar projects, at today's prices.",),
            tuple(team),
        ),
        Part("Why", (scope["reasons"],)),
        Part("Questions to ask", tuple(_questions(facts))),
        Part("The most similar projects", rows=tuple(past[: 1 + SHOWN])),
    ]


def _plain(value: str) -> str:
    """A day or an amount as people write it; anything else as it is."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return _day(date.fromisoformat(value))
    return f"{float(value):,.0f}" if re.fullmatch(r"\d+(\.\d+)?", value) else value


def as_markdown(title: str, parts: Sequence[Part]) -> str:
    """CommonMark with GitHub's tables; what a mail said can neither be markup nor HTML."""
    lines = [f"# {_escaped(title)}", ""]
    for part in parts:
        lines += [f"## {_escaped(part.heading)}", ""] if part.heading else []
        for sentence in part.sentences:
            lines += [_escaped(sentence), ""]
        for number, row in enumerate(part.rows):
            lines.append("| " + " | ".join(_escaped(cell) for cell in row) + " |")
            lines += ["|" + " --- |" * len(row)] if number == 0 else []
        lines += [""] if part.rows else []
    return "\n".join(lines).rstrip() + "\n"


def as_docx(title: str, parts: Sequence[Part]) -> bytes:
    """A Word document of Word's own styles, so that a firm's template can be laid over it."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(MARGIN)
    document.core_properties.title = _printable(title)[:250]
    document.core_properties.author = ""
    document.add_heading(_printable(title), 0)
    for part in parts:
        if part.heading:
            document.add_heading(part.heading, 1)
        for sentence in part.sentences:
            document.add_paragraph(_printable(sentence))
        if part.rows:
            _add_table(document, part.rows)
    written = io.BytesIO()
    document.save(written)
    return _without_clock(written.getvalue())


def _add_table(document: docx.document.Document, rows: Sequence[Sequence[str]]) -> None:
    """A table as wide as the page: columns by the letters they hold, figures on the right, no row broken over
    pages and the header again on each."""
    table = document.add_table(rows=0, cols=len(rows[0]), style="Light List Accent 1")
    table.autofit = False
    columns = list(zip(*rows, strict=True))
    letters = [min(max(len(text) for text in column), WIDEST) + PADDING for column in columns]
    widths = [Mm((210 - 2 * MARGIN) * share / sum(letters)) for share in letters]
    figures = [all(_FIGURE.fullmatch(text) for text in column[1:]) for column in columns]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width  # of the grid, which LibreOffice goes by; Word goes by the cells'
    for row in rows:
        added = table.add_row()
        for cell, text, width, is_figure in zip(added.cells, row, widths, figures, strict=True):
            cell.text = _printable(text)
            cell.width = width
            cell.paragraphs[0].runs[0].font.size = Pt(9.5)
            if is_figure:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
        added._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _without_clock(content: bytes) -> bytes:
    """The same archive, its members dated alike."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            new.writestr(zipfile.ZipInfo(name, EPOCH), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _questions(facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the mail does not say."""
    said = {row["field"] for row in facts}
    asked = [question for field, question in _QUESTIONS.items() if field not in said]
    return asked or ["It says all that was looked for."]


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", html.escape(" ".join(_printable(text).split()), quote=False))


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs", "Cn", "Co"})


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


_FIELDS = {
    "hours": "Hours", "people": "People", "weeks": "Weeks", "starts_on": "Start", "budget": "Budget",
    "currency": "Currency", "deadline": "In time until",
}  # fmt: skip
_QUESTIONS = {
    "budget": "What may it cost?",
    "starts_on": "When should it begin?",
    "deadline": "Is there a day by which it has to be done, or the offer made?",
    "weeks": "How long may it take?",
    "people": "Is a team of a certain size expected?",
}

"""Templates become text, HTML and PDF: Jinja for words, Typst for pages; a firm's own file wins."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import typst
from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from opslayer.config import Firm
from opslayer.errors import ConfigurationError

FILTERS = {
    "amount": lambda value: f"{Decimal(str(value)):,.2f}",
    "whole": lambda value: f"{Decimal(str(value)):,.0f}",
    "percent": lambda value: f"{float(value):.0%}",
    "day": lambda value: f"{(day := date.fromisoformat(str(value)[:10])).day} {day:%B %Y}",
    "days": lambda value: f"{value} {'day' if value == 1 else 'days'}",
}


def render(firm: Firm, name: str, values: dict[str, Any]) -> str:
    """A Jinja template filled in. Raises ConfigurationError for one that does not work."""
    try:
        return environment(firm).get_template(name).render(values)
    except TemplateError as error:
        line = f":{error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        path = firm.files("templates", "*.j2").get(name, name)
        raise ConfigurationError(f"{path}{line}\n  {error.message}") from error


@dataclass(frozen=True)
class Words:
    """What a person reads of a message: its subject, and its text with an empty line between paragraphs."""

    subject: str
    text: str


def paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def letter(firm: Firm, words: Words) -> str:
    """The HTML of a message that is nothing but its words."""
    values = {
        "title": words.subject,
        "seller": {"name": firm.name},
        "paragraphs": paragraphs(words.text),
    }
    return render(firm, "letter.html.j2", values)


def environment(firm: Firm) -> Environment:
    """What templates may do: read values, and nothing of how Python holds them."""
    return _environment(tuple(firm.files("templates", "*.j2").items()))


@lru_cache(maxsize=8)
def _environment(files: tuple[tuple[str, Path], ...]) -> Environment:
    """Kept, for to read a template takes longer than to fill it; one that was changed is read again."""
    known = dict(files)

    def load(wanted: str) -> tuple[str, str, Callable[[], bool]] | None:
        if wanted not in known:
            return None
        path = known[wanted]
        seen = path.read_bytes()
        return seen.decode(), str(path), lambda: path.is_file() and path.read_bytes() == seen

    sandbox = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        autoescape=lambda wanted: wanted is not None and ".html" in wanted,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sandbox.filters |= FILTERS
    return sandbox


def typeset(
    firm: Firm,
    name: str,
    values: dict[str, Any],
    *,
    moment: datetime,
    standard: Literal["a-3b"] | None = None,
) -> bytes:
    """A Typst template as PDF, `values` handed to it as one JSON text, called like the template.

    `standard` "a-3b" is PDF/A-3. The same values and moment give the same bytes on the same
    machine. Raises ConfigurationError for a template that does not work.
    """
    pdf = _compiled(firm, name, values, format="pdf", moment=moment, standard=standard)
    assert isinstance(pdf, bytes)
    return pdf


def pictures(firm: Firm, name: str, values: dict[str, Any], *, moment: datetime) -> tuple[str, ...]:
    """The sheets of a Typst template as SVG, one each. Raises ConfigurationError as `typeset` does."""
    sheets = _compiled(firm, name, values, format="svg", moment=moment)
    return tuple(sheet.decode() for sheet in (sheets if isinstance(sheets, list) else [sheets]))


def _compiled(
    firm: Firm,
    name: str,
    values: dict[str, Any],
    *,
    format: Literal["pdf", "svg"],
    moment: datetime,
    standard: Literal["a-3b"] | None = None,
) -> Any:
    path = firm.files("templates", "*.typ")[name]
    try:
        return typst.compile(
            path.read_bytes(),
            format=format,
            font_paths=_fonts(),
            sys_inputs={name.removesuffix(".typ"): json.dumps(values)},
            timestamp=moment.replace(microsecond=0),  # typst takes whole seconds
            pdf_standards=standard,
        )
    except typst.TypstError as error:
        raise ConfigurationError(f"{path}\n  {error.message}") from error


@cache
def _fonts() -> typst.Fonts:
    """Typst's own fonts, and the machine's for letters they lack; looked for once a process."""
    return typst.Fonts()

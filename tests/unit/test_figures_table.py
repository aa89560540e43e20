"""Tables for people: titles, figures on the right, nothing raw, nothing a name could smuggle in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from opslayer.figures.table import table

FRAME = pl.DataFrame(
    {
        "party_name": ["<b>Acme</b> & Co", None],
        "open_base": [Decimal("1234567.89"), Decimal("-3.50")],
        "probability_late": [0.256, 1.0],
        "days": [2.345, 0.0],
        "month": [date(2026, 5, 1), None],
        "due_on": [date(2026, 5, 31), date(2026, 6, 1)],
        "landed_at": [datetime(2026, 5, 1, 6, 5, 4, tzinfo=UTC)] * 2,
        "is_disputed": [True, False],
    }
)


def test_values_are_written_for_people() -> None:
    shown = table(FRAME, dict(zip(FRAME.columns, "abcdefgh", strict=True)))
    assert repr(shown).splitlines() == [
        "a  b  c  d  e  f  g  h",
        "<b>Acme</b> & Co  1,234,568  26%  2.3  May 2026  31 May 2026  1 May 2026, 06:05 UTC  yes",
        "  -4  100%  0.0    1 Jun 2026  1 May 2026, 06:05 UTC  no",
    ]


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        ([28.0, 29.0], ["28", "29"]),
        ([28.0, None, 29.5], ["28.0", "", "29.5"]),
        ([18237.6, 2.5], ["18,238", "2"]),
    ],
)
def test_a_columns_figures_have_the_same_decimals(hours: list[float | None], shown: list[str]) -> None:
    assert repr(table(pl.DataFrame({"hours": hours}), {"hours": "h"})).splitlines() == ["h", *shown]


def test_html_is_escaped_and_figures_are_on_the_right() -> None:
    html = table(FRAME, {"party_name": "Client", "open_base": "Open"})._repr_html_()
    assert "&lt;b&gt;Acme&lt;/b&gt; &amp; Co" in html
    assert '<th style="text-align:left">Client</th>' in html
    assert '<td style="text-align:right;white-space:nowrap">1,234,568</td>' in html


def test_only_sentences_break_over_lines() -> None:
    frame = pl.DataFrame({"reasons": ["Its last twelve invoices were late."], "now": ["8.5M EUR"]})
    html = table(frame, {"reasons": "Why", "now": "Now"}, figures=("now",))._repr_html_()
    assert '<td style="text-align:left">Its last' in html
    assert '<td style="text-align:right;white-space:nowrap">8.5M EUR</td>' in html


def test_what_is_left_out_is_said_and_nothing_has_words() -> None:
    assert "1 more not shown" in table(FRAME, {"days": "Days"}, rows=1)._repr_html_()
    assert "more" not in table(FRAME, {"days": "Days"}, rows=2)._repr_html_()
    assert table(FRAME.clear(), {"days": "Days"}, empty="All is well.")._repr_html_() == "<p>All is well.</p>"

"""Scopes: which projects are similar, what an interval holds, what a document may contain."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from opslayer.intelligence import scope
from opslayer.intelligence.scope.document import Part, as_docx, as_markdown
from opslayer.intelligence.scope.estimate import by_role, estimate, interval
from opslayer.intelligence.scope.scopes import document_name
from opslayer.intelligence.scope.similar import Asked, most_similar

AS_OF = date(2026, 11, 16)


def project(name: str, **columns: Any) -> dict[str, Any]:
    base = {
        "project_id": name, "name": name, "party_id": "p1", "party_name": "Acme", "practice": "Strategy",
        "budget_hours": 100.0, "hours": 110.0, "value_base": 11_000.0, "weeks": 5,
        "starts_on": date(2026, 1, 5), "ended_on": date(2026, 3, 1), "words": name,
    }  # fmt: skip
    return base | columns


def past(*projects: dict[str, Any], skills: tuple[tuple[str, str, float], ...] = ()) -> scope.Past:
    hours = pl.DataFrame(
        skills, schema={"project_id": pl.String, "skill": pl.String, "hours": pl.Float64}, orient="row"
    )
    return scope.Past(pl.DataFrame(list(projects)), hours)


def asking(**columns: Any) -> pl.DataFrame:
    base: dict[str, Any] = {
        "message_id": "mail:1a2b3c4d5e", "subject": "Data platform", "excerpt": "We need SQL",
        "qualifies": True, "practice": "Strategy", "skills": "SQL", "hours": 200, "people": None,
        "weeks": None, "budget": None, "currency": None, "party_id": None, "party_name": None,
        "from_address": "ann@client.example",
    }  # fmt: skip
    kinds = {"people": pl.Int64, "weeks": pl.Int64, "hours": pl.Int64, "budget": pl.Decimal(18, 2)}
    return pl.DataFrame([base | columns], schema_overrides=kinds)


def known(count: int = 40) -> scope.Experience:
    """Projects whose ratios go evenly from 0.8 to 1.2."""
    ratios = np.linspace(0.8, 1.2, count)
    projects = [
        project(f"p{n:02d}", hours=100.0 * ratio, value_base=10_000.0 * ratio)
        for n, ratio in enumerate(ratios)
    ]
    roles = pl.DataFrame(
        [{"project_id": p["project_id"], "role": role, "hours": hours} for p in projects
         for role, hours in (("Partner", 1.0), ("Analyst", 3.0))]
    )  # fmt: skip
    rates = pl.DataFrame(
        {
            "practice": ["Strategy"] * 2,
            "role": ["Partner", "Analyst"],
            "rate_base": [Decimal(300), Decimal(100)],
        }
    )
    return scope.Experience(past(*projects), roles, rates, {"EUR": 1.0, "GBP": 1.25})


def test_similarity_is_a_mean_of_what_is_known() -> None:
    projects = past(
        project("alike", party_id="p1", words="pricing review"),
        project("size", budget_hours=1000.0, party_id="p2"),
        project("other", practice="Training", party_id="p2"),
        skills=(("alike", "SQL", 110.0), ("size", "SQL", 55.0)),
    )
    asked = Asked("Strategy", 100.0, ("SQL",), frozenset({"pric", "review"}), "p1")
    found = most_similar(asked, projects)
    assert found["project_id"].to_list() == ["alike", "size", "other"]
    assert found["similarity"][0] == pytest.approx(1.0)
    # practice 3 x 1, size 2 x 0.1, skills 2 x 0.5, words 1 x 0, client 1 x 0, over 9
    assert found["similarity"][1] == pytest.approx((3 + 0.2 + 1.0) / 9)
    only_practice = most_similar(Asked("Training"), projects)
    assert only_practice["similarity"].to_list() == [1.0, 0.0, 0.0]


def test_an_interval_is_between_order_statistics() -> None:
    ratios = np.arange(1.0, 20.0)  # 19 of them: the 2nd and the 18th hold a new one with probability 16/20
    assert interval(ratios, 0.8) == (2.0, 18.0, False)
    assert interval(np.arange(1.0, 6.0), 0.8) == (1.0, 5.0, True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_interval_holds_what_it_says_whatever_the_distribution(seed: int) -> None:
    chance = np.random.default_rng(seed)
    held = []
    for _ in range(3_000):
        drawn = chance.lognormal(0.1, 0.5, 30)
        lower, upper, _ = interval(drawn[:-1], 0.8)
        held.append(lower <= drawn[-1] <= upper)
    assert np.mean(held) == pytest.approx(0.8, abs=0.03)


def test_hours_weeks_and_people() -> None:
    similar = most_similar(Asked("Strategy"), known().past)
    found = estimate(200.0, similar, weeks=4)
    assert found.lower < found.hours < found.upper
    assert found.hours == pytest.approx(200 * float(similar["ratio"].median() or 0))
    assert found.people == pytest.approx(found.hours / 4 / 35)
    assert estimate(200.0, similar, people=2).weeks == 3  # 200 hours of two people, 35 a week each
    assert estimate(200.0, similar).weeks == pytest.approx(
        np.ceil(found.hours / 20), abs=2
    )  # 100 h in 5 weeks


def test_roles_add_up_to_the_hours_and_the_price() -> None:
    experience = known()
    team = by_role(200.0, experience.role_hours, experience.rates.select("role", "rate_base"))
    assert team["role"].to_list() == ["Partner", "Analyst"]
    assert team["hours"].to_list() == [50.0, 150.0]
    assert team["price_base"].to_list() == [15_000.0, 15_000.0]


@pytest.mark.parametrize(
    ("columns", "basis", "asked"),
    [
        ({}, "hours", 200),
        ({"hours": None, "people": 2, "weeks": 5}, "people and weeks", 350),
        ({"hours": None, "budget": Decimal(20_000), "currency": "EUR"}, "budget", 200),
        ({"hours": None, "budget": Decimal(16_000), "currency": "GBP"}, "budget", 200),
    ],
)
def test_the_size_is_taken_from_what_is_said(columns: dict[str, Any], basis: str, asked: float) -> None:
    made = scope.scope_inquiries(asking(**columns), known(), as_of=AS_OF)
    (row,) = made["scope"].to_dicts()
    assert (row["basis"], row["asked_hours"]) == (basis, pytest.approx(asked))
    assert row["price_lower_80_base"] <= row["price_base"] <= row["price_upper_80_base"]
    assert float(row["price_base"]) == pytest.approx(float(made["scope_role"]["price_base"].sum()))
    assert row["hours"] == made["scope_role"]["hours"].sum()
    assert len(made["scope_similar"]) == row["similar"] == 30
    assert "Strategy" in row["reasons"]


@pytest.mark.parametrize(
    "columns",
    [
        {"qualifies": False},
        {"hours": None},  # nothing says how much
        {"hours": None, "budget": Decimal(20_000), "currency": "JPY"},  # nothing says what that is worth
    ],
)
def test_what_says_too_little_has_no_scope(columns: dict[str, Any]) -> None:
    assert scope.scope_inquiries(asking(**columns), known(), as_of=AS_OF)["scope"].is_empty()


def test_a_firm_without_a_past_has_no_scope() -> None:
    made = scope.scope_inquiries(asking(), known(count=4), as_of=AS_OF)
    assert made["scope"].is_empty()
    assert "too few projects" in scope.headline(made["scope"], currency="EUR")


def test_the_backtest_knows_nothing_of_what_ended_later() -> None:
    chance = np.random.default_rng(3)
    projects = []
    for n in range(120):
        start = date(2024, 1, 1) + timedelta(weeks=n)
        ratio = float(chance.lognormal(0.2, 0.3))
        projects.append(
            project(f"p{n:03d}", starts_on=start, ended_on=start + timedelta(weeks=5), hours=100 * ratio)
        )
    measured = scope.backtest(past(*projects), as_of=AS_OF)
    value = {(row["model"], row["metric"]): row["value"] for row in measured.to_dicts()}
    assert 0.7 <= value["similar projects", "coverage_80"] <= 0.9
    assert value["similar projects", "error"] < value["as agreed, with the ratios of all", "error"]
    assert "would have lain within" in scope.backtest_verdict(measured)
    assert scope.backtest(past(*projects[:3]), as_of=AS_OF).is_empty()


HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) | ![i](http://bad.example/i.png) # *b* \x07\x00"


def hostile(folder: Path) -> scope.Documents:
    made = scope.scope_inquiries(asking(subject=HOSTILE, from_address=HOSTILE), known(), as_of=AS_OF)
    facts = pl.DataFrame(
        {"message_id": ["mail:1a2b3c4d5e"], "field": ["hours"], "value": ["200"], "quote": [HOSTILE],
         "place": ["text"], "start": [0]}
    )  # fmt: skip
    return scope.write_documents(folder, made, facts, currency="EUR")


def test_what_a_mail_said_is_text_in_both_documents(tmp_path: Path) -> None:
    word, markdown = hostile(tmp_path / "scopes").files
    assert word.parent == markdown.parent == tmp_path / "scopes"
    html = MarkdownIt("commonmark").enable("table").render(markdown.read_text())
    assert not any(tag in html for tag in ("<script", "<img", "<a ", "<em>", "href="))
    assert "&lt;script&gt;" in html
    opened = docx.Document(str(word))
    assert "<script>alert(1)</script>" in opened.paragraphs[0].text  # as letters
    with zipfile.ZipFile(word) as archive:
        assert not [
            name for name in archive.namelist() if "vba" in name.casefold() or "embed" in name.casefold()
        ]
        links = archive.read("word/_rels/document.xml.rels").decode()
    assert "bad.example" not in links
    assert 'TargetMode="External"' not in links


def test_the_same_scope_is_the_same_file(tmp_path: Path) -> None:
    one, two = hostile(tmp_path / "a").files, hostile(tmp_path / "b").files
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_a_partner_can_edit_it(tmp_path: Path) -> None:
    word = docx.Document(str(hostile(tmp_path).files[0]))
    headings = [p.text for p in word.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert headings == [
        "At a glance", "What was asked", "Team", "Why", "Questions to ask", "The most similar projects",
    ]  # fmt: skip
    assert len(word.tables) == 4


@pytest.mark.parametrize("subject", ["../../etc/passwd", "Einführung: SAP?", "", None, "x" * 500, "日本"])
def test_a_documents_name_is_plain(subject: str | None) -> None:
    name = document_name({"subject": subject, "message_id": "mail:1a2b3c4d5e"}, AS_OF)
    assert name.startswith("2026-11-16-")
    assert name.endswith("-1a2b3c4d")
    assert len(name) < 70
    assert all(c.isascii() and (c.isalnum() or c == "-") for c in name)


@settings(deadline=None, max_examples=30)  # Word's template is opened each time
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_can_stand_in_a_document(title: str, cell: str) -> None:
    parts = [Part("Heading", (cell,), (("a", "b"), (cell, title)))]
    docx.Document(io.BytesIO(as_docx(title, parts)))
    html = MarkdownIt("commonmark").enable("table").render(as_markdown(title, parts))
    assert html.count("<tr>") == 2
    assert not any(tag in html for tag in ("<a ", "<img", "<script", "<code"))

"""The two sheets for Monday: what arrives at a real mail server, once a week, and never stale."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pypdf import PdfReader

from opslayer import actions
from opslayer.actions import Proposal
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError
from opslayer.intelligence import margin
from opslayer.store import Store, open_store
from opslayer.warehouse import Layer, open_layer, refresh
from tests.pages import AS_OF, grown_once, run_morning
from tests.reminders import Server, received, serving

MAEVE, TOMAS = "maeve@harrowvale.example", "tomas@harrowvale.example"
RULE = "leadership_report"
A4 = (595.28, 841.89)  # points


@pytest.fixture(scope="module")
def monday(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A firm whose Monday is worked out; not to be changed."""
    return grown_once(tmp_path_factory.getbasetemp(), worker_id).directory


@dataclass
class Desk:
    firm: Firm
    store: Store
    server: Server
    mail: Path

    def propose(self, layer: Layer, moment: datetime) -> list[Proposal]:
        return actions.propose(self.firm, layer, self.store, as_of=layer.as_of, moment=moment, rule=RULE)

    def dispatch(self, layer: Layer, moment: datetime) -> list[str]:
        sent = actions.dispatch(self.firm, self.store, layer=layer, moment=moment)
        return [f"{proposal.state}: {proposal.reason or ''}" for proposal in sent]


@pytest.fixture
def desk(monday: Path, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    with serving(tmp_path / "mail") as server:
        stores: list[Store] = []

        def make(replace: dict[str, str] | None = None) -> Desk:
            shutil.copytree(monday, tmp_path / "firm")
            path = tmp_path / "firm" / "firm.toml"
            text = path.read_text().replace("port = 2525", f"port = {server.port}\nhold_minutes = 0")
            for old, new in (replace or {}).items():
                assert old in text
                text = text.replace(old, new)
            path.write_text(text.replace('proof = "', '# proof = "'))
            firm = load_firm(tmp_path / "firm")
            stores.append(open_store(firm))
            return Desk(firm, stores[-1], server, tmp_path / "mail")

        yield make
        for store in stores:
            store.close()


def words(pdf: bytes) -> list[str]:
    """The text of each sheet, its spaces as one."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_two_sheets_arrive_once_with_everybody_who_has_the_role(desk: Callable[..., Desk]) -> None:
    made = desk({'roles = ["finance"]': 'roles = ["finance", "leadership"]'})
    with open_layer(made.firm) as layer:
        now = layer.version.published_at + timedelta(minutes=1)
        (report,) = made.propose(layer, now)
        assert report.state == "approved", report.reason
        assert made.dispatch(layer, now) == ["sent: "]
        told = margin.paragraph(layer.query("margin_narrative"))
    for address in (MAEVE, TOMAS):
        (message,) = received(made.mail, address)
        assert message["Subject"] == "Monday briefing, 16 November 2026"
        assert {part.strip() for part in message["To"].split(",")} == {MAEVE, TOMAS}
        (attached,) = message.iter_attachments()
        assert attached.get_filename() == "briefing-2026-11-16.pdf"
        pdf = attached.get_content()
        pages = PdfReader(io.BytesIO(pdf)).pages
        assert len(pages) == 2
        assert all(
            (float(p.mediabox.width), float(p.mediabox.height)) == pytest.approx(A4, abs=1) for p in pages
        )
        first, second = words(pdf)
        assert "October 2026 against plan" in first
        assert told.split(". ")[0] in first
        assert "Projects heading over their budget" in second
        assert "People below target" in second
        assert told in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert (made.firm.var / "reports" / attached.get_filename()).read_bytes() == pdf
    assert actions.verify(made.store).holds


def test_a_week_has_one_report_however_often_monday_runs(desk: Callable[..., Desk]) -> None:
    made = desk()
    for again in range(2):
        if again:
            run_morning(made.firm)  # another snapshot of the same Monday
        with open_layer(made.firm) as layer:
            now = datetime.now(UTC) + timedelta(minutes=again)
            made.propose(layer, now)
            made.dispatch(layer, now)
    assert len(received(made.mail, MAEVE)) == 1
    assert [p.state for p in actions.list_proposals(made.store) if p.rule == RULE] == ["sent"]


def test_the_morning_does_not_send_it_before_mondays_work_is_done(desk: Callable[..., Desk]) -> None:
    made = desk()
    with open_layer(made.firm) as layer:
        actions.propose(made.firm, layer, made.store, as_of=AS_OF, moment=layer.version.published_at)
    assert all(p.rule != RULE for p in actions.list_proposals(made.store))


def test_what_did_not_leave_on_its_monday_never_does(desk: Callable[..., Desk]) -> None:
    """The mail server was away; on Tuesday the books are Tuesday's."""
    made = desk()
    with open_layer(made.firm) as layer:
        made.propose(layer, layer.version.published_at)
    refresh(made.firm, as_of=date(2026, 11, 17), moment=datetime.now(UTC))
    with open_layer(made.firm) as tuesday:
        now = tuesday.version.published_at
        assert made.dispatch(tuesday, now) == [
            "cancelled: it is of 2026-11-16, and the books are of 2026-11-17"
        ]
        assert made.propose(tuesday, now) == []
        assert actions.standing_of_week(tuesday).startswith(
            "No briefing: the books are of Tuesday, 17 November"
        )
    assert received(made.mail, MAEVE) == []


def test_a_part_that_was_not_worked_out_that_monday_says_so(desk: Callable[..., Desk]) -> None:
    """Last Monday's answers are in the tables; none of them is shown as this Monday's."""
    made = desk()
    refresh(made.firm, as_of=date(2026, 11, 23), moment=datetime.now(UTC))
    with open_layer(made.firm) as layer:
        assert layer.query("margin_driver").height > 0
        written = actions.write_sheets(made.firm, layer)
    assert len(written.pictures) == 2
    assert " ".join(words(written.pdf)).count("Not worked out this Monday.") == 3


def test_nobody_with_the_role_holds_it_and_says_so(desk: Callable[..., Desk]) -> None:
    made = desk({'roles = ["partner", "finance"]': 'roles = ["finance"]'})
    with open_layer(made.firm) as layer:
        (report,) = made.propose(layer, layer.version.published_at)
    assert (report.state, report.reason) == (
        "proposed", "nobody in firm.toml has the role leadership or partner",
    )  # fmt: skip


def test_the_same_books_give_the_same_bytes(desk: Callable[..., Desk]) -> None:
    made = desk()
    with open_layer(made.firm) as layer:
        assert actions.write_sheets(made.firm, layer) == actions.write_sheets(made.firm, layer)


@dataclass(frozen=True)
class Altered:
    """A snapshot of which some queries answer with other frames."""

    layer: Layer
    frames: dict[str, pl.DataFrame]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)

    def query(self, query: str, **values: Any) -> pl.DataFrame:
        return self.frames[query] if query in self.frames else self.layer.query(query, **values)


def test_long_names_and_markup_stay_two_sheets_of_plain_words(desk: Callable[..., Desk]) -> None:
    """Every project and person of the firm is named, each with a name that tries to be more than one."""
    made = desk()
    name = '#eval("1+1") *bold* $x$ <script> ' + 40 * "Aldermoor "
    long = {column: pl.lit(name) for column in ("name", "party_name")}
    with open_layer(made.firm) as layer:
        frames = {
            "project_forecast": layer.query("project_forecast").with_columns(
                **long, is_named=pl.col("upper_80").is_not_null()
            ),
            "utilisation": layer.query("utilisation").with_columns(
                name=pl.lit(name),
                mend=pl.lit(30 * "Sell more. "),
                is_named=pl.col("utilisation").is_not_null(),
            ),
            "margin_driver": layer.query("margin_driver").with_columns(
                party_name=pl.lit(name), practice=pl.lit(name)
            ),
        }
        written = actions.write_sheets(made.firm, Altered(layer, frames))  # type: ignore[arg-type]
    assert len(written.pictures) == 2
    first, second = words(written.pdf)
    assert '#eval("1+1") *bold* $x$ <script>' in second
    assert "People below target" in second, "nothing is cut off"
    assert "Mostly by" in first


def test_a_template_of_three_sheets_is_refused(desk: Callable[..., Desk]) -> None:
    made = desk()
    folder = made.firm.directory / "templates"
    shipped = made.firm.files("templates", "*.typ")["leadership.typ"].read_text()
    (folder / "leadership.typ").write_text(f"{shipped}\n#pagebreak()\none more")
    with open_layer(made.firm) as layer, pytest.raises(ConfigurationError, match="expected 2 sheets; got 3"):
        actions.write_sheets(made.firm, layer)

"""The pages, run as a script runs them: what they show is what the snapshot and the store hold."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit.config
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from opslayer import actions, metrics, modelops
from opslayer.config import Firm, load_firm
from opslayer.runner import rendered_runs, run_notebook
from opslayer.store import AlertRecord, Decision, Look, Proposal, open_store
from opslayer.warehouse import open_layer
from tests.pages import AS_OF, DASHBOARDS, PAGES, grown_once, publish_books, run_morning, write_books
from tests.shared import once

MAEVE, INES = "maeve@harrowvale.example", "ines@harrowvale.example"


@pytest.fixture(autouse=True)
def on_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As `streamlit run` would: the folder of the script to import from, and its configuration."""
    monkeypatch.syspath_prepend(str(DASHBOARDS))
    streamlit.config.set_option("server.address", "127.0.0.1")
    yield
    streamlit.config.set_option("server.address", None)


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A firm after its morning; not to be changed."""
    return grown_once(tmp_path_factory.getbasetemp(), worker_id).directory


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A firm of which nothing is landed; not to be changed."""
    return once(tmp_path_factory, worker_id, "books", write_books)


@pytest.fixture
def unpublished(books: Path, tmp_path: Path) -> Firm:
    """A firm of which nothing is landed, the test's own."""
    return load_firm(shutil.copytree(books, tmp_path / "new"))


@pytest.fixture
def firm(grown: Path, tmp_path: Path) -> Firm:
    """The firm after its morning, the test's own."""
    shutil.copytree(grown, tmp_path / "firm")
    return load_firm(tmp_path / "firm")


def opened(firm: Firm, page: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("OPSLAYER_FIRM", str(firm.directory))
    app = AppTest.from_file(DASHBOARDS / "app.py", default_timeout=60).run()
    if page != "today":  # the first
        app.switch_page(f"views/{page}.py").run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def words(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.warning, app.error, app.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_it_shows_and_of_which_day(
    page: str, firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(firm, page, monkeypatch)
    assert app.title[0].value == page.replace("_", " ").capitalize()
    assert "books as of **16 Nov 2026**" in words(app)
    assert not app.error


@pytest.mark.parametrize("page", ["cash", "results", "delivery", "people", "inquiries", "data_health"])
def test_numbers_are_the_snapshots(page: str, firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(firm, page, monkeypatch)
    with open_layer(firm) as layer:
        measured = {value.metric.title: value for value in metrics.measure(layer, metrics.load_metrics(firm))}
    assert app.metric
    for shown in app.metric:
        value = measured[shown.label]
        assert shown.value == metrics.written(value.value, value.metric.unit, "EUR").removesuffix(" EUR")


@pytest.mark.parametrize("page", PAGES)
def test_before_the_first_snapshot_a_page_says_what_to_do(
    page: str, unpublished: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(unpublished, page, monkeypatch)
    assert "No snapshot is published yet. Run `opslayer refresh`" in words(app)
    assert not app.metric


def test_a_firm_without_projects_is_told_what_to_land(
    unpublished: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = unpublished
    toml = firm.directory / "firm.toml"
    before, _, rest = toml.read_text().partition("# The staff system")
    toml.write_text(before + rest[rest.index("[[people]]") :])
    firm = load_firm(firm.directory)
    publish_books(firm)
    run_morning(firm)
    told = words(opened(firm, "delivery", monkeypatch))
    assert "No project has landed" in told
    assert "No person has landed" in words(opened(firm, "people", monkeypatch))


def test_books_without_budget_or_forecast(unpublished: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    firm = unpublished
    (firm.directory / "data" / "budget.csv").unlink()
    toml = firm.directory / "firm.toml"
    toml.write_text(toml.read_text().replace('# optional = ["budget"] ', 'optional = ["budget"] '))
    publish_books(load_firm(firm.directory))
    told = words(opened(firm, "cash", monkeypatch))
    assert "No forecast yet: run the job morning." in told
    assert "There is too little history to test the payment model" in told
    assert "no data yet: its job has not run" in told, "of cash in"
    told = words(opened(firm, "results", monkeypatch))
    assert "no data yet" in told, "of revenue against budget"
    assert "This month is not explained" in told
    told = words(opened(firm, "actions", monkeypatch))
    assert "Nothing waits. The jobs morning, monday and wednesday propose what is due" in told
    assert "Nothing has been decided yet." in told
    assert "No notebook has run yet" in words(opened(firm, "data_health", monkeypatch))


def test_out_of_range_is_flagged_with_the_firms_own_threshold(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = firm.directory / "firm.toml"
    before = toml.read_text()
    toml.write_text(f"{before}\n[thresholds.dso]\nhigh = 900\n")
    assert "in range: at most 900 days" in words(opened(firm, "cash", monkeypatch))
    toml.write_text(f"{before}\n[thresholds.dso]\nhigh = 7\n")
    told = words(opened(firm, "cash", monkeypatch))
    assert re.search(r":red-badge\[:material/warning: \w[\w ]+\] :small\[expected at most 7 days\]", told)


def test_an_alert_shows_its_state(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "out of range] :small[expected at most 0]" in words(opened(firm, "data_health", monkeypatch))


def test_behind_a_number_lie_its_rows_and_its_query(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(firm, "cash", monkeypatch)
    assert not app.code
    app.session_state["behind-metric-overdue_share"] = True
    app.run()
    with open_layer(firm) as layer:
        queries = [layer.sql("metric_overdue_share"), layer.sql("open_items")]
        assert [code.value for code in app.code] == [query.strip() for query in queries]
        rows = layer.query("open_items")
    behind = next(frame.value for frame in app.dataframe if "days_overdue" in frame.value.columns)
    assert list(behind["number"]) == rows["number"].to_list()
    assert f"{len(rows):,} rows, snapshot {layer.version.name}" in words(app)
    assert f":green-badge[:material/check: proved] Its {len(rows):,} rows give" in words(app)


def test_a_client_is_found(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(firm, "cash", monkeypatch)
    late = next(frame.value for frame in app.dataframe if "days_late" in frame.value.columns)
    name = late["party_name"].iloc[0]
    app.text_input(key="client").input(name.upper()).run()
    found = next(frame.value for frame in app.dataframe if "days_late" in frame.value.columns)
    assert set(found["party_name"]) == {name}
    assert len(found) < len(late)


def test_another_month_and_comparison(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(firm, "results", monkeypatch)
    assert "October 2026 closed with" in words(app)
    app.selectbox(key="month").select_index(1).run()
    app.segmented_control(key="against").set_value("prior").run()
    told = words(app)
    assert "Profit and loss, September 2026" in told
    assert "above August 2026" in told or "below August 2026" in told
    statement = next(frame.value for frame in app.dataframe if "prior_year" in frame.value.columns)
    by_line = dict(zip(statement["line"], statement["actual"], strict=True))
    parts = ("Revenue", "Direct costs", "Overheads", "Other income")
    assert sum(by_line[line] for line in parts) == pytest.approx(by_line["Profit"], abs=3)
    assert by_line["Revenue"] + by_line["Direct costs"] == pytest.approx(by_line["Gross profit"], abs=2)


def waiting(app: AppTest, firm: Firm, who: str | None) -> int:
    """Choose who decides and open the first proposal that nothing holds: its number."""
    if who:
        app.selectbox(key="decider").set_value(who).run()
    with open_store(firm) as store, store.session() as session:
        first = session.scalars(
            select(Proposal)
            .where(Proposal.state == "proposed", Proposal.reason.is_(None))
            .order_by(Proposal.level.desc(), Proposal.amount.desc())
        ).first()
    assert first is not None
    app.session_state[f"proposal-{first.id}"] = True
    app.run()
    return first.id


def decisions(firm: Firm) -> list[tuple[int, str, str, str]]:
    with open_store(firm) as store, store.session() as session:
        return [(d.proposal_id, d.verdict, d.person, d.reason) for d in session.scalars(select(Decision))]


def test_approving_is_one_decision_however_often_it_is_clicked(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(firm, "actions", monkeypatch)
    number = waiting(app, firm, MAEVE)
    app.text_input(key=f"reason-{number}").input("They promised to pay on Friday.")
    app.button(key=f"approve-{number}").click().run()
    assert not app.exception
    [toast] = app.toast
    assert toast.value.startswith("Approved: ")
    again = opened(firm, "actions", monkeypatch)
    assert number not in {
        int(key.key.split("-")[1]) for key in again.button if str(key.key).startswith("approve-")
    }
    assert decisions(firm) == [(number, "approved", MAEVE, "They promised to pay on Friday.")]


def test_having_a_model_taught_is_one_request_however_often_it_is_clicked(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page answers with what came of it; the work goes on beside the click."""
    app = opened(firm, "models", monkeypatch)
    app.selectbox(key="capability").set_value("lead_score").run()
    assert app.button(key="serve-retrain").disabled, "nobody has said who they are"
    app.selectbox(key="decider").set_value(MAEVE).run()
    app.button(key="serve-retrain").click().run()
    assert "a reason is asked for" in app.toast[0].value
    app.text_input(key="serve-why").input("new quarter")
    for _ in range(2):
        app.button(key="serve-retrain").click().run()
        assert not app.exception
    with open_store(firm) as store:
        until = time.monotonic() + 60
        while (asked := modelops.requests(store, "lead_score"))["state"][0] != "ended":
            assert time.monotonic() < until, asked
            time.sleep(0.2)
        assert asked["asked_by"].to_list().count(MAEVE) == asked.height <= 2
    told = words(app.run())
    assert "Maeve Harrow asked on" in told
    assert str(asked["reasons"][0])[:20] in told


def test_several_are_approved_at_once_and_the_exceptions_listed(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(firm, "actions", monkeypatch)
    app.selectbox(key="decider").set_value(MAEVE).run()
    app.session_state["several"] = True
    app.run()
    app.selectbox(key="several-rule").set_value("payment_reminder").run()
    chosen = [box for box in app.checkbox if str(box.key).startswith("choose-")]
    assert {box.value for box in chosen} == {True, False}
    for box in chosen:
        said = "two people must approve it" in box.label or "talk to the project manager" in box.label
        assert box.value != said
    approved = sum(box.value for box in chosen)
    held = next(box for box in chosen if "talk to the project manager" in box.label)
    held.check()
    app.text_input(key="several-reason").input("looked at each")
    app.button(key="several-approve").click().run()
    assert not app.exception
    assert f"**{approved} approved, 1 not.**" in words(app)
    assert len(decisions(firm)) == approved
    outcome = next(frame.value for frame in app.dataframe if "outcome" in frame.value.columns)
    assert "talk to the project manager" in outcome["outcome"].iloc[0]


def test_words_are_edited_with_their_difference_in_view(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(firm, "actions", monkeypatch)
    number = waiting(app, firm, MAEVE)
    app.toggle(key=f"edit-{number}").set_value(True).run()
    subject = next(field for field in app.text_input if str(field.key).startswith(f"subject-{number}-"))
    subject.input("Before we meet on Friday")
    app.button(key=f"compare-{number}").click().run()
    assert "+Subject: Before we meet on Friday" in app.code[0].value
    app.text_input(key=f"why-{number}").input("we meet them")
    app.button(key=f"save-{number}").click().run()
    assert not app.exception
    assert app.toast[0].value.startswith("Saved.")
    assert "**Before we meet on Friday**" in words(app)
    assert "+Subject: Before we meet on Friday" in app.code[0].value


def test_rejecting_keeps_the_reason(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(firm, "actions", monkeypatch)
    number = waiting(app, firm, MAEVE)
    app.text_input(key=f"reason-{number}").input("Called them.")
    app.button(key=f"reject-{number}").click().run()
    assert decisions(firm) == [(number, "rejected", MAEVE, "Called them.")]
    decided = next(frame.value for frame in app.dataframe if "state" in frame.value.columns)
    assert list(decided["state"]) == ["rejected"]
    assert list(decided["reason"]) == ["Called them."]


@pytest.mark.parametrize(
    ("who", "reason", "told"),
    [
        (MAEVE, "  ", "a decision needs a reason"),
        (INES, "Why not.", "may not decide this: it takes the role"),
    ],
)
def test_what_stands_against_a_decision_is_said(
    who: str, reason: str, told: str, firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(firm, "actions", monkeypatch)
    number = waiting(app, firm, who)
    app.text_input(key=f"reason-{number}").input(reason)
    app.button(key=f"approve-{number}").click().run()
    assert told in app.toast[0].value
    assert not app.exception
    assert decisions(firm) == []


def test_nobody_decides_before_saying_who_they_are(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(firm, "actions", monkeypatch)
    number = waiting(app, firm, None)
    assert app.button(key=f"approve-{number}").disabled
    assert "Choose who you are above to decide." in words(app)


def test_an_uncertain_message_is_settled_by_a_person(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(firm) as store, store.session() as session:
        proposal = session.scalars(select(Proposal)).first()
        assert proposal is not None
        proposal.state, proposal.reason = "uncertain", "the server hung up"
        number = proposal.id
    app = opened(firm, "actions", monkeypatch)
    assert "Nobody knows whether these left" in words(app)
    app.selectbox(key="decider").set_value(MAEVE).run()
    app.text_input(key=f"settled-{number}").input("It lies in the sent folder.")
    app.button(key=f"sent-{number}").click().run()
    with open_store(firm) as store, store.session() as session:
        assert session.get_one(Proposal, number).state == "sent"


def test_an_alert_is_acknowledged_by_name(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(firm, "actions", monkeypatch)
    app.selectbox(key="decider").set_value(MAEVE).run()
    app.switch_page("views/data_health.py").run()
    app.session_state["behind-metric-quarantined"] = True
    app.run()
    app.button(key="acknowledge-quarantined").click().run()
    with open_store(firm) as store, store.session() as session:
        alert = session.scalars(select(AlertRecord).where(AlertRecord.definition == "quarantined")).one()
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", MAEVE)
    assert "acknowledged] :small[expected at most 0]" in words(app)


def test_a_mistake_in_firm_toml_is_named_with_its_mend(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = firm.directory / "firm.toml"
    toml.write_text(toml.read_text().replace("base_currency", "base_curency"))
    told = words(opened(firm, "cash", monkeypatch))
    assert "base_curency" in told
    assert 'nearest: "base_currency"' in told


def test_pages_that_others_can_reach_need_a_sign_in(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    streamlit.config.set_option("server.address", "0.0.0.0")
    app = opened(firm, "cash", monkeypatch)
    assert "No sign-in is set up, and this page can be reached from other machines." in words(app)
    assert not app.metric


@pytest.mark.parametrize("view", sorted((DASHBOARDS / "views").glob("*.py")), ids=lambda path: path.stem)
def test_a_view_is_thin(view: Path) -> None:
    lines = view.read_text().splitlines()
    assert len(lines) < 80
    assert not [line for line in lines if line.startswith(("def ", "class "))], (
        "logic belongs where it is tested"
    )


def test_what_if_moves_everything_and_publishes_nothing(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions, landed files and the store stay as they were, byte for byte."""

    def held() -> dict[str, bytes]:
        files = (path for path in firm.var.rglob("*") if path.is_file() and "runs" not in path.parts)
        return {str(path): path.read_bytes() for path in files if not path.name.endswith(("-wal", "-shm"))}

    app = opened(firm, "what_if", monkeypatch)
    before = held()
    lost = {metric.label: metric.value for metric in app.metric}
    app.segmented_control[0].set_value("won").run()
    assert not app.exception
    won = {metric.label: metric.value for metric in app.metric}
    for title in ("Revenue", "Expected", "Median", "To"):
        assert float(won[title].replace(",", "")) > float(lost[title].replace(",", ""))
    with open_layer(firm) as layer:
        invoices = layer.query("cash_forecast")["expected_base"].to_list()
        quarter = layer.query("revenue_forecast").filter(period="quarter", component="total")
    weeks = next(table.value for table in app.dataframe if "open_invoices_base" in table.value)
    shown = weeks["open_invoices_base"].to_list()  # in whole euros
    assert shown == pytest.approx([float(value) for value in invoices], abs=0.51)
    was = re.search(
        r"was ([\d,]+)", next(m for m in app.metric if m.label == "Expected").proto.delta_description
    )
    assert was is not None
    assert was[1] == f"{quarter['expected_base'][0]:,.0f}"
    app.segmented_control[0].set_value("moved").run()
    app.number_input[0].set_value(8).run()
    assert not app.exception
    assert held() == before


def test_two_runs_of_a_notebook_are_shown_beside_each_other(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 11, 16, 9, tzinfo=UTC)
    with open_store(firm) as store:
        for minute in range(2):
            started = moment + timedelta(minutes=minute)
            run_notebook(
                firm, "explore/start_here", {}, as_of=AS_OF, moment=started, timeout=60, store=store
            )  # fmt: skip
        newest, before = rendered_runs(store)["explore/start_here"]
    assert newest.started_at > before.started_at
    app = opened(firm, "runs", monkeypatch)
    app = app.selectbox(key="notebook").select("explore/start_here").run()
    assert len(app.get("iframe")) == 1
    app = app.selectbox(key="beside").select_index(1).run()
    assert len(app.get("iframe")) == 2
    Path(before.page or "").unlink()
    assert "Its page is no longer kept" in words(app.run())


def test_today_tells_what_changed_since_the_last_look(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "you have not looked before" in words(opened(firm, "today", monkeypatch))
    with open_store(firm) as store:
        before = datetime.now(UTC) - timedelta(hours=2)
        with store.engine.begin() as connection:
            connection.execute(update(Look).values(looked_at=before))
        changes = store.change_counter()
        (number, *_) = [one.id for one in actions.waiting_for(firm, store, None, moment=datetime.now(UTC))]
        actions.reject(firm, store, number, person=MAEVE, reason="no", moment=datetime.now(UTC))
        assert store.change_counter() > changes
    app = opened(firm, "today", monkeypatch)
    assert "since you looked on" in words(app)
    told = [what for frame in app.dataframe if "what" in frame.value for what in frame.value["what"]]
    assert "1 proposal rejected" in told

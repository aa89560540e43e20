"""Replay: what a rule would have done on kept snapshots is what it does on them; and it may be on, or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from opslayer import actions, cli
from opslayer.actions.replay.past import PastDay, opened, past_days
from opslayer.config import Firm, load_firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import AuditEvent, Store, open_store
from opslayer.warehouse import open_layer, versions
from opslayer.warehouse.versions import prune
from tests.messages import write_rule
from tests.pages import grown_once
from tests.reminders import AS_OF, MOMENT, Books, Owed, serving, write_firm

MAEVE = "maeve@harrow.example"
RULE = "payment_reminder"
SHIPPED = (Path(actions.__file__).parent / "rules" / f"{RULE}.yaml").read_text()
DAYS = (-40, -33, -12, -3, 0)  # days before the last snapshot
OWED = [
    Owed("1", "acme", 2),
    Owed("2", "acme", 16, total="4000.00"),
    Owed("3", "beta", 33, total="90000.00"),
    Owed("4", "gamma", 16),
]


def past(firm: Firm) -> Iterator[date]:
    """Snapshots of a few days, on which invoices grow older and one is paid."""
    books = Books(firm, OWED)
    books.pass_days(DAYS[0])
    for day, following in zip(DAYS, [*DAYS[1:], None], strict=True):
        as_of = AS_OF + timedelta(days=day)
        if day == -3:
            books.change("3", paid="90000.00")
        books.publish(as_of=as_of, moment=datetime.combine(as_of, time(6), UTC)).close()
        yield as_of
        books.pass_days(following - day if following is not None else 0)


def replayed(firm: Firm, store: Store) -> actions.Replayed:
    return actions.replay(firm, store, RULE, until=AS_OF, moment=MOMENT)


def test_it_is_what_the_rule_then_does(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with serving(tmp_path / "mail") as server, open_store(url) as store:
        firm = write_firm(tmp_path / "firm", port=server.port)
        done = []
        for day in past(firm):
            moment = datetime.combine(day, time(6), UTC)
            with open_layer(firm) as layer:
                for one in actions.propose(firm, layer, store, as_of=day, moment=moment):
                    done.append((day, one.party_id, one.rung, one.amount))
                    for person in (MAEVE, "tomas@harrow.example"):
                        decided = actions.approve(
                            firm, store, one.id or 0, person=person, reason="yes", moment=moment, layer=layer
                        )
                        if decided.state == "approved":
                            break
                actions.dispatch(firm, store, layer=layer, moment=moment)
        shown = replayed(firm, store).firings
    assert len(done) > 5
    assert shown.select("day", "subject", "step", "amount").rows() == done
    assert shown["stopped_by"].null_count() == len(done)


def test_only_its_sums_are_kept_and_nothing_is_proposed(store_url: str, tmp_path: Path) -> None:
    firm = write_firm(tmp_path / "firm", store=store_url)
    list(past(firm))
    with open_store(store_url) as store:
        shown = replayed(firm, store)
        assert actions.list_proposals(store) == []
        (row,) = actions.list_replays(firm, store).to_dicts()
        assert actions.verify(store).holds
        with store.reading() as session:
            assert list(session.scalars(select(AuditEvent.event))) == ["replayed"]
        assert (row["firings"], row["kept"], row["is_current"]) == (len(shown.firings), len(DAYS), True)
        months = actions.replay_months(store, RULE)
        assert months.rows() == shown.months.select("month", "firings", "amount").rows()
        assert row["most_firings"] == shown.months["firings"].max()
        write_rule(firm, RULE, SHIPPED.replace("minimum_amount: 10 ", "minimum_amount: 5000 "))
        assert actions.list_replays(firm, store)["is_current"].to_list() == [False]
        assert len(replayed(firm, store).firings) < len(shown.firings)
    assert shown.months["snapshots"].sum() == len(DAYS)
    assert shown.months["amount"].sum() == shown.firings["amount"].sum()
    assert shown.subjects["subject"].to_list() == ["beta", "acme", "gamma"]
    assert "nothing before 2026-10-07 is kept" in shown.coverage


def test_it_says_what_would_have_been_stopped_and_whom_others_write_to(tmp_path: Path) -> None:
    firm = write_firm(tmp_path / "firm")
    other = SHIPPED.replace(f"rule: {RULE}", "rule: another")
    for days in (-3, 1, 15, 30, 45):  # the same step for the same invoices is taken once, whatever the rule
        other = other.replace(f"- days: {days} ", f"- days: {days + 1} ").replace(
            f"- days: {days}\n", f"- days: {days + 1}\n"
        )
    write_rule(firm, "another", other)
    write_rule(firm, RULE, SHIPPED.replace("daily_cap: 200", "daily_cap: 1"))
    path = firm.directory / "firm.toml"
    path.write_text(path.read_text() + "[limits]\nclient_messages = 2\nclient_days = 10\n")
    firm = load_firm(firm.directory)
    list(past(firm))
    with open_store("sqlite://") as store:
        shown = replayed(firm, store)
    assert dict(shown.stopped.select("stopped_by", "firings").rows()) == {"rule_cap": 2, "contact_budget": 2}
    assert shown.overlap.to_dicts() == [
        {"other_rule": "another", "clients": 3, "firings": len(shown.firings)}
    ]


def test_a_rule_above_the_limit_may_not_be_on(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    firm = write_firm(tmp_path / "firm", store=store_url)
    list(past(firm))
    plain = (firm.directory / "firm.toml").read_text()

    def limited(line: str) -> Firm:
        (firm.directory / "firm.toml").write_text(f"{plain}[limits]\n{line}\n")
        return load_firm(firm.directory)

    def check() -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["opslayer", "--firm", str(firm.directory), "rules", "check"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    def propose(firm: Firm, rule: str | None = RULE) -> int:
        with open_layer(firm) as layer:
            return len(actions.propose(firm, layer, store, as_of=AS_OF, moment=MOMENT, rule=rule))

    for own in ("leadership_report", "milestone_invoice"):  # of the others no more is asked here
        write_rule(firm, own, (Path(actions.__file__).parent / "rules" / f"{own}.yaml").read_text()
                   .replace("enabled: true", "enabled: false"))  # fmt: skip
    with open_store(store_url) as store:
        strict = limited("most_firings_a_month = 2")
        with pytest.raises(GuardrailHeld, match="was not replayed as it is now"):
            propose(strict)
        assert "fired 6 times in its busiest month; most_firings_a_month under [limits] allows 2" in str(
            replayed(strict, store).refusal
        )
        assert propose(strict, None) == 0
        assert actions.list_proposals(store, rule=RULE) == []
        code, said = check()
        assert (code, "payment_reminder would have fired 6 times" in " ".join(said.split())) == (2, True)
        with pytest.raises(GuardrailHeld, match=r"would have been about .* EUR in a month"):
            propose(limited("most_amount_a_month = 1000"))
        write_rule(firm, RULE, SHIPPED.replace("quiet_days: 3 ", "quiet_days: 4 "))
        with pytest.raises(GuardrailHeld, match="was not replayed as it is now"):
            propose(limited("most_firings_a_month = 9"))
        assert replayed(limited("most_firings_a_month = 9"), store).refusal is None
        assert propose(limited("most_firings_a_month = 9")) > 0
        with store.reading() as session:
            assert "rule refused" in set(session.scalars(select(AuditEvent.event)))


def test_one_snapshot_a_week_is_kept_to_replay_on(tmp_path: Path) -> None:
    firm = write_firm(tmp_path / "firm")
    path = firm.directory / "firm.toml"
    path.write_text(path.read_text() + "[warehouse]\nkeep_versions = 2\nkeep_weeks = 5\n")
    firm = load_firm(firm.directory)
    books = Books(firm, [])
    for day in range(30, -1, -2):
        as_of = AS_OF - timedelta(days=day)
        books.publish(as_of=as_of, moment=datetime.combine(as_of, time(6), UTC)).close()
    prune(firm, moment=MOMENT)
    kept = [AS_OF - one.as_of for one in versions(firm)]
    assert [gap.days for gap in kept] == [22, 16, 8, 2, 0]
    assert [one.day for one in past_days(firm, until=AS_OF, months=1)] == [AS_OF - gap for gap in kept]
    with_built = past_days(firm, until=AS_OF, months=3, rebuild=True)
    assert {one.source for one in with_built} == {"kept", "rebuilt"}
    assert len({one.day.isocalendar()[:2] for one in with_built}) >= 12
    with open_store("sqlite://") as store, pytest.raises(UsageError, match="is kept"):
        actions.replay(firm, store, RULE, until=date(2020, 1, 1), moment=MOMENT)


def test_a_day_built_anew_is_as_of_its_day_and_leaves_the_warehouse_alone(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> None:
    firm = grown_once(tmp_path_factory.getbasetemp(), worker_id)
    before = sorted((firm.var / "warehouse").iterdir())
    day = AS_OF - timedelta(days=100)
    with opened(firm, PastDay(day, "rebuilt")) as layer:
        assert layer.as_of == day
        latest = layer.query(
            "select max(as_of) as day, max(issued_on) as issued, count(*) as open from marts.open_item"
        )
    row = latest.row(0, named=True)
    assert row["day"] == day >= row["issued"]
    assert row["open"] > 0
    assert sorted((firm.var / "warehouse").iterdir()) == before

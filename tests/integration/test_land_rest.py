"""A real HTTP server: pages, a bearer key, errors that pass, and a server that is gone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, SchemaDrift, SourceUnavailable, UnreadableSource
from opslayer.sources import DriftPolicy, rest
from tests.landing import firm_with, landed, visible

KEY = "s3cret-bearer"
PAGE = 2
INVOICE = {"invoice": {"key": ["id"], "cursor": "updated_at"}}


@dataclass
class Api:
    """What the server holds, and what it was asked."""

    url: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)  # statuses to answer first
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    body: str | None = None  # in place of a page

    def answer(self, query: dict[str, list[str]]) -> str:
        since = query.get("since", [""])[0]
        page = int(query.get("page", ["1"])[0])
        found = [row for row in self.rows if row.get("updated_at", "") >= since]
        shown = found[(page - 1) * PAGE : page * PAGE]
        return json.dumps({"data": shown, "total_pages": -(-len(found) // PAGE)}).replace('"0.10"', "0.10")


@pytest.fixture
def api() -> Iterator[Api]:
    held = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            status, text = 200, ""
            if self.headers["Authorization"] != f"Bearer {KEY}":
                status = 401
            elif parts.path != "/v1/invoices":
                status = 404
            elif held.failures:
                status = held.failures.pop(0)
            else:
                held.asked.append(parse_qs(parts.query))
                text = held.body or held.answer(held.asked[-1])
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.url = f"http://127.0.0.1:{server.server_port}/v1/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def firm(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Firm:
    monkeypatch.setenv("BOOKS_KEY", KEY)
    monkeypatch.setattr(rest, "BACKOFF", 0.01)
    return rest_firm(tmp_path, api.url)


def rest_firm(folder: Path, url: str, *, path: str = "invoices", selector: str = "data") -> Firm:
    return firm_with(
        folder,
        f'kind = "rest"\nbase_url = "{url}"\n'
        'auth = {type = "bearer", token = "env:BOOKS_KEY"}\n'
        'paginator = {type = "page_number", base_page = 1, total_path = "total_pages"}\n'
        f'[sources.ledger.endpoints.invoice]\npath = "{path}"\ndata_selector = "{selector}"\n'
        'cursor_param = "since"\nparams = {state = "all"}\n',
        INVOICE,
    )


def row(number: int, second: int, **more: object) -> dict[str, object]:
    return {"id": number, "total": "0.10", "updated_at": f"2026-11-16T05:00:{second:02d}Z", **more}


def test_all_pages_land_with_numbers_as_written(api: Api, firm: Firm) -> None:
    api.rows = [row(n, n, lines=[{"amount": "0.10"}]) for n in range(5)]
    one = landed(firm)
    assert (one.rows_new, one.cursor) == (5, "2026-11-16T05:00:04Z")
    assert visible(firm)[4] == ("4", "0.10", "2026-11-16T05:00:04Z", '[{"amount": 0.10}]')
    assert [query["page"] for query in api.asked] == [["1"], ["2"], ["3"]]
    assert api.asked[0]["state"] == ["all"]


def test_the_manifest_holds_the_cursor_and_the_next_read_laps_over(api: Api, firm: Firm) -> None:
    api.rows = [row(n, n) for n in range(3)]
    landed(firm)
    api.rows[0] = row(0, 30, total="7")
    api.rows.append(row(9, 2))  # of the cursor's own second
    api.asked.clear()
    one = landed(firm, hours=1)
    assert api.asked[0]["since"] == ["2026-11-16T04:59:02Z"]
    assert (one.mode, one.rows_new, one.rows_total, one.columns_missing) == ("append", 2, 5, ())
    assert visible(firm, "id, total") == [("0", "7"), ("1", "0.10"), ("2", "0.10"), ("9", "0.10")]
    assert landed(firm, hours=2).rows_new == 0


def test_a_column_that_few_rows_carry_is_not_missing_from_the_next_few(api: Api, firm: Firm) -> None:
    api.rows = [row(0, 0, note="x")]
    landed(firm)
    api.rows.append(row(1, 59, note=None))
    del api.rows[1]["note"]
    api.rows[0]["updated_at"] = "2026-11-16T04:00:00Z"  # out of the lap
    one = landed(firm, hours=1, policy=DriftPolicy(policy="freeze"))
    assert (one.mode, one.columns_missing) == ("append", ())
    assert visible(firm, "id, note") == [("0", "x"), ("1", None)]


def test_a_new_column_reads_everything_again(api: Api, firm: Firm) -> None:
    api.rows = [row(0, 0), row(1, 59)]
    landed(firm)
    for held in api.rows:
        held["mood"] = "fine"
    one = landed(firm, hours=1)
    assert (one.mode, one.columns_added) == ("replace", ("mood",))
    assert visible(firm, "mood") == [("fine",), ("fine",)]


def test_a_full_refresh_finds_what_is_gone_and_what_is_missing(api: Api, firm: Firm) -> None:
    api.rows = [row(0, 0, note="x"), row(1, 1, note="y")]
    landed(firm)
    api.rows = [row(0, 0)]
    one = landed(firm, full=True)
    assert (one.rows_deleted, one.columns_missing) == (1, ("note",))
    api.rows = []
    assert landed(firm, full=True).rows_deleted == 1
    api.rows = [{"id": 1, "updated_at": "2026-11-16T05:00:00Z"}]
    with pytest.raises(SchemaDrift, match="missing: total"):
        landed(firm, full=True, policy=DriftPolicy(policy="freeze"))


@pytest.mark.parametrize("status", [500, 429, 503])
def test_an_error_that_passes_is_tried_again(api: Api, firm: Firm, status: int) -> None:
    api.rows = [row(n, n) for n in range(3)]
    api.failures = [status, status]
    assert landed(firm).rows_new == 3


def test_an_error_that_stays_is_named_and_the_last_landing_stands(api: Api, firm: Firm) -> None:
    api.rows = [row(0, 0)]
    landed(firm)
    api.failures = [500] * 20
    with pytest.raises(SourceUnavailable, match="ledger: invoice: GET invoices answered 500"):
        landed(firm, hours=1)
    assert len(visible(firm)) == 1


def test_a_wrong_key_is_named_and_never_shown(
    api: Api, firm: Firm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOKS_KEY", "wrong-key")
    with pytest.raises(SourceUnavailable, match=r"answered 401(?s:.*)secret that `auth` refers to") as caught:
        landed(rest_firm(tmp_path, api.url))
    assert "wrong-key" not in str(caught.value)


def test_a_secret_that_is_not_set_is_a_configuration_error(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOOKS_KEY")
    with pytest.raises(ConfigurationError, match="env:BOOKS_KEY is not set"):
        landed(firm)


def test_a_server_that_is_gone(firm: Firm, tmp_path: Path) -> None:
    gone = rest_firm(tmp_path, "http://127.0.0.1:9/v1/")
    with pytest.raises(SourceUnavailable, match="GET invoices got no answer: Connection refused"):
        landed(gone)


def test_answers_of_another_shape_are_not_no_rows(api: Api, firm: Firm, tmp_path: Path) -> None:
    api.rows = [row(0, 0)]
    with pytest.raises(UnreadableSource, match='without "items"; it has: data, total_pages'):
        landed(rest_firm(tmp_path, api.url, selector="items"))
    with pytest.raises(UnreadableSource, match="answered 404"):
        landed(rest_firm(tmp_path, api.url, path="invoice"))
    api.body = "<html>Log in</html>"
    with pytest.raises(UnreadableSource, match="not JSON: '<html>"):
        landed(rest_firm(tmp_path, api.url))


def test_a_table_without_an_endpoint_is_a_configuration_error(api: Api, firm: Firm, tmp_path: Path) -> None:
    text = (tmp_path / "firm.toml").read_text().replace("endpoints.invoice]", "endpoints.bill]")
    (tmp_path / "firm.toml").write_text(text)
    with pytest.raises(ConfigurationError, match='"invoice" has none'):
        landed(load_firm(tmp_path))

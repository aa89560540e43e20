"""A firm whose people are written to about what waits, and the server behind the links in those mails."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import uvicorn

from opslayer import actions
from opslayer.actions import Notice, Proposal
from opslayer.config import Firm, load_firm
from opslayer.links.server import logging_config, make_app
from opslayer.store import Store, open_store
from tests.reminders import AS_OF, MOMENT, Books, Owed, Server, received, serving, write_firm

SECRET = "0123456789abcdef0123456789abcdef"
SECTION = """
[approvals]
links = "http://127.0.0.1:{port}"
secret = "env:LINK_SECRET"
port = {port}
"""


@dataclass
class Desk:
    firm: Firm
    store: Store
    books: Books
    mail: Path
    server: Server
    base: str
    moment: datetime = MOMENT
    log: Path = field(default_factory=Path)

    def configure(self, old: str, new: str) -> None:
        path = self.firm.directory / "firm.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self.firm = load_firm(self.firm.directory)

    def propose(self) -> list[Proposal]:
        with self.books.publish(moment=self.moment) as layer:
            return actions.propose(self.firm, layer, self.store, as_of=AS_OF, moment=self.moment)

    def notify(self) -> list[Notice]:
        with self.books.publish(moment=self.moment) as layer:
            return actions.notify(self.firm, self.store, layer=layer, moment=self.moment)

    def links(self, person: str) -> list[str]:
        """The addresses in the last mail to a person, as its text has them."""
        *_, last = received(self.mail, person)
        body = last.get_body(("plain",))
        assert body is not None
        return re.findall(rf"{self.base}/decide/\S+", body.get_content())

    def state(self, number: int = 1) -> str:
        return actions.show_proposal(self.store, number).proposal.state

    def decisions(self) -> list[tuple[str, str]]:
        events = (event for n in (1, 2) for event in actions.show_proposal(self.store, n).events)
        return [(event["who"], event["what"]) for event in events if event["what"].startswith("decision")]


@contextmanager
def linked(folder: Path, store_url: str) -> Iterator[Desk]:
    """Two reminders wait, the first of them for two people; a real server answers on `base`."""
    with ExitStack() as stack:
        server = stack.enter_context(serving(folder / "mail"))
        store = stack.enter_context(open_store(store_url))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        firm = write_firm(folder / "firm", store=store_url, port=server.port, proof=True)
        path = firm.directory / "firm.toml"
        path.write_text(path.read_text() + SECTION.format(port=port))
        firm = load_firm(firm.directory)
        books = Books(firm, [Owed("1", "acme", 46, "30000.00"), Owed("2", "beta", 20, "700.00")])
        log = folder / "links.log"
        desk = Desk(firm, store, books, folder / "mail", server, f"http://127.0.0.1:{port}", log=log)
        stack.enter_context(_answering(desk, port))
        yield desk


@contextmanager
def _answering(desk: Desk, port: int) -> Iterator[None]:
    with desk.log.open("w") as log:
        config = logging_config()
        for handler in config["handlers"].values():
            handler["stream"] = log
        app = make_app(desk.firm, desk.store, lambda: desk.moment)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=config, ws="none"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()

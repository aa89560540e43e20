"""A real HTTP server that keeps what is posted to it, and answers as it is told to."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """One answer: `late` seconds after the request was read; `reset` hangs up instead, hard."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    late: float = 0
    reset: bool = False


@dataclass
class Receiver:
    """What was posted, and what is to be answered next; 200 where nothing is said.

    `chooses` answers by what was posted, for questions that come in any order; `at_once` counts the most that
    were being answered at a time.
    """

    port: int
    chooses: Callable[[bytes], Reply] | None = None
    at_once: int = 0
    answering: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/in"

    @property
    def keys(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.posts]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.posts]


@contextmanager
def receiving() -> Iterator[Receiver]:
    known = Receiver(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            known.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if known.chooses is None:
                self.answer(known.replies.pop(0) if known.replies else Reply())
                return
            with known.lock:
                known.answering += 1
                known.at_once = max(known.at_once, known.answering)
            reply = known.chooses(body)
            time.sleep(reply.late)
            with known.lock:
                known.answering -= 1
            self.answer(replace(reply, late=0))

        def do_GET(self) -> None:
            known.asked.append(self.path)
            self.answer(Reply(200 if any(key in self.path for key in known.keys) else 404))

        def do_OPTIONS(self) -> None:
            known.asked.append(self.path)
            self.answer(known.replies.pop(0) if known.replies else Reply(204, body=b""))

        def answer(self, reply: Reply) -> None:
            time.sleep(reply.late)
            if reply.reset:
                linger = struct.pack("ii", 1, 0)  # what is left is thrown away: the peer sees a reset
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that has gone is what some of these are about."""

    server = Server(("127.0.0.1", 0), Handler)
    known.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

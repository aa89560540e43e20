"""What a link in a mail opens. GET and HEAD show; POST alone decides, and the token then is in its body.

Scanners and previews fetch every address in a mail, often and at once: nothing they do decides. firm.toml is
read anew at each request, so that a role taken away is gone at once. No token gets into a log.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import parse_qs, quote

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from uvicorn.config import LOGGING_CONFIG

from opslayer import actions
from opslayer.config import Firm, load_firm
from opslayer.errors import ConfigurationError, GuardrailHeld, LinkRefused, OpslayerError, UsageError
from opslayer.links import page
from opslayer.store import Store, open_store
from opslayer.warehouse import open_layer

LOOPBACK: Final = "127.0.0.1"
LARGEST: Final = 64 * 1024  # bytes of a form
REFUSED: Final = {
    "unknown": (404, "This link is not known"),
    "expired": (410, "This link has expired"),
    "used": (410, "This is decided"),
    "changed": (409, "It is not as it was"),
    "unauthorised": (403, "This is not yours to decide"),
}
TOKEN: Final = re.compile(r"(?<=/decide/)[^\s?]+|eyJ[\w.%-]+")  # also where it was not meant to be
HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": page.POLICY,
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def serve(firm: Firm, *, now: Callable[[], datetime], port: int | None = None) -> None:
    """Answer on the loopback until SIGINT or SIGTERM. Raises ConfigurationError without [approvals]."""
    if firm.approvals is None:
        raise ConfigurationError(
            f"{firm.directory / 'firm.toml'} has no [approvals]", mend="say there where the links lead"
        )
    with open_store(firm) as store:
        app = make_app(firm, store, now)
        uvicorn.run(
            app,
            host=LOOPBACK,
            port=port or firm.approvals.port,
            log_config=logging_config(),
            server_header=False,
        )


def make_app(firm: Firm, store: Store, now: Callable[[], datetime]) -> Starlette:
    """The application; `now` is the only clock it has."""

    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, firm, store, request.path_params["token"], now())

    async def show_file(request: Request) -> Response:
        given = request.path_params
        return await run_in_threadpool(_show_file, firm, store, given["token"], given["number"], now())

    async def decide(request: Request) -> Response:
        form = await _form(request)
        return await run_in_threadpool(_decide, firm, store, form, now())

    async def refuse(_: Request, error: Exception) -> Response:
        status = cast(HTTPException, error).status_code
        return _answer(page.told(firm.name, "There is nothing here", "The address is not whole."), status)

    return Starlette(
        routes=[
            Route("/decide/{token}", show, methods=["GET"]),
            Route("/decide/{token}/{number:int}", show_file, methods=["GET"]),
            Route("/decide", decide, methods=["POST"]),
        ],
        exception_handlers={HTTPException: refuse},
    )


def _show(firm: Firm, store: Store, token: str, moment: datetime) -> Response:
    try:
        firm = load_firm(firm.directory)
        shown, person = actions.look(firm, store, token, moment=moment)
    except OpslayerError as error:
        return _refusal(firm, error)
    return _answer(page.asked(firm, shown, person, token), 200)


def _show_file(firm: Firm, store: Store, token: str, number: int, moment: datetime) -> Response:
    """What would go with the message, to keep and open: it is never shown as a page of ours."""
    try:
        firm = load_firm(firm.directory)
        shown, _ = actions.look(firm, store, token, moment=moment)
    except OpslayerError as error:
        return _refusal(firm, error)
    if number >= len(shown.attachments):
        raise HTTPException(404)
    file = shown.attachments[number]
    headers = HEADERS | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"}
    return Response(file.content, 200, headers=headers, media_type=file.type)


def _decide(firm: Firm, store: Store, form: dict[str, str], moment: datetime) -> Response:
    verdict = form.get("verdict")
    if verdict not in ("approve", "reject"):
        return _answer(page.told(firm.name, "Nothing was decided", "Say yes or no on the page before."), 400)
    try:
        firm = load_firm(firm.directory)
        with open_layer(firm) as layer:
            decided = actions.decide_by_link(
                firm, store, form.get("token", ""), cast(actions.Verdict, verdict),
                reason=form.get("reason", ""), moment=moment, layer=layer,
            )  # fmt: skip
    except OpslayerError as error:
        return _refusal(firm, error)
    return _answer(page.decided(firm, decided), 200)


def _refusal(firm: Firm, error: OpslayerError) -> Response:
    """Why nothing was decided, with the status that programs read."""
    title = "Nothing was decided"
    match error:
        case LinkRefused(why=why):
            status, title = REFUSED[why]
        case GuardrailHeld():
            status = 409
        case UsageError():
            status = 400
        case _:
            status = 503
    return _answer(page.told(firm.name, title, error.message, error.mend), status)


def _answer(html: str, status: int) -> Response:
    return HTMLResponse(html, status, headers=HEADERS)


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise HTTPException(413)
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10)
    except ValueError as error:
        raise HTTPException(400) from error
    return {name: values[0] for name, values in fields.items()}


class HideTokens(logging.Filter):
    """The path of a request as the log may have it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(TOKEN.sub("[token]", a) if isinstance(a, str) else a for a in record.args)
        return True


def logging_config() -> dict[str, Any]:
    config = deepcopy(LOGGING_CONFIG)
    config["filters"] = {"tokens": {"()": HideTokens}}
    for handler in config["handlers"].values():
        handler["filters"] = ["tokens"]
    return config

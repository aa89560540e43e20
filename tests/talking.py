"""A firm whose data name people, and a language model's server that says what it is told to."""

from __future__ import annotations

import json
from pathlib import Path

from opslayer.config import Firm, load_firm
from tests.receiver import Reply
from tests.reminders import AS_OF, BOOKS, MOMENT
from tests.snapshots import version

FIRM = f"""{BOOKS}
[models]
budget = {{budget}}
"""
ENDPOINT = """
[models.endpoints.{name}]
url = "http://127.0.0.1:{port}/v1"
model = "calm-1"
price_in = {price}
price_out = {price}
timeout_seconds = 1
at_once = {at_once}
"""
CORE = """
create schema core;
create table core.party as select 'p1' as party_id, 'Aldermoor Shipping Ltd' as name;
create table core.person as select 'e1' as person_id, 'Maeve O''Brien' as name;
create table core.billing_address as select 'Aldermoor Holdings' as name;
create table core.message as select 'José Núñez' as from_name;
"""


def write_firm(
    place: Path,
    *ports: int,
    store: str = "sqlite:///var/store.db",
    price: str = "0",
    budget: str = "0",
    at_once: int = 4,
) -> Firm:
    """A firm with a published snapshot, and an endpoint at each port: one, two, ..."""
    endpoints = "".join(
        ENDPOINT.format(name=name, port=port, price=price, at_once=at_once)
        for name, port in zip(("one", "two", "three"), ports, strict=False)
    )
    place.mkdir(parents=True, exist_ok=True)
    (place / "firm.toml").write_text(FIRM.format(store=store, budget=budget) + endpoints)
    firm = load_firm(place)
    with version(firm, as_of=AS_OF, moment=MOMENT) as connection:
        connection.execute(CORE)
    return firm


def said(
    text: str | None, *, finish: str = "stop", tokens: int = 10, late: float = 0, **message: object
) -> Reply:
    """A chat completion as the protocol has it."""
    body = {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "calm-1",
        "choices": [
            {"index": 0, "finish_reason": finish,
             "message": {"role": "assistant", "content": text, "refusal": None, **message}}
        ],
        "usage": {"prompt_tokens": tokens, "completion_tokens": tokens, "total_tokens": 2 * tokens},
    }  # fmt: skip
    return Reply(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"}, late=late)

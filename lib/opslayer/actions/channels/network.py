"""HTTP that reaches no private network unless its host is named: the address that is checked is the one used.

A name is resolved once, every address of it is looked at, and the connection is opened to the first of them;
what the name stands for a moment later (DNS rebinding) no longer matters. TLS still asks for the certificate
of the name. No redirect is followed, no proxy of the environment is used. (OWASP, Server-Side Request Forgery
Prevention; IANA special-purpose address registries, as Python's `ipaddress` has them.)
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpcore

MOST_READ = 2_000  # bytes of an answer that anybody looks at
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """The host is, or resolves to, an address inside a private network, and nobody allowed it by name."""


@dataclass(frozen=True)
class Answer:
    """Status, headers by lower-case name, and the beginning of the text."""

    status: int
    headers: dict[str, str]
    text: str


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes = b"",
    timeout: float,
    allowed: Iterable[str] = (),
    ca: Path | None = None,
) -> Answer:
    """One request, whatever it answers. `timeout` in seconds, for each of connecting, writing and reading.

    Raises ForbiddenAddress; httpcore's ConnectError and ConnectTimeout where nothing was handed over, its
    other errors where something was.
    """
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)}
    with (
        httpcore.ConnectionPool(ssl_context=context, network_backend=Guarded(frozenset(allowed))) as pool,
        pool.stream(method, url, headers=list(headers.items()), content=content, extensions=limits) as answer,
    ):
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        return Answer(answer.status, found, _beginning(answer, time.monotonic() + timeout))


def _beginning(answer: httpcore.Response, until: float) -> str:
    """What it says after its status; an end that never comes, or breaks off, changes nothing."""
    read = b""
    with suppress(httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
        for part in answer.iter_stream():
            read += part
            if len(read) >= MOST_READ or time.monotonic() > until:
                break
    return read[:MOST_READ].decode("utf-8", errors="replace")


class Guarded(httpcore.SyncBackend):
    """Opens connections only to public addresses, and to hosts that are allowed by name."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self.allowed = allowed

    def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> httpcore.NetworkStream:
        return super().connect_tcp(checked_address(host, port, self.allowed), port, *args, **more)


def checked_address(host: str, port: int, allowed: frozenset[str]) -> str:
    """The address to connect to. Raises ForbiddenAddress where any address of the host is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host} has no address: {error}") from error
    addresses = [str(address[0]) for *_, address in found]
    private = [address for address in addresses if not is_public(address)]
    if private and host not in allowed:
        raise ForbiddenAddress(f"{host} is {private[0]}, which is not a public address")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address, or the IPv4 address it stands for, is one of the public internet."""
    known = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(known, ipaddress.IPv6Address):
        within = [known.ipv4_mapped, known.sixtofour, *(known.teredo or ())]
        within += [ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)] if known in NAT64 else []
        if any(inner is not None and not is_public(str(inner)) for inner in within):
            return False
        if known.ipv4_mapped is not None:
            return True
    return known.is_global and not known.is_multicast

"""What the server of the pages is given: what opens the provider, and the headers of every answer."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opslayer.config import Firm, secret
from opslayer.errors import ConfigurationError

SHORTEST: Final = 32  # characters of a secret that signs with HMAC-SHA-256 (RFC 7518, 3.2)
LOOPBACK: Final = ("localhost", "127.0.0.1")
# What Streamlit 1.67 needs and no more: its scripts begin in the page itself, charts and tables draw with
# styles of their own and compile what they draw (unsafe-eval), figures are data: and blob: addresses.
POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def sign_in_secrets(firm: Firm) -> dict[str, Any]:
    """`st.secrets` of the pages; nothing where the firm has no [access.login]. It is held in memory alone.

    Raises ConfigurationError for a reference that leads nowhere, or a secret that is too short to sign with.
    """
    login = firm.access.login
    if login is None:
        return {}
    signs = secret(login.cookie_secret)
    if len(signs) < SHORTEST:
        raise ConfigurationError(
            f"the secret {login.cookie_secret} has {len(signs)} characters, {SHORTEST} are needed",
            mend="`openssl rand -hex 32` makes one",
        )
    return {
        "auth": {
            "redirect_uri": f"{login.address}/oauth2callback",
            "cookie_secret": signs,
            "client_id": login.client_id,
            "client_secret": secret(login.client_secret),
            "server_metadata_url": login.provider,
            "client_kwargs": {"scope": login.scope},
        }
    }


def server_options(firm: Firm) -> tuple[str, ...]:
    """Of `streamlit run`: the path prefix and the host names it answers to."""
    login = firm.access.login
    if login is None:
        return ()
    hosts = dict.fromkeys((*LOOPBACK, login.host))
    return (
        *((f"--server.baseUrlPath={login.path}",) if login.path else ()),
        *(f"--server.allowedHosts={host}" for host in hosts),
    )


class Headers:
    """Adds HEADERS to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, answered)

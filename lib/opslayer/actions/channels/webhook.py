"""A webhook: JSON, signed as Standard Webhooks 1.0 has it, with its key as webhook-id and Idempotency-Key.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md;
draft-ietf-httpapi-idempotency-key-header. What is posted is the same each time it is tried; only the moment
of the attempt and the signature differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpcore
from standardwebhooks.webhooks import Webhook

from opslayer.actions.channels import network
from opslayer.actions.channels.channel import Delivery, Effect, Finding
from opslayer.actions.channels.event import as_event, compensated
from opslayer.actions.channels.network import Answer, ForbiddenAddress
from opslayer.config import Firm, WebhookSettings, secret
from opslayer.errors import ChannelFailed, ConfigurationError

LATER = (408, 425, 429)  # beside 5xx: it did not take it, and may the next time
FROM_BETWEEN = (502, 504)  # said by a gateway, whose receiver may have acted all the same
LONGEST_WAIT = timedelta(days=1)  # however long a receiver asks to be left alone


@dataclass(frozen=True)
class WebhookChannel:
    """One receiver, as [channels.NAME] in firm.toml says."""

    firm: Firm
    name: str
    settings: WebhookSettings

    def __post_init__(self) -> None:
        """What is not set is said before anything is handed over. Raises ConfigurationError."""
        self._signer()
        self._url()
        if self.settings.authorization:
            secret(self.settings.authorization)
        if self._ca is not None and not self._ca.is_file():
            raise self._wrong("ca", "a PEM file", str(self._ca))

    @property
    def proves(self) -> bool:
        return self.settings.receiver_is_idempotent or self.settings.status_url is not None

    def check(self) -> str:
        """Ask the receiver for its OPTIONS, or for a key that it cannot have."""
        method, url = "OPTIONS", self._url()
        if self.settings.status_url:
            method, url = "GET", self.settings.status_url.format(key="0" * 64)
        try:
            answer = self._request(method, url, {})
        except (ForbiddenAddress, httpcore.TimeoutException, httpcore.NetworkError, OSError) as error:
            raise ChannelFailed(f"{self.name} was not reached: {_said(error)}") from error
        if answer.status in (401, 403) or answer.status >= 500 or 300 <= answer.status < 400:
            raise ChannelFailed(f"{self.name} answered {answer.status} to {method}")
        return f"it answered {answer.status} to {method}"

    def send(self, effect: Effect, *, may_send: Callable[[], bool]) -> Delivery:
        body = json.dumps(as_event(effect), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": f'"{effect.key}"',
            "webhook-id": effect.key,
            "webhook-timestamp": str(int(effect.moment.timestamp())),
            "webhook-signature": self._signer().sign(effect.key, effect.moment.astimezone(UTC), body),
        }
        if not may_send():
            return Delivery("deferred", "too much time had passed since it was claimed")
        try:
            answer = self._request("POST", self._url(), headers, body.encode())
        except ForbiddenAddress as error:
            return Delivery(
                "refused", f"{error}; allowed_hosts under [channels.{self.name}] names exceptions"
            )
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            return Delivery("unreachable", f"nobody answered: {_said(error)}")
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            return self._unclear(f"it was handed over and no answer came: {_said(error)}")
        if answer.status in FROM_BETWEEN or (answer.status == 409 and self.settings.receiver_is_idempotent):
            return self._unclear(_written(answer))  # 409: it is still at work on the one before
        return judge(answer, effect.moment)

    def confirm(self, effects: Sequence[Effect]) -> dict[str, Finding]:
        """By the status URL; without one, what a receiver that keeps keys did not answer may go again."""
        return {effect.key: self._finding(effect) for effect in effects}

    def compensate(self, sent: Effect, *, reason: str) -> dict[str, Any]:
        """An event of its own, which names the one it takes back."""
        return compensated(sent, channel=self.name, reason=reason)

    def _finding(self, effect: Effect) -> Finding:
        if self.settings.status_url is None:
            return "absent" if self.settings.receiver_is_idempotent else "unknown"
        try:
            status = self._request("GET", self.settings.status_url.format(key=effect.key), {}).status
        except (ForbiddenAddress, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            return "unknown"
        return "arrived" if status == 200 else "absent" if status in (404, 410) else "unknown"

    def _unclear(self, said: str) -> Delivery:
        """A receiver that keeps keys may be told again; of another nobody knows."""
        if self.settings.receiver_is_idempotent:
            return Delivery("deferred", f"{said}; it knows the key, so it is told again")
        return Delivery("unclear", said)

    def _request(self, method: str, url: str, headers: dict[str, str], content: bytes = b"") -> Answer:
        known = self.settings.authorization
        return network.request(
            method,
            url,
            headers=headers | ({"Authorization": secret(known)} if known else {}),
            content=content,
            timeout=self.settings.timeout_seconds,
            allowed=self.settings.allowed_hosts,
            ca=self._ca,
        )

    @property
    def _ca(self) -> Path | None:
        return self.firm.directory / self.settings.ca if self.settings.ca else None

    def _wrong(self, key: str, expected: str, got: str) -> ConfigurationError:
        place = f"{self.firm.directory / 'firm.toml'}\n  at channels.{self.name}\n  at key: {key}"
        return ConfigurationError(f"{place}\n    expected {expected}; got {got}")

    def _url(self) -> str:
        url = self.settings.url
        found = secret(url) if url.startswith(("env:", "keyring:")) else url
        host = httpcore.URL(found).host.decode()
        is_allowed = found.startswith("http://") and host in self.settings.allowed_hosts
        if not found.startswith("https://") and not is_allowed:
            raise self._wrong("url", "https, or http to a host that allowed_hosts names", "another")
        return found

    def _signer(self) -> Webhook:
        try:
            return Webhook(secret(self.settings.secret))
        except (ValueError, RuntimeError) as error:
            raise self._wrong("secret", "whsec_ and base64 behind it", self.settings.secret) from error


def judge(answer: Answer, moment: datetime) -> Delivery:
    """What a status means for one effect; a redirect is refused, wherever it points."""
    said = _written(answer)
    if 200 <= answer.status < 300:
        return Delivery("accepted", said)
    if answer.status in LATER or answer.status >= 500:
        return Delivery("deferred", said, retry_after(answer.headers.get("retry-after"), moment))
    if 300 <= answer.status < 400:
        return Delivery("refused", f"it redirects to {answer.headers.get('location')}, which is not followed")
    return Delivery("refused", said)


def retry_after(header: str | None, moment: datetime) -> timedelta:
    """Seconds or an HTTP date (RFC 9110, 10.2.3), a day at most; nothing for what is neither."""
    if not header:
        return timedelta()
    try:
        wait = (
            timedelta(seconds=min(int(header), 10**6))
            if header.strip().isdigit()
            else parsedate_to_datetime(header) - moment
        )
    except (ValueError, TypeError):
        return timedelta()
    return min(max(wait, timedelta()), LONGEST_WAIT)


def _written(answer: Answer) -> str:
    text = " ".join(answer.text.split())[:300]
    return f"{answer.status} {text}".strip()


def _said(error: BaseException) -> str:
    return f"{error}" or type(error).__name__

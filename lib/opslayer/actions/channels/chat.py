"""Chat and SMS by Apprise: one URL a service (https://appriseit.com/services), which holds its secrets.

A service says that it took a message, or it does not; why, Apprise does not tell. So whatever is not a yes is
unclear and waits for a person, who finds the message by its reference; unless the firm would rather have it
twice than not at all (`may_repeat`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from opslayer.actions.channels.channel import Delivery, Effect, Finding
from opslayer.actions.channels.event import compensated
from opslayer.config import ChatSettings, Firm, secret
from opslayer.errors import ConfigurationError

REFERENCE = 12  # digits of the key that stand below a message


@dataclass(frozen=True)
class ChatChannel:
    """One room, or one telephone, as [channels.NAME] in firm.toml says."""

    firm: Firm
    name: str
    settings: ChatSettings

    def __post_init__(self) -> None:
        """Raises ConfigurationError for a secret that is not set, or is no URL that Apprise knows."""
        self._service()

    @property
    def proves(self) -> bool:
        return self.settings.may_repeat

    def check(self) -> str:
        """Whether Apprise knows the service; it has no way to ask one without a message."""
        return f"a service that Apprise knows: {self._service()[0].service_name}"

    def send(self, effect: Effect, *, may_send: Callable[[], bool]) -> Delivery:
        service = self._service()
        text = f"{effect.content['text'].strip()}\n\n{self.firm.name}, reference {effect.key[:REFERENCE]}"
        if not may_send():
            return Delivery("deferred", "too much time had passed since it was claimed")
        if service.notify(title=effect.content["subject"], body=text, body_format="text"):
            return Delivery("accepted", f"{service[0].service_name} took it")
        said = f"{service[0].service_name} did not say that it took reference {effect.key[:REFERENCE]}"
        return Delivery("deferred" if self.settings.may_repeat else "unclear", said)

    def confirm(self, effects: Sequence[Effect]) -> dict[str, Finding]:
        return {effect.key: "absent" if self.settings.may_repeat else "unknown" for effect in effects}

    def compensate(self, sent: Effect, *, reason: str) -> dict[str, Any]:
        """Another message: what was said cannot be unsaid."""
        return compensated(sent, channel=self.name, reason=reason)

    def _service(self) -> Any:
        from apprise import Apprise, AppriseAsset  # loaded only where a firm uses it

        service: Any = Apprise(asset=AppriseAsset(http_redirects=False, secure_logging=True))
        if not service.add(secret(self.settings.url)):
            raise ConfigurationError(
                f"[channels.{self.name}] in firm.toml\n  at key: url\n"
                f"    expected {self.settings.url} to hold a URL that Apprise knows; it does not"
            )
        return service

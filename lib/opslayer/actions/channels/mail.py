"""Mail as a channel: SMTP sends, the mailbox of copies confirms, a mail in the same thread corrects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from opslayer.actions import mail
from opslayer.actions.channels.channel import Delivery, Effect, Finding
from opslayer.actions.rendering import render
from opslayer.config import Firm, MailSection


@dataclass(frozen=True)
class MailChannel:
    """The firm's mail server, as [mail] in firm.toml says."""

    firm: Firm
    settings: MailSection
    name: str = "mail"

    @property
    def proves(self) -> bool:
        return self.settings.proof is not None

    def check(self) -> str:
        return mail.greet(self.settings)

    def send(self, effect: Effect, *, may_send: Callable[[], bool]) -> Delivery:
        message = mail.compose(
            effect.content,
            sender=effect.content.get("sender") or self.settings.sender,
            message_id=effect.message_id,
            moment=effect.moment,
            thread=effect.thread,
        )
        return mail.deliver(self.settings, message, may_send=may_send)

    def confirm(self, effects: Sequence[Effect]) -> dict[str, Finding]:
        """A copy that is there proves that it left; without a mailbox of copies nobody knows."""
        proof = mail.open_proof(self.firm)
        if proof is None:
            return {effect.key: "unknown" for effect in effects}
        copies = mail.arrived(proof)
        return {effect.key: "arrived" if effect.message_id in copies else "absent" for effect in effects}

    def compensate(self, sent: Effect, *, reason: str) -> dict[str, Any]:
        """A mail that was sent cannot be unsent: a correction to the same reader, in its thread."""
        return correction(self.firm, sent, reason)


def correction(firm: Firm, sent: Effect, reason: str) -> dict[str, Any]:
    """The mail that takes another one back; its reader is told the reason."""
    subject = f"Correction: {sent.content['subject']}"
    paragraphs = [
        f'Please disregard our message "{sent.content["subject"]}" of {sent.moment:%-d %B %Y}.',
        reason,
        "We apologise for the trouble.",
    ]
    letter = {"title": subject, "seller": {"name": firm.name}, "paragraphs": paragraphs}
    return {
        "recipient": sent.content["recipient"],
        "sender": sent.content.get("sender"),
        "subject": subject,
        "text": "\n\n".join(paragraphs) + "\n",
        "html": render(firm, "letter.html.j2", letter),
    }

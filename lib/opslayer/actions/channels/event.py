"""What a program is told of an effect: the same each time it is tried, so that a receiver can tell it is."""

from __future__ import annotations

from typing import Any

from opslayer.actions.channels.channel import Effect

COMPENSATED = "compensated"


def as_event(effect: Effect) -> dict[str, Any]:
    """`type`, `timestamp` and `data`, as Standard Webhooks recommends; what undoes another names its key."""
    event = effect.content.get("event")
    words = {name: effect.content[name] for name in ("subject", "text") if name in effect.content}
    more = {"compensates": effect.content["compensates"]} if "compensates" in effect.content else {}
    values = {"values": effect.content.get("data", {})}
    return {
        "type": ".".join(filter(None, ("opslayer", effect.detail["rule"], event))),
        "timestamp": effect.detail["proposed_at"],
        "data": {"key": effect.key, **effect.detail, **words, **values, **more},
    }


def compensated(sent: Effect, *, channel: str, reason: str) -> dict[str, Any]:
    """The content of an event that takes `sent` back; its receiver knows what that means."""
    return {
        "channel": channel,
        "event": COMPENSATED,
        "compensates": sent.key,
        "recipient": sent.content.get("recipient"),
        "subject": f"Taken back: {sent.content['subject']}",
        "text": f"{reason}\n",
        "html": sent.content["html"],
        "data": sent.content.get("data", {}),
    }

"""A folder another system reads: one file an effect, named by its key, there as a whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opslayer.actions.channels.channel import Delivery, Effect, Finding
from opslayer.actions.channels.event import as_event, compensated
from opslayer.actions.spreadsheet import plain
from opslayer.config import Firm, FolderSettings
from opslayer.errors import ChannelFailed


@dataclass(frozen=True)
class FolderChannel:
    """One folder, as [channels.NAME] in firm.toml says; its reader moves what it has read to `archive`."""

    firm: Firm
    name: str
    settings: FolderSettings

    proves = True

    @property
    def place(self) -> Path:
        return self.firm.directory / self.settings.path

    @property
    def archive(self) -> Path | None:
        return self.firm.directory / self.settings.archive if self.settings.archive else None

    def check(self) -> str:
        for folder in filter(None, (self.place, self.archive)):
            if not folder.is_dir():
                raise ChannelFailed(f"{folder} is no folder")
        if not os.access(self.place, os.W_OK | os.X_OK):
            raise ChannelFailed(f"{self.place} is not ours to write to")
        return f"{self.place} can be written to"

    def send(self, effect: Effect, *, may_send: Callable[[], bool]) -> Delivery:
        name = f"{effect.key}.{self.settings.format}"
        if self._is_there(effect.key):
            return Delivery("accepted", f"{name} was there already")
        if not self.place.is_dir():
            return Delivery("unreachable", f"{self.place} is not there")
        text = as_csv(effect) if self.settings.format == "csv" else as_json(effect)
        unfinished = self.place / f".{name}.part"
        try:
            _write(unfinished, text.encode())
            if not may_send():
                unfinished.unlink()
                return Delivery("deferred", "too much time had passed since it was claimed")
            unfinished.replace(self.place / name)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            return Delivery("deferred", f"{name} could not be written: {error.strerror}")
        return Delivery("accepted", name)

    def confirm(self, effects: Sequence[Effect]) -> dict[str, Finding]:
        """It is there, or was read and put away; where the folder itself is gone, nobody can tell."""
        if not self.place.is_dir():
            return {effect.key: "unknown" for effect in effects}
        return {effect.key: "arrived" if self._is_there(effect.key) else "absent" for effect in effects}

    def compensate(self, sent: Effect, *, reason: str) -> dict[str, Any]:
        """Another file, which names the one it takes back."""
        return compensated(sent, channel=self.name, reason=reason)

    def _is_there(self, key: str) -> bool:
        if (self.place / f"{key}.{self.settings.format}").exists():
            return True
        return self.archive is not None and next(self.archive.rglob(f"*{key}*"), None) is not None


def as_json(effect: Effect) -> str:
    return json.dumps(as_event(effect), ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def as_csv(effect: Effect) -> str:
    """A line of names and a line of values (RFC 4180); no cell is a formula."""
    event = as_event(effect)
    values = event["data"].pop("values")
    row = {"type": event["type"], "timestamp": event["timestamp"], **event["data"], **values}
    row.pop("text", None)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(plain(name) for name in row)
    writer.writerow(plain(value) for value in row.values())
    return file.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Onto the disk, and not only into the machine's memory."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

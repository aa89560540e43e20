"""Telling people of alerts: `routing` decides whom and when, `words` what is said; `telling` does it once."""

from opslayer.actions.alarm.telling import Told, tell

__all__ = ["Told", "tell"]

"""Alerts: where each metric stands against its expected range, over time."""

from opslayer.alerts.record import Alert, acknowledge, evaluate, list_alerts, silence
from opslayer.alerts.state import Standing, State, transition

__all__ = ["Alert", "Standing", "State", "acknowledge", "evaluate", "list_alerts", "silence", "transition"]

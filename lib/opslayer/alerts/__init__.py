"""Alerts: how the firm and each of its clients, projects and practices stand to what is expected of them."""

from opslayer.alerts.definition import Definition, load_definitions, unit_of
from opslayer.alerts.evaluation import end_silences, evaluate, evaluate_new, is_evaluated
from opslayer.alerts.finding import Finding, find, signal
from opslayer.alerts.history import changes, episodes, median_hours
from opslayer.alerts.people import acknowledge, lift, silence
from opslayer.alerts.record import AT_REST, Alert, list_alerts
from opslayer.alerts.state import Standing, State, Terms

__all__ = [
    "AT_REST",
    "Alert",
    "Definition",
    "Finding",
    "Standing",
    "State",
    "Terms",
    "acknowledge",
    "changes",
    "end_silences",
    "episodes",
    "evaluate",
    "evaluate_new",
    "find",
    "is_evaluated",
    "lift",
    "list_alerts",
    "load_definitions",
    "median_hours",
    "signal",
    "silence",
    "unit_of",
]

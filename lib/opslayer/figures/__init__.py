"""Figures and tables from frames, the same in notebooks and dashboards."""

from opslayer.figures.bridge import margin_bridge
from opslayer.figures.cash import aging, cash_forecast, cash_position, dso, payment_intervals
from opslayer.figures.chain import capacity_weeks, chain_moves, shortage_map
from opslayer.figures.delivery import project_completion
from opslayer.figures.effect import replay_months, rule_effect
from opslayer.figures.inquiries import inquiry_room, scope_prices
from opslayer.figures.metric import alert_table, as_of, expected, metric_table
from opslayer.figures.paper import places
from opslayer.figures.people import utilisation_levels, utilisation_weeks, week_against_plan
from opslayer.figures.results import pnl, unusual_months, variance_bridge
from opslayer.figures.revenue import revenue_change, revenue_forecast, win_calibration
from opslayer.figures.series import call_hours, metric_ahead, metric_surprise
from opslayer.figures.staffing import staffing_weeks
from opslayer.figures.style import Theme
from opslayer.figures.table import SHARES, Table, table
from opslayer.figures.words import in_words

__all__ = [
    "SHARES",
    "Table",
    "Theme",
    "aging",
    "alert_table",
    "as_of",
    "call_hours",
    "capacity_weeks",
    "cash_forecast",
    "cash_position",
    "chain_moves",
    "dso",
    "expected",
    "in_words",
    "inquiry_room",
    "margin_bridge",
    "metric_ahead",
    "metric_surprise",
    "metric_table",
    "payment_intervals",
    "places",
    "pnl",
    "project_completion",
    "replay_months",
    "revenue_change",
    "revenue_forecast",
    "rule_effect",
    "scope_prices",
    "shortage_map",
    "staffing_weeks",
    "table",
    "unusual_months",
    "utilisation_levels",
    "utilisation_weeks",
    "variance_bridge",
    "week_against_plan",
    "win_calibration",
]

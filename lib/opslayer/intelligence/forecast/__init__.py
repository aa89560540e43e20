"""What comes next of any series: a combination of methods, intervals that cover, parts that add up."""

from opslayer.intelligence.forecast.combination import LEVELS, MODEL, NAIVE, VERSION, Forecast, forecast
from opslayer.intelligence.forecast.hierarchy import reconcile

__all__ = ["LEVELS", "MODEL", "NAIVE", "VERSION", "Forecast", "forecast", "reconcile"]

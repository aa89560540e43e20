"""Metrics: definitions in YAML and SQL, measured on a published snapshot."""

from opslayer.metrics.history import history, kept_today
from opslayer.metrics.metric import (
    Metric,
    MetricValue,
    Range,
    Unit,
    difference,
    load_metrics,
    measure,
    written,
)
from opslayer.metrics.proof import Proof, prove

__all__ = [
    "Metric",
    "MetricValue",
    "Proof",
    "Range",
    "Unit",
    "difference",
    "history",
    "kept_today",
    "load_metrics",
    "measure",
    "prove",
    "written",
]

"""Metrics: definitions in YAML and SQL, measured on a published snapshot."""

from opslayer.metrics.cut import Texts, cut
from opslayer.metrics.history import history, kept_today
from opslayer.metrics.metric import (
    Dimension,
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
    "Dimension",
    "Metric",
    "MetricValue",
    "Proof",
    "Range",
    "Texts",
    "Unit",
    "cut",
    "difference",
    "history",
    "kept_today",
    "load_metrics",
    "measure",
    "prove",
    "written",
]

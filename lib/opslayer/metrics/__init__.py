"""Metrics: definitions in YAML and SQL, measured on a published snapshot."""

from opslayer.metrics.check import Fault, check
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
from opslayer.metrics.reference import expected as expected_words
from opslayer.metrics.reference import reference

__all__ = [
    "Dimension",
    "Fault",
    "Metric",
    "MetricValue",
    "Proof",
    "Range",
    "Texts",
    "Unit",
    "check",
    "cut",
    "difference",
    "expected_words",
    "history",
    "kept_today",
    "load_metrics",
    "measure",
    "prove",
    "reference",
    "written",
]

"""Metrics: definitions in YAML and SQL, measured on a published snapshot."""

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

__all__ = ["Metric", "MetricValue", "Range", "Unit", "difference", "load_metrics", "measure", "written"]

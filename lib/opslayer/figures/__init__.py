"""Figures and tables from frames, the same in notebooks and dashboards."""

from opslayer.figures.table import Table, table

__all__ = ["Table", "table"]

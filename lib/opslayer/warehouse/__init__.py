"""The warehouse: land, build, audit, publish, read.

A build goes into a file nobody reads; a published version never changes; readers follow one pointer.
"""

from opslayer.warehouse.blank import blank_layer, published_columns
from opslayer.warehouse.build import Built, BuiltModel, build
from opslayer.warehouse.layer import Layer, open_layer, query_names, query_path
from opslayer.warehouse.models import Model, load_models, tables_read
from opslayer.warehouse.outputs import published_in
from opslayer.warehouse.publish import (
    Refreshed,
    audit,
    land,
    publish,
    refresh,
    refused_contracts,
    save_outputs,
)
from opslayer.warehouse.reading import check_reading, position
from opslayer.warehouse.statistics import table_statistics
from opslayer.warehouse.versions import Pruned, Version, current, pruned_version, rollback, versions

__all__ = [
    "Built",
    "BuiltModel",
    "Layer",
    "Model",
    "Pruned",
    "Refreshed",
    "Version",
    "audit",
    "blank_layer",
    "build",
    "check_reading",
    "current",
    "land",
    "load_models",
    "open_layer",
    "position",
    "pruned_version",
    "publish",
    "published_columns",
    "published_in",
    "query_names",
    "query_path",
    "refresh",
    "refused_contracts",
    "rollback",
    "save_outputs",
    "table_statistics",
    "tables_read",
    "versions",
]

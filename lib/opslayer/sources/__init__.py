"""Land: pulls what is new from a firm's systems into Parquet, as it is."""

from opslayer.sources.manifest import Manifest, RawTable, next_load_id, raw_tables, read_manifest, write_table
from opslayer.sources.mapping import EntitySelect, MappedTable, Mapping, load_mapping

__all__ = [
    "EntitySelect",
    "Manifest",
    "MappedTable",
    "Mapping",
    "RawTable",
    "load_mapping",
    "next_load_id",
    "raw_tables",
    "read_manifest",
    "write_table",
]

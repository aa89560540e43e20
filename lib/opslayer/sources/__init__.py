"""Land: pulls what is new from a firm's systems into Parquet, as it is."""

from opslayer.sources.documents import kept_document
from opslayer.sources.drift import DriftPolicy
from opslayer.sources.imap import ImapFolder
from opslayer.sources.landing import PlannedTable, land, plan_land
from opslayer.sources.manifest import Manifest, RawTable, next_load_id, raw_tables, read_manifest, write_table
from opslayer.sources.mapping import EntitySelect, MappedTable, Mapping, load_mapping
from opslayer.sources.table import Landed

__all__ = [
    "DriftPolicy",
    "EntitySelect",
    "ImapFolder",
    "Landed",
    "Manifest",
    "MappedTable",
    "Mapping",
    "PlannedTable",
    "RawTable",
    "kept_document",
    "land",
    "load_mapping",
    "next_load_id",
    "plan_land",
    "raw_tables",
    "read_manifest",
    "write_table",
]

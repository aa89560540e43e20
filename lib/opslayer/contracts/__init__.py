"""Contracts: what the data must be, in the open standard, and how it stood."""

from opslayer.contracts.audit import AuditReport, Result, audit
from opslayer.contracts.contract import Column, Contract, Rule, Table
from opslayer.contracts.odcs import load_contracts, read_contract, source_tables
from opslayer.contracts.quarantine import QuarantineCount, split_quarantine

__all__ = [
    "AuditReport",
    "Column",
    "Contract",
    "QuarantineCount",
    "Result",
    "Rule",
    "Table",
    "audit",
    "load_contracts",
    "read_contract",
    "source_tables",
    "split_quarantine",
]

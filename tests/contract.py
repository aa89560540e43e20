"""A small contract and its tables, for tests of quarantine and audit."""

from __future__ import annotations

import textwrap
from datetime import date
from pathlib import Path

import duckdb

from opslayer.contracts import Contract, read_contract

AS_OF = date(2026, 11, 16)
DOCUMENT = """
    apiVersion: v3.1.0
    kind: DataContract
    id: small
    name: small
    version: 1.2.0
    status: active
    team: {name: Finance}
    description: {purpose: three tables <with> a chain}
    slaProperties:
    - {property: freshness, value: 30, unit: d, element: staging.invoice.issued_on}
    schema:
    - name: staging.line
      physicalType: table
      description: lines
      customProperties: [{property: severity, value: quarantine}]
      properties:
      - {name: line_id, logicalType: string, physicalType: VARCHAR, required: true}
      - {name: source, logicalType: string, physicalType: VARCHAR}
      - {name: source_key, logicalType: string, physicalType: VARCHAR}
      - name: invoice_id
        logicalType: string
        physicalType: VARCHAR
        relationships: [{type: foreignKey, to: staging.invoice.invoice_id}]
    - name: staging.invoice
      physicalType: table
      description: invoices
      customProperties: [{property: severity, value: quarantine}]
      properties:
      - name: invoice_id
        logicalType: string
        physicalType: VARCHAR
        primaryKey: true
        primaryKeyPosition: 1
      - {name: source, logicalType: string, physicalType: VARCHAR}
      - {name: source_key, logicalType: string, physicalType: VARCHAR}
      - name: party_id
        logicalType: string
        physicalType: VARCHAR
        relationships: [{type: foreignKey, to: staging.party.party_id}]
      - {name: issued_on, logicalType: date, physicalType: DATE, required: true}
      - name: total
        logicalType: number
        physicalType: DECIMAL(18,2)
        logicalTypeOptions: {minimum: 0, maximum: 1000}
        customProperties: [{property: unit, value: base currency}]
      quality:
      - name: not of the future
        type: sql
        severity: quarantine
        query: select count(*) from ${object} t where t.issued_on > $as_of + 366
        mustBe: 0
      - name: number has 2 letters, a colon and no %
        type: sql
        severity: warn
        query: >-
          select count(*) from ${object} t where not regexp_full_match(t.source_key, '[a-z]{1,2}:[0-9]+')
          or t.source_key like '%!%%' escape '!' or t.total::varchar = ':x'
        mustBe: 0
    - name: staging.party
      physicalType: table
      description: parties
      customProperties: [{property: severity, value: quarantine}]
      properties:
      - {name: party_id, logicalType: string, physicalType: VARCHAR, primaryKey: true, primaryKeyPosition: 1}
      - {name: source, logicalType: string, physicalType: VARCHAR}
      - {name: source_key, logicalType: string, physicalType: VARCHAR}
      - name: kind
        logicalType: string
        physicalType: VARCHAR
        enum: [{value: client}, {value: "it's a supplier"}]
      quality:
      - {metric: rowCount, type: library, name: rows, severity: block, mustBeBetween: [1, 3]}
"""
TABLES = """
    create schema staging;
    create schema quality;
    create table staging.party (party_id varchar, source varchar, source_key varchar, kind varchar);
    create table staging.invoice (
        invoice_id varchar, source varchar, source_key varchar, party_id varchar, issued_on date,
        total decimal(18, 2)
    );
    create table staging.line (line_id varchar, source varchar, source_key varchar, invoice_id varchar);
    insert into staging.party values ('p1', 's', 'p:1', 'client'), ('p2', 's', 'p:2', 'it''s a supplier');
    insert into staging.invoice values
        ('i1', 's', 'i:1', 'p1', date '2026-11-01', 10), ('i2', 's', 'i:2', 'p2', date '2026-10-01', 20),
        ('i3', 's', 'i:3', null, date '2026-10-02', null);
    insert into staging.line values
        ('l1', 's', 'l:1', 'i1'), ('l2', 's', 'l:2', 'i2'), ('l3', 's', 'l:3', 'i3'), ('l4', 's', 'l:4', null)
"""


def small_contract(folder: Path) -> Contract:
    """Parties, invoices and lines: a chain of foreign keys, one rule of each kind."""
    path = folder / "small.odcs.yaml"
    path.write_text(textwrap.dedent(DOCUMENT), encoding="utf-8")
    return read_contract(path)


def create_tables(connection: duckdb.DuckDBPyConnection, *changes: str) -> None:
    """Rows that keep to the contract, then what a test changes of them."""
    for statement in (*TABLES.split(";"), *changes):
        connection.execute(statement)

"""The project tool's export: projects, tasks, milestones and the plan, which names clients, deals, invoices
and people as the other systems do."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

Tables = dict[str, pl.DataFrame]
TESTS = 4  # projects somebody made to try the tool out, and deleted


def project_tables(
    work: Tables, people: pl.DataFrame, clients: pl.DataFrame, *, as_of: date, key: dict[str, Any]
) -> Tables:
    """The tables project, task, milestone, allocation and contract, from the templates' tables of the work.

    A client stands by its name in the books, a person by address, an invoice by its number, a deal by its
    key in the CRM. What a table has beside the known columns stays under its own name.
    """
    address = dict(people.select("person_id", "email").iter_rows())
    client = dict(clients.select("party_id", "name").iter_rows())
    stamp = str(
        (as_of - date(1970, 1, 1)).days * 86_400_000 - 18 * 3_600_000
    )  # epoch milliseconds, the day before
    project = work["project"].with_columns(
        pl.col("party_id").replace_strict(client, return_dtype=pl.String).alias("client"),
        pl.col("manager_id").replace_strict(address, return_dtype=pl.String).alias("manager_email"),
        pl.col("project_id").alias("code"),
        pl.lit("false").alias("deleted"),
        pl.lit(stamp).alias("updated_at"),
    )
    project = project.drop("party_id", "manager_id").rename(
        {"project_id": "id", "opportunity_id": "crm_deal_id"}
    )
    tests = project.head(TESTS).with_columns(
        pl.format("{}-TEST", "id").alias("id"),
        pl.format("{}-TEST", "code").alias("code"),
        pl.lit("Test project").alias("name"),
        pl.lit("TRUE").alias("deleted"),
    )
    key.setdefault("dirt", {})["deleted_projects"] = tests["id"].to_list()
    number = pl.format("INV-{}", pl.col("invoice_id").str.slice(1))
    return {
        "project": pl.concat([project, tests]),
        "task": work["task"].rename({"task_id": "id"}),
        "milestone": work["milestone"]
        .with_columns(number.alias("invoice_number"))
        .drop("invoice_id")
        .rename({"milestone_id": "id"}),
        "allocation": work["assignment"]
        .with_columns(
            pl.col("person_id").replace_strict(address, return_dtype=pl.String).alias("person_email")
        )
        .drop("person_id")
        .rename({"assignment_id": "id"}),
        "contract": work["contract"].rename({"contract_id": "id"}),
    }

"""The time tracker's detailed report, in Harvest's columns, as it is exported month upon month."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

OWN = "Harrow & Vale Advisory"
TASKS_AT = "https://plan.harrowvale.example/tasks/"
NO_CODE, CORRECTED, REPEATED = 400, 250, 300  # entries of a million
OLD_ADDRESS = 3  # people who still sign in with the address of the firm's former domain


def time_report(
    entries: pl.DataFrame, projects: pl.DataFrame, clients: pl.DataFrame, people: pl.DataFrame, *,
    seed: int, key: dict[str, Any],
) -> pl.DataFrame:  # fmt: skip
    """The entries of the template as the tracker reports them.

    Adds to the key's `dirt` the entries whose project code is empty, those that were corrected (the first
    version is there too, with an earlier stamp), and those that came twice.
    """
    chance = np.random.default_rng([seed, 31])
    here = people.filter(pl.col("person_id").is_in(entries["person_id"].unique().implode()))
    address = addresses(here, chance, key)
    client = projects.select(
        "project_id",
        pl.col("name").alias("project"),
        pl.col("party_id").replace_strict(dict(clients.select("party_id", "name").iter_rows()), default=OWN)
        .fill_null(OWN).alias("client"),
    )  # fmt: skip
    person = people.select(
        "person_id",
        pl.col("name").str.split(" ").list.first().alias("given"),
        pl.col("name").str.split(" ").list.last().alias("family"),
        pl.col("person_id").replace_strict(address, default=None, return_dtype=pl.String).alias("address"),
    )
    report = (
        entries.join(client, on="project_id", how="left", maintain_order="left")
        .join(person, on="person_id", how="left", maintain_order="left")
        .select(
            pl.col("time_entry_id").alias("ID"),
            pl.col("worked_on").alias("Date"),
            pl.col("client").alias("Client"),
            pl.col("project").alias("Project"),
            pl.col("project_id").alias("Project Code"),
            pl.col("note").alias("Notes"),
            pl.col("hours").alias("Hours"),
            pl.when(pl.col("is_billable") == "true")
            .then(pl.lit("Yes"))
            .otherwise(pl.lit("No"))
            .alias("Billable?"),
            pl.col("given").alias("First Name"),
            pl.col("family").alias("Last Name"),
            pl.col("address").alias("Email"),
            pl.col("bill_rate").alias("Billable Rate"),
            pl.format("{}{}", pl.lit(TASKS_AT), "task_id").alias("External Reference URL"),
            pl.col("entered_at").alias("Created At"),
            pl.col("entered_at").alias("Updated At"),
        )
    )
    return _with_dirt(report, chance, key)


def addresses(people: pl.DataFrame, chance: np.random.Generator, key: dict[str, Any]) -> dict[str, str]:
    """Person -> the address in the tracker: a few of the former domain, a few in capitals."""
    address = dict(people.select("person_id", "email").iter_rows())
    here = people.filter(pl.col("left_on").is_null())["person_id"].to_list()
    picked = [here[int(index)] for index in chance.permutation(len(here))[: 2 * OLD_ADDRESS]]
    for person in picked[:OLD_ADDRESS]:
        address[person] = address[person].replace("@harrowvale.", "@harrow-and-vale.")
    for person in picked[OLD_ADDRESS:]:
        address[person] = address[person].upper()
    pairs = key.setdefault("crosswalk", {"party": [], "person": []})
    pairs["person"] += [[f"time:{theirs.lower()}", f"people:{ours}"] for ours, theirs in address.items()]
    key.setdefault("dirt", {})["people_with_an_old_address"] = sorted(picked[:OLD_ADDRESS])
    return address


def _with_dirt(report: pl.DataFrame, chance: np.random.Generator, key: dict[str, Any]) -> pl.DataFrame:
    share = len(report) / 1_000_000
    sizes = [max(3, round(size * share)) for size in (NO_CODE, CORRECTED, REPEATED)]
    plain = np.flatnonzero((report["Project Code"].is_not_null() & (report["Billable?"] == "Yes")).to_numpy())
    plain = plain[: int(len(plain) * 0.98)]  # the last week has dirt of its own
    picked = np.split(chance.permutation(plain)[: sum(sizes)], np.cumsum(sizes)[:-1])
    without, corrected, repeated = (np.sort(places) for places in picked)
    ids = report["ID"]
    for name, places in (
        ("entries_without_code", without), ("corrected_entries", corrected), ("entries_sent_twice", repeated),
    ):  # fmt: skip
        key["dirt"][name] = ids.gather(places).to_list()
    blank = pl.Series(np.isin(np.arange(len(report)), without))
    report = report.with_columns(
        pl.when(blank).then(pl.lit(None, pl.String)).otherwise("Project Code").alias("Project Code")
    )
    changed = pl.Series(np.isin(np.arange(len(report)), corrected))
    later = pl.format(
        "{}T09:30:00Z", pl.col("Created At").str.slice(0, 10).str.to_date() + pl.duration(days=2)
    )
    first = report.filter(changed).with_columns(Hours=pl.lit("8.50"))
    report = report.with_columns(pl.when(changed).then(later).otherwise("Updated At").alias("Updated At"))
    again = report.filter(pl.Series(np.isin(np.arange(len(report)), repeated)))
    return pl.concat([report, first, again])

"""The CRM's tables as a Salesforce connector lands them, with what people have done to its accounts."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from opslayer.demo.parties import client_name

RENAMED, SPELLED, MISTYPED, DELETED, PROSPECTS = 6, 12, 4, 5, 30  # accounts, at scale 1
NEW_NAMES = ("Vantage", "Ostara", "Lumen", "Corvia", "Nordhaven", "Solvane")
SPELLINGS = ("{} Ltd", "{} Limited", "THE {}", "{} GmbH", " {} ", "{}, Inc.")
STAGES = {"won": "Closed Won", "lost": "Closed Lost"}
SYNCED = "2026-11-16 04:00:00"

Tables = dict[str, pl.DataFrame]


def crm_tables(
    parties: pl.DataFrame, people: pl.DataFrame, deals: Tables, *, seed: int, key: dict[str, Any]
) -> Tables:
    """The tables account, user, opportunity, opportunity_history and opportunity_line_item.

    `deals` has opportunity, opportunity_stage and opportunity_role of the templates. Adds to the key's
    `crosswalk` which account is which client and which user is whom, and to its `dirt` what was changed.
    """
    clients = parties.filter(kind="client")
    accounts = _accounts(clients, np.random.default_rng([seed, 30]), key)
    account = dict(zip(clients["party_id"], accounts["id"], strict=False))
    owners = deals["opportunity"]["owner_id"].unique().sort()
    user = {person: f"0051G00000{person}QAA" for person in owners}
    pairs = key.setdefault("crosswalk", {"party": [], "person": []})
    pairs["party"] += [[f"crm:{theirs}", f"ledger:{ours}"] for ours, theirs in account.items()]
    pairs["person"] += [[f"crm:{theirs}", f"people:{ours}"] for ours, theirs in user.items()]
    opportunity = _opportunities(deals["opportunity"], account, user)
    return {
        "account": accounts,
        "user": _users(people, user),
        "opportunity": opportunity,
        "opportunity_history": _history(deals["opportunity_stage"], opportunity),
        "opportunity_line_item": _roles(deals["opportunity_role"]),
    }


def _accounts(clients: pl.DataFrame, chance: np.random.Generator, key: dict[str, Any]) -> pl.DataFrame:
    """An account a client, some of them renamed, respelled or mistyped since; prospects; some deleted."""
    count = len(clients)
    picked = [int(index) for index in chance.permutation(count)]
    few = max(1, round(RENAMED * min(1.0, count / 240)))
    spelled = max(1, round(SPELLED * min(1.0, count / 240)))
    renamed, respelled = picked[:few], picked[few : few + spelled]
    mistyped = picked[few + spelled : few + spelled + MISTYPED]
    names, domains = clients["name"].to_list(), clients["email"].str.split("@").list.last().to_list()
    shown, sites = list(names), [f"https://www.{domain}" for domain in domains]
    for turn, index in enumerate(renamed):
        shown[index] = f"{NEW_NAMES[turn % len(NEW_NAMES)]} {names[index].split()[1]}"
    for turn, index in enumerate(respelled):
        shown[index] = SPELLINGS[turn % len(SPELLINGS)].format(names[index])
        sites[index] = ""
    for index in mistyped:  # a letter too many, and the country's domain
        shown[index] = names[index].replace("e", "ee", 1)
        sites[index] = f"http://{domains[index].removesuffix('.example')}.ie.example"
    ids = clients["party_id"].to_list()
    key.setdefault("dirt", {})["renamed_clients"] = sorted(ids[index] for index in renamed)
    key["dirt"]["clients_spelled_another_way"] = sorted(ids[index] for index in (*respelled, *mistyped))
    rows = [
        (account_id(n), name, site, "Customer", "false")
        for n, (name, site) in enumerate(zip(shown, sites, strict=True))
    ]
    gone = [(account_id(count + n), names[n], sites[n], "Customer", "true") for n in range(DELETED)]
    new = [client_name(count + 7 + n) for n in range(PROSPECTS)]
    hoped = [
        (
            account_id(count + DELETED + n),
            name,
            f"https://{name.lower().replace(' ', '')}.example",
            "Prospect",
        )
        for n, name in enumerate(new)
    ]
    key["dirt"]["deleted_accounts"] = [row[0] for row in gone]
    return pl.DataFrame(
        [*rows, *gone, *((*row, "FALSE") for row in hoped)],
        schema=["id", "name", "website", "type", "is_deleted"],
        orient="row",
    ).with_columns(_fivetran_synced=pl.lit(SYNCED), _fivetran_active=pl.lit("true"))


def account_id(number: int) -> str:
    return f"0011G00000{number + 1:05d}QAI"


def _users(people: pl.DataFrame, user: dict[str, str]) -> pl.DataFrame:
    """Those who own deals, and the user that moves data about, which is nobody."""
    frame = people.filter(pl.col("person_id").is_in(list(user))).select(
        pl.col("person_id").replace_strict(user, return_dtype=pl.String).alias("id"),
        "name",
        pl.col("email").str.to_titlecase(),
        pl.col("role").alias("title"),
        pl.col("left_on").is_null().cast(pl.String).alias("is_active"),
        pl.lit("Standard").alias("user_type"),
    )
    machine = pl.DataFrame(
        [
            (
                "0051G00000SYNC0QAA",
                "Integration User",
                "crm@harrowvale.example",
                "",
                "true",
                "AutomatedProcess",
            )
        ],
        schema=frame.columns,
        orient="row",
    )
    return pl.concat([frame, machine]).with_columns(
        _fivetran_deleted=pl.lit("false"), _fivetran_synced=pl.lit(SYNCED)
    )


def _opportunities(deals: pl.DataFrame, account: dict[str, str], user: dict[str, str]) -> pl.DataFrame:
    closed = pl.col("outcome") != "open"
    frame = deals.select(
        pl.col("opportunity_id").alias("id"),
        pl.col("party_id").replace_strict(account, return_dtype=pl.String).alias("account_id"),
        pl.col("owner_id").replace_strict(user, return_dtype=pl.String).alias("owner_id"),
        "name",
        stage_name("stage"),
        pl.col("kind").alias("type"),
        pl.col("channel").alias("lead_source"),
        "amount",
        pl.col("currency").alias("currency_iso_code"),
        pl.col("fx_rate").alias("exchange_rate_c"),
        pl.format("{} 00:00:00", "created_on").alias("created_date"),
        pl.format("{} 00:00:00", pl.coalesce("closed_on", "expected_close_on")).alias("close_date"),
        closed.cast(pl.String).alias("is_closed"),
        (pl.col("outcome") == "won").cast(pl.String).alias("is_won"),
        pl.lit("false").alias("is_deleted"),
        pl.col("practice").alias("practice_c"),
        pl.col("starts_on").alias("start_date_c"),
        pl.col("weeks").alias("weeks_c"),
        pl.col("updated_at").str.replace("T", " ").str.replace("Z", "").alias("_fivetran_synced"),
        "outcome",
    )
    frame = frame.with_columns(
        stage_name=pl.when(closed).then(pl.col("outcome").replace(STAGES)).otherwise("stage_name")
    ).drop("outcome")
    test = frame.head(3).with_columns(
        id=pl.format("{}-TEST", "id"), name=pl.lit("TEST please ignore"), is_deleted=pl.lit("TRUE")
    )
    return pl.concat([frame, test])


def stage_name(column: str) -> pl.Expr:
    return pl.col(column).str.to_titlecase().alias("stage_name")


def _history(stages: pl.DataFrame, opportunity: pl.DataFrame) -> pl.DataFrame:
    """A row each time a deal's stage changed, as a connector in history mode keeps them."""
    ended = opportunity.select(pl.col("id").alias("opportunity_id"), closes="close_date")
    over = pl.col("stage").is_in(list(STAGES))
    return stages.join(ended, on="opportunity_id", maintain_order="left").select(
        pl.col("opportunity_id").alias("id"),
        pl.when(over)
        .then(pl.col("stage").replace(STAGES))
        .otherwise(stage_name("stage"))
        .alias("stage_name"),
        "amount",
        pl.when(over)
        .then("closes")
        .otherwise(pl.format("{} 00:00:00", "expected_close_on"))
        .alias("close_date"),
        over.cast(pl.String).alias("is_closed"),
        # two stages in one day are told apart by their hour
        pl.format(
            "{}0{}:00:00",
            pl.col("entered_at").str.slice(0, 10) + " ",
            pl.int_range(pl.len()).over("opportunity_id") + 4,
        ).alias("_fivetran_start"),
        pl.lit("false").alias("is_deleted"),
    )


def _roles(roles: pl.DataFrame) -> pl.DataFrame:
    return roles.select(
        pl.col("opportunity_role_id").alias("id"),
        "opportunity_id",
        pl.col("role").alias("name"),
        pl.col("hours").alias("quantity"),
        pl.lit("FALSE").alias("is_deleted"),
    )

"""Rules of the general kind on small snapshots: projects that head over their budget, and who leads them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from opslayer.config import Firm
from opslayer.warehouse import Layer, blank_layer
from tests.reminders import AS_OF, MOMENT

PROJECT = {"project_id": "p1", "name": "Data for Acme", "manager_id": "ada", "status": "active"}
PERSON = {"person_id": "ada", "name": "Ada Manager", "email": "ada@harrow.example"}
FORECAST = {
    "project_id": "p1", "name": "Data for Acme", "party_name": "Acme", "budget_hours": 100,
    "hours_to_date": 80, "eac_hours": 130, "probability_over": 0.95, "is_named": True,
    "money_at_risk_base": 60000, "reasons": "Half is done.",
}  # fmt: skip


def snapshot(firm: Firm, *projects: dict[str, Any], as_of: date = AS_OF, **person: Any) -> Layer:
    """A forecast a project, each as FORECAST but for what is given; all led by one person."""
    given = projects or ({},)
    ids = [project.get("project_id", "p1") for project in given]
    return blank_layer(
        firm,
        {
            "intelligence.project_forecast": [{"as_of": as_of} | FORECAST | project for project in given],
            "core.project": [PROJECT | {"project_id": one} for one in ids],
            "core.person": [PERSON | person],
        },
        as_of=as_of,
    )


def days_later(days: int) -> tuple[date, datetime]:
    return AS_OF + timedelta(days=days), MOMENT + timedelta(days=days)


def write_rule(firm: Firm, name: str, text: str) -> Path:
    """One of the firm's own rules."""
    path = firm.directory / "rules" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path

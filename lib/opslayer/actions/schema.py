"""The JSON Schema of a rule's file, one alternative a kind, so that an editor completes and checks it."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from opslayer.actions.kinds import kinds_of_rules

DIALECT = "https://json-schema.org/draft/2020-12/schema"  # what pydantic writes


def rule_schema() -> dict[str, Any]:
    """JSON Schema 2020-12; the key `kind` tells the alternatives apart."""
    models: Any = reduce(or_, (kind.rule for kind in kinds_of_rules().values()))
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[models, Field(discriminator="kind")])
    return {"$schema": DIALECT, "title": "A rule of opslayer", **adapter.json_schema()}

"""Models: where their versions are kept, and the language models a firm lets in."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field, field_validator

from opslayer.config.settings import Settings, secret_reference


class EndpointSettings(Settings):
    """One server of the OpenAI-compatible protocol."""

    url: str = Field(pattern=r"^https?://", description="its base, like https://host/v1")
    model: str = Field(description="the model asked for there")
    key: str | None = Field(None, description='by reference: "env:NAME" or "keyring:service/name"')
    price_in: Decimal = Field(Decimal(0), ge=0, description="base currency a million tokens read")
    price_out: Decimal = Field(Decimal(0), ge=0, description="base currency a million tokens written")
    timeout_seconds: float = Field(20, gt=0, le=300, description="for the whole of one answer")
    at_once: int = Field(4, ge=1, le=64, description="questions it is asked side by side, at most")

    @field_validator("key")
    @classmethod
    def _reference(cls, value: str | None) -> str | None:
        return secret_reference(value)


class ModelsSection(Settings):
    registry: str | None = Field(
        None,
        description="URL of an MLflow server, or sqlite:///...; var/models/registry.db where it is left out",
    )
    endpoints: dict[str, EndpointSettings] = Field(
        default_factory=dict, description="language models by name; none is needed"
    )
    budget: Decimal = Field(Decimal(0), ge=0, description="base currency a month for all of them together")
    roles: tuple[str, ...] = Field(
        ("partner", "owner", "analyst"), description="who may promote, roll back, correct and forget"
    )
    keep_days: int = Field(730, ge=1, description="how long what was asked and answered is kept")

"""A capability as a firm has it: its registry, its endpoints, its budget; asked, and kept."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from opslayer.config import Firm, load_firm
from opslayer.config import moment as moment_of
from opslayer.errors import ModelFailed, OpslayerError
from opslayer.modelops import answers as form
from opslayer.modelops import capability as of
from opslayer.modelops import capture
from opslayer.modelops.ask import Answers, Bench, Share, answer, within
from opslayer.modelops.capability import Capability, capability_named
from opslayer.modelops.circuit import Circuits
from opslayer.modelops.endpoints import Endpoints
from opslayer.modelops.privacy import Redactor, name_parts
from opslayer.modelops.registry import CHALLENGER, CHAMPION, Registry
from opslayer.modelops.respondents import Formula, Version, Writer
from opslayer.modelops.slots import Slots
from opslayer.modelops.spending import Purse
from opslayer.store import Store, fraction, open_store
from opslayer.warehouse import open_layer

REGISTRY_SECONDS = 5.0  # an answer does not wait longer for what may be served


def ask(
    capability: str,
    given: pl.DataFrame | Sequence[str] | str,
    *,
    as_of: date,
    firm: Firm | None = None,
    moment: datetime | None = None,
) -> pl.DataFrame:
    """Ask a capability about each row of a frame, or each text: one row of answers each, in their order.

    Columns: subject, as_of, answer (Float64, or String for labels and texts), confidence (0 to 1, or null),
    reasons, model, model_version, is_fallback, why_fallback, may_act (whether a rule may act on it),
    latency_ms. `firm` is the nearest firm.toml's where it is left out. Raises UsageError for an unknown
    capability and for a frame without its inputs; never for a model that fails: then the fallback answers,
    and the row says why.
    """
    firm = firm or load_firm()
    with open_store(firm) as store:
        return Models(firm, store).ask(capability, given, as_of=as_of, moment=moment or moment_of())


@dataclass(frozen=True)
class Models:
    """A firm's models, for whoever asks more than once."""

    firm: Firm
    store: Store

    def ask(
        self,
        capability: str,
        given: pl.DataFrame | Sequence[str] | str,
        *,
        as_of: date,
        moment: datetime,
    ) -> pl.DataFrame:
        """As `opslayer.modelops.ask`."""
        asked_of = capability_named(self.firm, capability)
        rows = form.asked(asked_of, given)
        found = answer(asked_of, rows, self.bench(asked_of, as_of=as_of), as_of=as_of, moment=moment)
        self._keep(asked_of, rows, found, moment)
        return found.served

    def overrides(self, capability: str) -> pl.DataFrame:
        """What a person said last of each subject, and of which prediction, as `capture.overrides`."""
        with self.store.reading() as session:
            return capture.overrides(session, capability)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.firm)

    def bench(self, capability: Capability, *, as_of: date) -> Bench:
        """Who may be asked on a day. Without its registry a candidate is missing, and the answers say so."""
        candidates: list[Share] = []
        shadows: list[Version] = []
        closed: dict[str, str] = {}
        for one in capability.candidates:
            if isinstance(one, of.Computed):
                candidates.append(Share(Formula(one)))
            elif isinstance(one, of.Learnt):
                try:
                    served, unheard = self._versions(capability)
                except ModelFailed as error:
                    closed[one.kind] = error.message
                else:
                    candidates += served
                    shadows += unheard
                    if not served:
                        closed[one.kind] = "nothing has been learnt that does better than the fallback"
            elif self.firm.models.endpoints:
                try:
                    candidates.append(Share(self._writer(capability, one)))
                except OpslayerError as error:
                    closed[one.kind] = f"no language model is asked: {error.message}"
            else:
                closed[one.kind] = "no language model is let in"
        candidates = [*self._tried(capability, closed, as_of=as_of), *candidates]
        return Bench(
            candidates,
            Formula(capability.fallback),
            Circuits(self.store, capability.breaker),
            shadows=shadows,
            closed=closed,
        )

    def _tried(self, capability: Capability, closed: dict[str, str], *, as_of: date) -> list[Share]:
        """Who is on trial, for the subjects it was drawn for; where it fails, the others are asked."""
        trial = capability.trial
        if trial is None or as_of < trial.since:
            return []
        tried = trial.candidate
        if isinstance(tried, of.Computed):
            return [Share(Formula(tried), trial.has_drawn)]
        if isinstance(tried, of.Registered):
            return [Share(Version(capability.name, tried.version, self.registry), trial.has_drawn)]
        if not self.firm.models.endpoints:
            return []
        try:
            return [Share(self._writer(capability, tried), trial.has_drawn)]
        except OpslayerError as error:
            closed["tried"] = f"no language model is asked: {error.message}"
            return []

    def _versions(self, capability: Capability) -> tuple[list[Share], list[Version]]:
        """The challenger for its part of the subjects, the champion for the others; who is only heard."""
        held, share = within(
            REGISTRY_SECONDS,
            lambda: (self.registry.aliases(capability.name), self.registry.share(capability.name)),
        )
        champion = Version(capability.name, CHAMPION, self.registry)
        challenger = Version(capability.name, CHALLENGER, self.registry)
        if CHAMPION not in held:
            return [], []
        if CHALLENGER not in held:
            return [Share(champion)], []
        if share <= 0:
            return [Share(champion)], [challenger]
        drawn = held[CHALLENGER]

        def is_drawn(subject: str) -> bool:
            return fraction(capability.name, drawn, subject) < share

        return [Share(challenger, is_drawn), Share(champion)], []

    def _writer(self, capability: Capability, candidate: of.Written) -> Writer:
        purse = Purse(self.store, self.firm.models.budget, capability.budget)
        circuits = Circuits(self.store, capability.breaker)
        endpoints = Endpoints(self.firm.models.endpoints, circuits, purse, self.slots)
        return Writer(capability, candidate, endpoints, self.redactor)

    @cached_property
    def slots(self) -> Slots:
        return Slots({name: one.at_once for name, one in self.firm.models.endpoints.items()})

    @cached_property
    def redactor(self) -> Redactor:
        """Raises UsageError without a snapshot: who is not known cannot be kept back."""
        with open_layer(self.firm) as layer:
            known = layer.query("names_known")
        people = known.filter(kind="PERSON")["name"].to_list()
        names = {
            "CLIENT": known.filter(kind="CLIENT")["name"].to_list(),
            "PERSON": sorted({part for name in people for part in name_parts(name)}),
        }
        region = self.firm.billing.country if self.firm.billing else None
        return Redactor(names, _key(self.firm.var / "models" / "tokens.key"), region)

    def _keep(self, capability: Capability, rows: pl.DataFrame, found: Answers, moment: datetime) -> None:
        with self.store.session() as session:
            for role, answers in (("served", found.served), ("shadow", found.shadow)):
                if not answers.is_empty():
                    capture.keep(session, capability.name, rows, answers, role=role, moment=moment)


def _key(path: Path) -> bytes:
    """What makes tokens: drawn once for a firm, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = path.with_name(f"{path.name}.{os.getpid()}")
        drawn.touch(mode=0o600)
        drawn.write_bytes(secrets.token_bytes(32))
        try:
            os.link(drawn, path)  # whoever is first draws it; the others take that one
        except FileExistsError:
            pass
        finally:
            drawn.unlink()
    return path.read_bytes()

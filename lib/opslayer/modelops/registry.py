"""Versions of learnt models in MLflow: kept by skops, never pickled, each with a card of what it rests on.

`champion` is served, `challenger` waits for a verdict, `previous` is what a roll back returns to.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import logging
import os
import tempfile
import warnings
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from opslayer.config import Firm
from opslayer.errors import ModelFailed, UsageError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

warnings.filterwarnings("ignore", message="IProgress not found")  # MLflow, of a bar nobody is shown

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
FILE, JUDGED = "model.skops", "judged.parquet"
LARGEST = 256 * 2**20
FORMAT = "2"  # of what this class writes; another one's versions are not served
TOLD = ("model", "as_of", "snapshot", "contract_version", "features", "rows", "note")  # of a card, in tags
TRUSTED = (
    "opslayer.intelligence.",
    "sklearn.",
)  # beside what skops trusts: numpy, scipy, most of scikit-learn


@dataclass(frozen=True)
class Card:
    """What a version rests on: its snapshot and contracts, its inputs, how it scored, and on how many rows.

    `scores` are by name, those of a segment as `brier/practice=Audit`.
    """

    capability: str
    model: str
    as_of: date
    snapshot: str
    contract_version: str
    features: tuple[str, ...]
    rows: int
    scores: dict[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Registered:
    """A version that may be served."""

    capability: str
    version: str
    model: Any
    card: dict[str, str]

    @property
    def name(self) -> str:
        return self.card.get("model", self.capability)


class Registry:
    """The versions of a firm's models, on a server or in a file of its own."""

    def __init__(self, firm: Firm) -> None:
        folder = firm.var / "models"
        folder.mkdir(parents=True, exist_ok=True)
        self.url = firm.models.registry or f"sqlite:///{folder / 'registry.db'}"
        self._artifacts = (folder / "artifacts").as_uri() if self.url.startswith("sqlite:") else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever registered in a file of its own: no reason to make its tables."""
        return self._artifacts is not None and not Path(self.url.removeprefix("sqlite:///")).exists()

    @cached_property
    def client(self) -> MlflowClient:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
        from mlflow import MlflowClient  # loaded where a model is: it takes more than a second

        for name in ("mlflow", "alembic"):  # it would tell of its tables on the first use
            logging.getLogger(name).setLevel(logging.WARNING)
        return MlflowClient(tracking_uri=self.url, registry_uri=self.url)

    def register(self, model: Any, card: Card, *, judged: pl.DataFrame, moment: datetime) -> str:
        """Keep a model as the next version of its capability, as challenger; gives the version.

        `judged` has outcome and answer of the rows that judged it, and their inputs where these may be kept:
        what it is compared with for ever after.
        """
        import skops.io

        with tempfile.TemporaryDirectory(prefix="opslayer-model-") as place:
            path = Path(place) / FILE
            skops.io.dump(model, path)
            run = self.client.create_run(self._experiment(card.capability), run_name=card.model)
            run_id = run.info.run_id
            for name, value in card.scores.items():
                self.client.log_metric(run_id, _metric(name), value)
            self.client.log_artifact(run_id, str(path))
            judged.drop("subject", strict=False).write_parquet(Path(place) / JUDGED)
            self.client.log_artifact(run_id, str(Path(place) / JUDGED))
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.client.set_terminated(run_id)
        self._known(card.capability)
        made = self.client.create_model_version(
            card.capability,
            f"{run.info.artifact_uri}/{FILE}",
            run_id,
            tags={
                "format": FORMAT,
                "sha256": digest,
                "model": card.model,
                "as_of": card.as_of.isoformat(),
                "snapshot": card.snapshot,
                "contract_version": card.contract_version,
                "features": ", ".join(card.features),
                "rows": str(card.rows),
                "taught_at": moment.isoformat(),
                "note": card.note[:4_000],
            },
        )
        self.client.set_registered_model_alias(card.capability, CHALLENGER, made.version)
        return str(made.version)

    def load(self, capability: str, version: str) -> Registered:
        """A version by its number or alias, checked against what was registered.

        Raises ModelFailed where it is not there, was changed, is of another format, or holds a type that
        is not trusted: nothing in it is run before that is known.
        """
        found = self._version(capability, version)
        tags = dict(found.tags)
        if tags.get("format") != FORMAT:
            raise ModelFailed(
                f"version {found.version} of {capability} has format {tags.get('format')}, not {FORMAT}",
                mend=f"`opslayer models train {capability}` makes one of this format",
            )
        model = _read(str(self._file(found)), tags["sha256"], capability, str(found.version))
        return Registered(capability, str(found.version), model, tags)

    def aliases(self, capability: str) -> dict[str, str]:
        """champion, challenger, previous -> version; those there are."""
        model = self._model(capability)
        return {} if model is None else {name: str(version) for name, version in model.aliases.items()}

    def promote(self, capability: str, version: str) -> None:
        """Serve `version` to all; who was served before is `previous`."""
        held = self.aliases(capability)
        self._version(capability, version)
        if held.get(CHAMPION) not in (None, version):
            self.client.set_registered_model_alias(capability, PREVIOUS, held[CHAMPION])
        self.client.set_registered_model_alias(capability, CHAMPION, version)
        if held.get(CHALLENGER) == version:
            self.client.delete_registered_model_alias(capability, CHALLENGER)
        self.share(capability, 0.0)

    def roll_back(self, capability: str) -> str:
        """Serve the version before; gives it. Raises UsageError where there is none."""
        held = self.aliases(capability)
        if PREVIOUS not in held:
            raise UsageError(
                f"{capability} has no version before its champion", mend="`opslayer models list`"
            )
        self.client.set_registered_model_alias(capability, CHAMPION, held[PREVIOUS])
        self.client.delete_registered_model_alias(capability, PREVIOUS)
        self.share(capability, 0.0)
        return held[PREVIOUS]

    def share(self, capability: str, share: float | None = None, *, judged: int = 0) -> float:
        """Which part of the subjects the challenger serves, 0 to 1; sets it where one is given.

        `judged` is how many of its answers were judged by then.
        """
        if share is not None:
            self.client.set_registered_model_tag(capability, "canary_share", repr(float(share)))
            self.client.set_registered_model_tag(capability, "canary_judged", str(judged))
            return share
        return float(self._tag(capability, "canary_share", "0"))

    def judged_at_step(self, capability: str) -> int:
        """How many of the challenger's answers were judged when it was given its present share."""
        return int(self._tag(capability, "canary_judged", "0"))

    def _tag(self, capability: str, name: str, default: str) -> str:
        model = self._model(capability)
        return default if model is None else str(model.tags.get(name, default))

    def versions(self, capability: str) -> pl.DataFrame:
        """One row a version, the newest first: version, alias, and what its card says (TOLD)."""
        schema = {name: pl.String() for name in ("version", "alias", *TOLD)}
        model = self._model(capability)
        if model is None:
            return pl.DataFrame(schema=schema)
        names: dict[str, list[str]] = {}
        for alias, version in model.aliases.items():
            names.setdefault(str(version), []).append(alias)
        found = self.client.search_model_versions(f"name = '{capability}'")
        rows = [
            {
                "version": str(one.version),
                "alias": ", ".join(sorted(names.get(str(one.version), []))),
                **{name: one.tags.get(name, "") for name in TOLD},
            }
            for one in sorted(found, key=lambda one: -int(one.version))
        ]
        return pl.DataFrame(rows, schema=schema)

    def scores(self, capability: str, version: str) -> dict[str, float]:
        """How a version scored when it was taught."""
        run = self.client.get_run(str(self._version(capability, version).run_id))
        return dict(sorted(run.data.metrics.items()))

    def judged(self, capability: str, version: str) -> pl.DataFrame:
        """Outcome, answer and (of versions that kept them) inputs of the rows that judged a version before it
        served anybody.
        """
        path = self._file(self._version(capability, version), JUDGED)
        return pl.read_parquet(path)

    def _experiment(self, capability: str) -> str:
        found = self.client.get_experiment_by_name(capability)
        if found is not None:
            return str(found.experiment_id)
        return str(self.client.create_experiment(capability, artifact_location=self._artifacts))

    def _known(self, capability: str) -> None:
        if self._model(capability) is None:  # by now the experiment is there, and so are the tables
            self.client.create_registered_model(capability)

    def _model(self, capability: str) -> Any:
        if self.is_empty:
            return None
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_registered_model(capability)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise ModelFailed(f"the registry at {self.url} does not answer: {error}") from error

    def _version(self, capability: str, version: str) -> ModelVersion:
        from mlflow.exceptions import MlflowException

        try:
            if version.isdecimal():
                return self.client.get_model_version(capability, version)
            return self.client.get_model_version_by_alias(capability, version)
        except MlflowException as error:
            raise ModelFailed(
                f"{capability} has no version {version} in the registry",
                mend=f"`opslayer models list` shows them; `opslayer models train {capability}` makes one",
            ) from error

    def _file(self, found: ModelVersion, name: str = FILE) -> Path:
        source = str(found.source)
        if source.startswith("file://"):
            return Path(source.removeprefix("file://")).with_name(name)
        place = Path(tempfile.gettempdir()) / f"opslayer-models-{os.getuid()}" / found.tags["sha256"]
        if not (place / name).exists():
            place.mkdir(parents=True, exist_ok=True)
            self.client.download_artifacts(str(found.run_id), name, str(place))
        return place / name


@lru_cache(maxsize=32)
def _read(path: str, digest: str, capability: str, version: str) -> Any:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    name = f"version {version} of {capability}"
    again = (
        f"`opslayer models train {capability}` makes another; `opslayer models rollback` returns to the last"
    )
    try:
        if Path(path).stat().st_size > LARGEST:
            raise ModelFailed(f"the file of {name} is larger than {LARGEST // 2**20} MB", mend=again)
        held = Path(path).read_bytes()
    except OSError as error:
        raise ModelFailed(f"the file of {name} is not there: {path}", mend=again) from error
    if hashlib.sha256(held).hexdigest() != digest:
        raise ModelFailed(f"the file of {name} is not the one that was registered: {path}", mend=again)
    try:
        asked_for = skops.io.get_untrusted_types(data=held)
        foreign = sorted(kind for kind in asked_for if not is_trusted(kind))
        if foreign:
            raise ModelFailed(f"{name} holds what is not trusted: {', '.join(foreign)}", mend=again)
        return skops.io.loads(held, trusted=asked_for)
    except (
        UntrustedTypesFoundException,
        zipfile.BadZipFile,
        ImportError,
        AttributeError,
        ValueError,
        TypeError,
        KeyError,
    ) as error:
        raise ModelFailed(f"{name} cannot be read: {error}", mend=again) from error


def is_trusted(kind: str) -> bool:
    """Whether a model file may hold this type: a class of what learns here, and no function."""
    module, _, name = kind.rpartition(".")
    if not kind.startswith(TRUSTED):
        return False
    return inspect.isclass(getattr(importlib.import_module(module), name, None))


def _metric(name: str) -> str:
    """MLflow's names of metrics have letters, digits and a few marks."""
    return "".join(c if c.isalnum() or c in "_-./ " else "-" for c in name)[:250]

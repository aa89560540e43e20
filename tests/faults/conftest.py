"""A small firm with one good snapshot, to break in one way at a time."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from opslayer import cli, demo
from opslayer.config import Firm, load_firm
from opslayer.warehouse import current, open_layer, refresh
from tests.shared import AS_OF, MOMENT, once


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code, what it said on standard error, and what it printed."""

    code: int
    said: str
    printed: str = ""


@dataclass
class Case:
    """A firm in a folder of its own, and the command line on it."""

    folder: Path
    command: Callable[..., Outcome]

    @property
    def firm(self) -> Firm:
        return load_firm(self.folder)

    def table(self, name: str) -> Path:
        return self.folder / "data" / f"{name}.csv"

    def read(self, name: str) -> pl.DataFrame:
        return pl.read_csv(self.table(name), infer_schema=False)

    def write(self, name: str, frame: pl.DataFrame) -> None:
        frame.write_csv(self.table(name))

    def change(self, name: str, key: str, column: str, value: str | None) -> str:
        """Set one cell of the first clean row; the key of that row."""
        frame = self.read(name)
        chosen = str(frame[key][0])
        self.write(
            name,
            frame.with_columns(
                pl.when(pl.col(key) == chosen).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
            ),
        )
        return chosen

    def refresh(self) -> Outcome:
        return self.command("refresh", "--as-of", str(AS_OF))

    def quarantined(self) -> pl.DataFrame:
        with open_layer(self.firm) as layer:
            return layer.query("quarantine_rows")

    def snapshot(self) -> tuple[str, list[tuple[object, ...]]]:
        """What a reader is served now: the version, and what is open in it."""
        with open_layer(self.firm) as layer:
            items = layer.query("select invoice_id, open_base from marts.open_item order by all")
            return layer.version.name, items.rows()

    def version(self) -> str:
        live = current(self.firm)
        assert live is not None
        return live.name


@pytest.fixture(scope="session")
def good_firm(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A demo firm at a fiftieth of its size, refreshed once; not to be changed."""
    return once(tmp_path_factory, worker_id, "good", _make_good)


def _make_good(folder: Path) -> None:
    demo.generate(folder, seed=3, scale=0.02, as_of=AS_OF, as_templates=True)
    refresh(load_firm(folder), as_of=AS_OF, moment=MOMENT)


@pytest.fixture
def case(
    good_firm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Case:
    folder = tmp_path / "firm"
    shutil.copytree(good_firm, folder)

    def command(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["opslayer", "--firm", str(folder), *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        heard = capsys.readouterr()
        return Outcome(code if isinstance(code, int) else 0, heard.err, heard.out)

    return Case(folder, command)

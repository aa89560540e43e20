"""What every refresh reads first: importing this has read the shipped models and contracts once.

The fork server does, so that a kernel finds them read. Whoever asks for one that was changed since reads it
anew: a model is kept by its text, a contract by its file's time.
"""

from __future__ import annotations

from opslayer.config import PROJECT
from opslayer.contracts import read_contract
from opslayer.warehouse.models import load_models

MODELS = load_models()
CONTRACTS = tuple(map(read_contract, sorted((PROJECT / "data_contracts").rglob("*.odcs.yaml"))))

"""Every model behind one call, and what keeps it honest: versions, scores, drift, experiments, fallback."""

from opslayer.modelops.capability import Capability, load_capabilities
from opslayer.modelops.capture import latest
from opslayer.modelops.operations import promote, roll_back, standing, tend
from opslayer.modelops.registry import Card, Registry
from opslayer.modelops.reword import reword
from opslayer.modelops.service import Models, ask

__all__ = [
    "Capability",
    "Card",
    "Models",
    "Registry",
    "ask",
    "latest",
    "load_capabilities",
    "promote",
    "reword",
    "roll_back",
    "standing",
    "tend",
]

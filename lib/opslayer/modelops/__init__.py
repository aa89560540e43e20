"""Every model behind one call, and what keeps it honest: versions, scores, drift, experiments, fallback."""

from opslayer.modelops.capability import Capability, load_capabilities
from opslayer.modelops.capture import latest
from opslayer.modelops.operations import examine, promote, roll_back, standing, tend
from opslayer.modelops.registry import Card, Registry
from opslayer.modelops.requested import ask_retraining, requests, retrain_asked
from opslayer.modelops.reword import reword
from opslayer.modelops.service import Models, ask
from opslayer.modelops.spending import spending
from opslayer.modelops.trials import trials

__all__ = [
    "Capability",
    "Card",
    "Models",
    "Registry",
    "ask",
    "ask_retraining",
    "examine",
    "latest",
    "load_capabilities",
    "promote",
    "requests",
    "retrain_asked",
    "reword",
    "roll_back",
    "spending",
    "standing",
    "tend",
    "trials",
]

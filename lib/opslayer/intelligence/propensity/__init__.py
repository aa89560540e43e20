"""How likely something is to happen, with reasons: what leads, appointments and their like have in common."""

from opslayer.intelligence.propensity.learner import Propensity, learn
from opslayer.intelligence.propensity.taught import Taught, answers, teach

__all__ = ["Propensity", "Taught", "answers", "learn", "teach"]

"""How likely something is to happen, with reasons: what leads, appointments and their like have in common."""

from opslayer.intelligence.propensity.learner import OwnOutcomes, Propensity, learn

__all__ = ["OwnOutcomes", "Propensity", "learn"]

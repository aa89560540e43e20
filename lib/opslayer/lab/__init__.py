"""The analyst's place: the layer read from a notebook, and the way from an exploration to the schedule."""

from opslayer.lab.completion import offer_completions
from opslayer.lab.promotion import Finding, Promoted, examine, promote
from opslayer.lab.reader import Reader

__all__ = ["Finding", "Promoted", "Reader", "examine", "offer_completions", "promote"]

"""Documents: their key fields, with where each was read from and how sure it is."""

from opslayer.intelligence.document.fields import FIELDS, FieldLearner, FieldModel, could_be, same

__all__ = ["FIELDS", "FieldLearner", "FieldModel", "could_be", "same"]

"""The bytes of a stranger's document into words with their places; what cannot be read is refused by name.

Whatever parses such bytes does it in a process of its own, with bounds of memory and time.
"""

from opslayer.documents.kind import SUFFIXES
from opslayer.documents.reading import Reading, picture, read
from opslayer.documents.refusal import REFUSALS, Code, Refused
from opslayer.documents.words import Line, Word, as_lines

__all__ = [
    "REFUSALS",
    "SUFFIXES",
    "Code",
    "Line",
    "Reading",
    "Refused",
    "Word",
    "as_lines",
    "picture",
    "read",
]

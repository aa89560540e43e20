"""What each page shows, as one list that the pages draw from and that proves: `opslayer pages prove`."""

from opslayer.pages.door import open_page
from opslayer.pages.origin import Origin
from opslayer.pages.proof import ShownProof, Way, prove, prove_page
from opslayer.pages.reading import Asked, Reading, Source
from opslayer.pages.registry import PAGES
from opslayer.pages.shown import Drawn, Page, Shown, Table, Tile, Tiles, fingerprint

__all__ = [
    "PAGES",
    "Asked",
    "Drawn",
    "Origin",
    "Page",
    "Reading",
    "Shown",
    "ShownProof",
    "Source",
    "Table",
    "Tile",
    "Tiles",
    "Way",
    "fingerprint",
    "open_page",
    "prove",
    "prove_page",
]

"""The way from somebody to a page: its list is given to whom it is open."""

from __future__ import annotations

from datetime import datetime

from opslayer import access
from opslayer.pages.registry import PAGES
from opslayer.pages.shown import Page
from opslayer.store import Store


def open_page(viewer: access.Viewer, name: str, *, store: Store, moment: datetime) -> Page:
    """The page's list. Raises AccessDenied, which the trail keeps, where no role of theirs opens it."""
    access.open_page(viewer, name, store=store, moment=moment)
    return PAGES[name]

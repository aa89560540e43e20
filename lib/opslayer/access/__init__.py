"""Who may open which page, see which rows, do what: one table, asked wherever something is read or done."""

from opslayer.access.door import admit, asks, audited, open_page
from opslayer.access.matrix import DOINGS, MATRIX, PAGES, Doing, Rights, rights
from opslayer.access.rows import COSTS, EVERYTHING, Rows, condition, restricted
from opslayer.access.serving import Headers, server_options, sign_in_secrets
from opslayer.access.sign_in import signed_in
from opslayer.access.viewer import THIS_MACHINE, Viewer, acts_for, as_viewer

__all__ = [
    "COSTS",
    "DOINGS",
    "EVERYTHING",
    "MATRIX",
    "PAGES",
    "THIS_MACHINE",
    "Doing",
    "Headers",
    "Rights",
    "Rows",
    "Viewer",
    "acts_for",
    "admit",
    "as_viewer",
    "asks",
    "audited",
    "condition",
    "open_page",
    "restricted",
    "rights",
    "server_options",
    "sign_in_secrets",
    "signed_in",
]

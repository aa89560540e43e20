"""`python -m opslayer.links`: for the firm of $OPSLAYER_FIRM, as `opslayer up` starts it."""

from opslayer.config import load_firm, moment
from opslayer.links.server import serve

serve(load_firm(), now=moment)

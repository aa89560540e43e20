"""What is going to happen and what is out of the ordinary: pure functions from frames to frames.

One module a question: cash (when will open invoices be paid), variance (why the month differs, by the books),
margin (why it is off plan, by the work behind it), unusual (what in the books does not look like the rest),
forecast, anomaly, calls (how each metric goes on, what of it is out of the ordinary, what calls to expect),
effect (does a rule bring about what it is there for, beside those it leaves alone).
Each has `run`, which asks a snapshot for its inputs and gives back the tables to be saved.
"""

from opslayer.intelligence import cash, margin, unusual, variance
from opslayer.intelligence.layer import Queries

__all__ = ["Queries", "cash", "margin", "unusual", "variance"]

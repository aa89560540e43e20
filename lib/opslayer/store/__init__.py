"""The operational store: what is proposed, who decided, what was done."""

from opslayer.store.alerts import (
    AlertChange,
    AlertEvaluation,
    AlertNotice,
    AlertRecord,
    AlertTelling,
)
from opslayer.store.audit_trail import Verification, append, canonical, follow, lock, read_trail, verify
from opslayer.store.bounces import Bounce
from opslayer.store.chance import fraction
from opslayer.store.database import Store, open_store
from opslayer.store.effects import Assignment, AutonomyGrant, Replay
from opslayer.store.events import EVENTS, Complaint, Evaluation, Event, emit, open_complaint
from opslayer.store.links import DecisionLink, Digest
from opslayer.store.looks import Look, look
from opslayer.store.models import (
    AuditEvent,
    Base,
    Decision,
    InvoicedItem,
    InvoiceSeries,
    IssuedInvoice,
    Outbox,
    Outcome,
    Proposal,
    ProposalDocument,
    Run,
    Stop,
)
from opslayer.store.predictions import Circuit, Correction, Observation, Prediction, Retraining, Spending
from opslayer.store.snapshots import snapshots_in_use

__all__ = [
    "EVENTS",
    "AlertChange",
    "AlertEvaluation",
    "AlertNotice",
    "AlertRecord",
    "AlertTelling",
    "Assignment",
    "AuditEvent",
    "AutonomyGrant",
    "Base",
    "Bounce",
    "Circuit",
    "Complaint",
    "Correction",
    "Decision",
    "DecisionLink",
    "Digest",
    "Evaluation",
    "Event",
    "InvoiceSeries",
    "InvoicedItem",
    "IssuedInvoice",
    "Look",
    "Observation",
    "Outbox",
    "Outcome",
    "Prediction",
    "Proposal",
    "ProposalDocument",
    "Replay",
    "Retraining",
    "Run",
    "Spending",
    "Stop",
    "Store",
    "Verification",
    "append",
    "canonical",
    "emit",
    "follow",
    "fraction",
    "lock",
    "look",
    "open_complaint",
    "open_store",
    "read_trail",
    "snapshots_in_use",
    "verify",
]

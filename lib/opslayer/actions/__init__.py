"""Acting: rules propose, guardrails hold, people approve, the outbox sends once, the trail keeps it."""

from opslayer.actions.alarm import Told, tell
from opslayer.actions.approval import Refused, approve, approve_each, reject, settle
from opslayer.actions.approvers import approvers
from opslayer.actions.attention import need_attention
from opslayer.actions.autonomy import confirm_autonomy, list_autonomy, stop_autonomy
from opslayer.actions.complaint import complain, settle_complaint
from opslayer.actions.deadline import deadlines
from opslayer.actions.digest import Notice, notify
from opslayer.actions.draft import propose
from opslayer.actions.editing import edit, edit_roles, preview_edit
from opslayer.actions.evaluation import propose_due
from opslayer.actions.events import Happened, emit_event, list_events
from opslayer.actions.export import Export, export_csv, export_signed, verify_export
from opslayer.actions.invoice.register import issued_invoices, why_nothing_is_billed
from opslayer.actions.judging import judge_subjects, rule_effects
from opslayer.actions.kinds import KINDS, load_rules, rules_of
from opslayer.actions.link import Verdict, decide_by_link, look
from opslayer.actions.outbox import dispatch
from opslayer.actions.outcome import Outcome, record_outcomes
from opslayer.actions.proof import MessageProof, prove
from opslayer.actions.proposal import Proposal, Shown, as_table, list_proposals, show_proposal
from opslayer.actions.replay.run import Replayed, list_replays, replay, replay_months
from opslayer.actions.report import Sheets, standing_of_week, write_sheets
from opslayer.actions.rule import Rule
from opslayer.actions.stop import list_stops, resume, stop
from opslayer.actions.success import without_effect
from opslayer.actions.trials import trials
from opslayer.actions.undo import Undoing, preview_undo, undo
from opslayer.actions.verification import verify
from opslayer.actions.waiting import waiting_for

__all__ = [
    "KINDS",
    "Export",
    "Happened",
    "MessageProof",
    "Notice",
    "Outcome",
    "Proposal",
    "Refused",
    "Replayed",
    "Rule",
    "Sheets",
    "Shown",
    "Told",
    "Undoing",
    "Verdict",
    "approve",
    "approve_each",
    "approvers",
    "as_table",
    "complain",
    "confirm_autonomy",
    "deadlines",
    "decide_by_link",
    "dispatch",
    "edit",
    "edit_roles",
    "emit_event",
    "export_csv",
    "export_signed",
    "issued_invoices",
    "judge_subjects",
    "list_autonomy",
    "list_events",
    "list_proposals",
    "list_replays",
    "list_stops",
    "load_rules",
    "look",
    "need_attention",
    "notify",
    "preview_edit",
    "preview_undo",
    "propose",
    "propose_due",
    "prove",
    "record_outcomes",
    "reject",
    "replay",
    "replay_months",
    "resume",
    "rule_effects",
    "rules_of",
    "settle",
    "settle_complaint",
    "show_proposal",
    "standing_of_week",
    "stop",
    "stop_autonomy",
    "tell",
    "trials",
    "undo",
    "verify",
    "verify_export",
    "waiting_for",
    "why_nothing_is_billed",
    "without_effect",
    "write_sheets",
]

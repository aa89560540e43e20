"""Why an invoice is expected when it is, in words a person at the firm can check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from opslayer.intelligence.cash.history import Floats, Invoices

LAST = 12
"""Invoices that a client's habit is told from."""
WORTH_SAYING = 0.05
"""Probability of no payment within the horizon from which it is said."""


def payment_reasons(
    items: pl.DataFrame, learnt: Invoices, invoices: Invoices, paid_within: Floats, model: str
) -> list[str]:
    """One sentence list an open invoice, in the order of `items`."""
    habit = _habits(learnt)
    overdue: dict[int, list[int]] = {}
    for client, late in zip(invoices.client.tolist(), invoices.late.tolist(), strict=True):
        if late > 0:
            overdue.setdefault(client, []).append(int(late))
    disputed = items["is_disputed"].fill_null(False).to_list()
    texts = []
    for row, (client, late) in enumerate(zip(invoices.client.tolist(), invoices.late.tolist(), strict=True)):
        past = habit.get(client)
        parts = [
            _habit_words(past) if past is not None else "no paid invoice of this client yet: the firm's habit"
        ]
        if late > 0:
            parts.append(f"{_days(late)} past due now")
            if past is not None:
                longer = int((past > late).sum())
                parts.append(
                    f"{longer} of its {len(past)} paid invoices took longer than that"
                    if longer
                    else f"longer than any of its {len(past)} paid invoices took"
                )
        else:
            parts.append(f"due in {_days(-late)}" if late < 0 else "due today")
        others = overdue.get(client, [])
        others_count = len(others) - (late > 0)
        if others_count > 0:
            word = "other invoice" if others_count == 1 else "other invoices"
            parts.append(f"{others_count} {word} of this client overdue, the oldest by {_days(max(others))}")
        if disputed[row]:
            parts.append("the client disputes it, which the model does not use")
        never = 1.0 - float(paid_within[row, -1])
        if never >= WORTH_SAYING:
            parts.append(f"{never:.0%} likely not to be paid within a year")
        if model == "client_lateness":
            parts.append("too little history for the payment model: due date plus usual lateness")
        text = "; ".join(parts)
        texts.append(text[:1].upper() + text[1:])
    return texts


def _habits(learnt: Invoices) -> dict[int, Floats]:
    """Days late by client, in order of payment."""
    order = np.lexsort((learnt.issued, learnt.end))
    order = order[learnt.paid[order]]
    order = order[np.argsort(learnt.client[order], kind="stable")]
    codes, starts = np.unique(learnt.client[order], return_index=True)
    parts = np.split(learnt.late[order], starts[1:])[: len(codes)]  # nothing splits into one empty part
    return dict(zip(codes.tolist(), parts, strict=True))


def _habit_words(past: Floats) -> str:
    last = past[-LAST:]
    mean = float(last.mean())
    whose = (
        "this client's only paid invoice was"
        if len(past) == 1
        else f"this client's last {len(last)} invoices were"
    )
    usual = " on average" if len(last) > 1 else ""
    if abs(mean) < 0.5:
        return f"{whose} paid on the due date{usual}"
    return f"{whose} paid {_days(abs(mean))} {'late' if mean > 0 else 'early'}{usual}"


def _days(number: float) -> str:
    whole = round(number)
    return f"{whole} day" if whole == 1 else f"{whole} days"

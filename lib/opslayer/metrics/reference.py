"""The metrics as a page of documentation, written from their definitions."""

from __future__ import annotations

from collections.abc import Iterable

from opslayer.metrics.metric import Metric, Range

AGAINST = {"prior": "of what it was before", "plan": "of the plan", "season": "of the usual for the season"}
HEAD = """# Metrics

What the firm is measured by: each number is defined once, in `lib/opslayer/metrics/*.yaml` and a query, and
pages, alerts, notebooks and rules read it from there. A firm moves a range under `[thresholds]` in firm.toml
and adds its own in `metrics/`. Written by `opslayer metrics docs`; do not edit it here.
"""


def reference(metrics: Iterable[Metric]) -> str:
    """Markdown: one section an owner, one entry a metric."""
    known = list(metrics)
    owners = sorted({metric.owner for metric in known})
    parts = [HEAD]
    for owner in owners:
        parts.append(f"## {owner}\n")
        mine = sorted((one for one in known if one.owner == owner), key=lambda one: one.title)
        parts += [_entry(metric) for metric in mine]
    return "\n".join(parts)


def _entry(metric: Metric) -> str:
    facts = [
        ("Name", f"`{metric.name}`"),
        ("Unit", "base currency" if metric.unit == "currency" else metric.unit),
        ("One value is of", metric.grain),
        ("Good is", metric.better),
        ("Target", "" if metric.target is None else f"{metric.target:,.12g}"),
        ("Expected", expected(metric.expected)),
        ("Compared with", metric.before),
        ("Cut by", ", ".join(f"`{name}`" for name in metric.dimensions)),
        ("Query and rows", f"`{metric.query}`, `{metric.rows}`"),
    ]
    lines = [f"- {what}: {said}" for what, said in facts if said]
    return f"### {metric.title}\n\n{metric.description}\n\n" + "\n".join(lines) + "\n"


def expected(ends: Range) -> str:
    """A range in words, in the unit of its metric."""
    parts = [
        f"{word} {end:,.12g}"
        for word, end in (("at least", ends.low), ("at most", ends.high))
        if end is not None
    ]
    return " ".join(filter(None, (", ".join(parts), AGAINST.get(ends.against, "") if parts else "")))

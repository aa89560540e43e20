"""What the page Rules shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from opslayer import figures
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Drawn, Page, Shown, figure, sentence, table

VERDICTS = {
    "proven": ":green-badge[:material/check: proven]",
    "unproven": ":gray-badge[:material/help: unproven]",
    "harmful": ":red-badge[:material/trending_down: harmful]",
    "stopped": ":red-badge[:material/block: claim stopped]",
}
NO_HOLDOUT = (
    "No rule has a holdout, so nobody can say what they bring about. `holdout = 0.05` under `[limits]` in "
    "firm.toml leaves one in twenty of each rule's subjects alone, by chance and for good."
)
EFFECTS_NOTE = (
    ":small[:gray[Everybody counts in the arm that chance gave, whether a message left or not. Money "
    "supported is the lower end of the 95% interval of what came in by then, times the subjects acted on; "
    "nothing while the effect is unproven.]]"
)


def named(rule: str) -> str:
    return rule.replace("_", " ").capitalize()


def _choices(read: Reading) -> Iterator[Mapping[str, str]]:
    rules = read.record("replays")
    yield from ({"replayed": rule} for rule in rules["rule"]) if rules.height else [{}]


def _effects(read: Reading, **_: str) -> str:
    effects = read.record("rule_effects")
    if effects.is_empty():
        return NO_HOLDOUT
    return "\n\n".join(
        f"**{named(row['rule'])}** {VERDICTS[row['verdict']]}  \n"
        f"{row['reasons']}  \n"
        f":small[:gray[{row['treated']:,} to act on, {row['reached']:,} of them reached, "
        f"{row['left_alone']:,} left alone; counted is "
        f"whether {row['measure']} {row['follow_days']} days after. Money this supports: "
        f"{row['supported_amount']:,.0f} {read.currency}.]]"
        for row in effects.iter_rows(named=True)
    )


def _effect_rows(read: Reading, **_: str) -> pl.DataFrame:
    effects = read.record("rule_effects")
    return effects if effects.is_empty() else effects.with_columns(pl.col("days_difference").round(1))


def _months(read: Reading, *, replayed: str = "", **_: str) -> Drawn:
    return figures.replay_months(read.record("replay_months", rule=replayed), theme=read.theme)


def _autonomy(read: Reading, **_: str) -> pl.DataFrame:
    rules = read.record("autonomy")
    return rules if rules.is_empty() else rules.with_columns(share_bound=pl.col("lower_bound"))


def _warnings(read: Reading, **_: str) -> str:
    people = read.record("approvers")
    return "\n\n".join(
        [
            *(
                f":orange-badge[:material/done_all:] {row['name']} has approved all of {row['decided']:,} "
                "proposals."
                for row in people.filter("approves_everything").iter_rows(named=True)
            ),
            *(
                f":orange-badge[:material/visibility_off:] {row['name']} approved {row['probes_missed']} of "
                f"{row['probes']} planted errors."
                for row in people.filter(pl.col("probes_missed") > 0).iter_rows(named=True)
            ),
        ]
    )


RULES = Page(
    "rules",
    "Do the rules bring about what they are there for?",
    choices=_choices,
    shows=(
        sentence("effects", _effects, live=True),
        figure("rule_effect", of=lambda read, **_: read.record("rule_effects"), live=True),
        table(
            "effect_rows",
            _effect_rows,
            {
                "rule": "Rule",
                "share_treated": "Settled, acted on",
                "share_left_alone": "Settled, left alone",
                "share_detectable": "Least difference shown",
                "subjects_needed": "Subjects needed",
                "days_difference": "Days, difference",
                "amount_difference": "{currency} each, difference",
                "amount_lower": "{currency} each, at least",
            },
            empty="",
            height="content",
            live=True,
        ),
        sentence("effects_note", lambda *_, **__: EFFECTS_NOTE),
        table(
            "replays",
            lambda read, **_: read.record("replays"),
            {
                "rule": "Rule",
                "standing": "Standing",
                "first_day": "From",
                "last_day": "To",
                "firings": "Firings",
                "most_firings": "Busiest month",
                "amount": "Amount, {currency}",
            },
            empty="",
            live=True,
        ),
        Shown("replay_months", _months, live=True),
        table(
            "autonomy",
            _autonomy,
            {
                "rule": "Rule",
                "standing": "Standing",
                "approved": "Approved",
                "decided": "of",
                "share_bound": "At least, 95%",
                "up_to": "Up to, {currency}",
                "confirmed_by": "Confirmed by",
                "ended_because": "Ended because",
            },
            empty="",
            live=True,
        ),
        table(
            "trials",
            lambda read, **_: read.record("trials"),
            {
                "rule": "Rule",
                "trial": "Words tried",
                "verdict": "Verdict",
                "subjects": "Tried on",
                "share_tried": "Settled, tried",
                "share_standing": "Settled, as they are",
                "reasons": "Why",
            },
            empty="No rule tries other words; `trial: {name: ..., template: ...}` in a step does.",
            live=True,
        ),
        sentence("warnings", _warnings, live=True),
        table(
            "approvers",
            lambda read, **_: read.record("approvers"),
            {
                "name": "Person",
                "decided": "Decisions",
                "share_rejected": "Rejected",
                "median_hours": "Hours to decide, median",
                "share_quick": "Within 5 s of the one before",
                "probes": "Tests",
                "probes_missed": "Tests missed",
            },
            empty="Nobody has decided anything yet.",
            live=True,
        ),
    ),
)

"""What rules bring about, and what they would have done: parts of the page."""

from __future__ import annotations

from typing import Any

import parts
import people
import polars as pl
import snapshot
import streamlit as st

from opslayer import actions
from opslayer.config import Person

VERDICTS = {
    "proven": ":green-badge[:material/check: proven]",
    "unproven": ":gray-badge[:material/help: unproven]",
    "harmful": ":red-badge[:material/trending_down: harmful]",
    "stopped": ":red-badge[:material/block: claim stopped]",
}


def show_effects(effects: pl.DataFrame) -> None:
    """Both arms of each rule side by side, and the money that this supports."""
    currency = snapshot.firm().base_currency
    if effects.is_empty():
        st.info(
            "No rule has a holdout, so nobody can say what they bring about. `holdout: 0.05` in a rule's "
            "file leaves one in twenty of its subjects alone, by chance and for good."
        )
    else:
        left, right = st.columns([5, 6], gap="large")
        with left:
            for row in effects.iter_rows(named=True):
                st.markdown(
                    f"**{_named(row['rule'])}** {VERDICTS[row['verdict']]}  \n"
                    f"{row['reasons']}  \n"
                    f":small[:gray[{row['treated']:,} to act on, {row['reached']:,} of them reached, "
                    f"{row['left_alone']:,} left alone; counted is "
                    f"whether {row['measure']} {row['follow_days']} days after. Money this supports: "
                    f"{row['supported_amount']:,.0f} {currency}.]]"
                )
        with right:
            parts.drawn("rule_effect", effects)
        parts.table(
            effects.with_columns(pl.col("days_difference").round(1)),
            {
                "rule": "Rule",
                "share_treated": "Settled, acted on",
                "share_left_alone": "Settled, left alone",
                "share_detectable": "Least difference shown",
                "subjects_needed": "Subjects needed",
                "days_difference": "Days, difference",
                "amount_difference": f"{currency} each, difference",
                "amount_lower": f"{currency} each, at least",
            },
            empty="",
            row_height=35,
            height="content",
        )
        st.caption(
            "Everybody counts in the arm that chance gave, whether a message left or not. Money supported is "
            "the lower end of the 95% interval of what came in by then, times the subjects acted on; nothing "
            "while the effect is unproven."
        )


def show_replays(replays: pl.DataFrame) -> None:
    """The last replay of each rule, and the months of one."""
    currency = snapshot.firm().base_currency
    if replays.is_empty():
        st.info(
            "No rule was replayed yet. `opslayer rules replay RULE` shows what one would have done on past "
            "snapshots, before it is on."
        )
    else:
        left, right = st.columns([6, 5], gap="large")
        with left:
            parts.table(
                replays,
                {
                    "rule": "Rule",
                    "standing": "Standing",
                    "first_day": "From",
                    "last_day": "To",
                    "firings": "Firings",
                    "most_firings": "Busiest month",
                    "amount": f"Amount, {currency}",
                },
                empty="",
            )
        with right:
            chosen = st.selectbox("Rule", replays["rule"].to_list(), key="replayed")
            parts.drawn("replay_months", actions.replay_months(snapshot.store(), chosen))


def show_autonomy(rules: list[dict[str, Any]]) -> None:
    """What each rule has earned, and the confirmation that waits for its owner."""
    if not rules:
        st.info(
            "No rule may earn to approve by itself. `autonomy: {up_to: 500}` in a rule's file asks for it: "
            "after enough decisions, once its owner confirms, and until the first rejection."
        )
        return
    table = pl.DataFrame(rules, infer_schema_length=None).with_columns(share_bound=pl.col("lower_bound"))
    titles = {
        "rule": "Rule",
        "standing": "Standing",
        "approved": "Approved",
        "decided": "of",
        "share_bound": "At least, 95%",
        "up_to": f"Up to, {snapshot.firm().base_currency}",
        "confirmed_by": "Confirmed by",
        "ended_because": "Ended because",
    }
    parts.table(table, titles, empty="")
    waiting = [one for one in rules if one["standing"] == "proposed"]
    if not waiting:
        return
    person = people.choose_decider()
    for one in waiting:
        with st.form(f"autonomy-{one['rule']}"):
            st.markdown(
                f"**{_named(one['rule'])}**: {one['approved']} of its last {one['decided']} proposals were "
                f"approved. May it approve by itself up to {one['up_to']:,}? That takes {one['owner']}."
            )
            st.text_input("Reason", key=f"why-{one['rule']}", placeholder="kept in the record")
            st.form_submit_button(
                "Confirm",
                type="primary",
                on_click=_confirm,
                args=(one["rule"], person),
                disabled=person is None,
            )


def show_approvers(people_: pl.DataFrame) -> None:
    """How fast each person decides and how often they say no; and who never does."""
    for row in people_.filter("approves_everything").iter_rows(named=True):
        st.warning(
            f"{row['name']} has approved all of {row['decided']:,} proposals.", icon=":material/done_all:"
        )
    titles = {
        "name": "Person",
        "decided": "Decisions",
        "share_rejected": "Rejected",
        "median_hours": "Hours to decide, median",
        "share_quick": "Within 5 s of the one before",
        "probes": "Tests",
        "probes_missed": "Tests missed",
    }
    for row in people_.filter(pl.col("probes_missed") > 0).iter_rows(named=True):
        st.warning(
            f"{row['name']} approved {row['probes_missed']} of {row['probes']} planted errors.",
            icon=":material/visibility_off:",
        )
    parts.table(people_, titles, empty="Nobody has decided anything yet.")


def _named(rule: str) -> str:
    return rule.replace("_", " ").capitalize()


def _confirm(rule: str, person: Person) -> None:
    parts.said(
        lambda: actions.confirm_autonomy(
            snapshot.firm(), snapshot.store(), rule, person=person.email,
            reason=st.session_state[f"why-{rule}"], moment=snapshot.now(),
        )
    )  # fmt: skip

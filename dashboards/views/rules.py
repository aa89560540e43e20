"""Rules: what they bring about."""

import parts
import snapshot
import streamlit as st

from opslayer import actions

VERDICTS = {
    "proven": ":green-badge[:material/check: proven]",
    "unproven": ":gray-badge[:material/help: unproven]",
    "harmful": ":red-badge[:material/trending_down: harmful]",
    "stopped": ":red-badge[:material/block: claim stopped]",
}

parts.heading("Rules", "Do the rules bring about what they are there for?")
firm, currency = snapshot.firm(), snapshot.firm().base_currency
effects = actions.rule_effects(firm, snapshot.store())

st.header("Effect", anchor=False)
if effects.is_empty():
    st.info(
        "No rule has a holdout, so nobody can say what they bring about. `holdout: 0.05` in a rule's file "
        "leaves one in twenty of its subjects alone, by chance and for good; both are then followed alike."
    )
else:
    left, right = st.columns([5, 6], gap="large")
    with left:
        for row in effects.iter_rows(named=True):
            st.markdown(
                f"**{row['rule'].replace('_', ' ').capitalize()}** {VERDICTS[row['verdict']]}  \n"
                f"{row['reasons']}  \n"
                f":small[:gray[{row['treated']:,} acted on, {row['left_alone']:,} left alone; counted is "
                f"whether {row['measure']} {row['follow_days']} days after. Money this supports: "
                f"{row['supported_amount']:,.0f} {currency}.]]"
            )
    with right:
        parts.drawn("rule_effect", effects)
    parts.table(
        effects,
        {
            "rule": "Rule",
            "treated_judged": "Acted on, judged",
            "left_alone_judged": "Left alone, judged",
            "share_treated": "Settled, acted on",
            "share_left_alone": "Settled, left alone",
            "share_detectable": "Least difference shown",
            "subjects_needed": "Subjects needed",
            "days_difference": "Days, difference",
            "amount_difference": f"{currency} a subject, difference",
            "amount_lower": "at least",
            "supported_amount": f"Supported, {currency}",
        },
        empty="",
    )
    st.caption(
        "Everybody counts in the arm that chance gave, whether a message left or not. Supported is the lower "
        "end of the 95% interval of money that came in by then, times the subjects acted on; nothing while "
        "the effect is unproven."
    )

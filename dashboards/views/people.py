"""People: who is below target and what would mend it; last week's time and what is in question."""

import parts
import snapshot
import streamlit as st

from opslayer.intelligence import time_week, utilisation

parts.heading("People", "Who is below target, what would mend it, and was last week's time whole?")
parts.metric_row(
    "utilisation", "people_below_target", "short_of_target", "missing_sheets", "time_in_question"
)
people = snapshot.rows("utilisation")
currency = snapshot.firm().base_currency
if snapshot.rows("person_standing").is_empty():
    st.info("No person has landed: name the tables person and time_entry in a mapping.")
    st.stop()
parts.figure("utilisation_weeks", "utilisation_week")

st.header("Below target", anchor=False)
if people.is_empty():
    st.markdown(":gray[Not looked at yet: run the job monday.]")
else:
    st.markdown(utilisation.headline(people, currency))
    parts.figure("utilisation_levels", "utilisation")
    parts.table(
        snapshot.rows("utilisation_named"),
        {"name": "Person", "role": "Role", "practice": "Practice", "utilisation": "Utilisation",
         "target": "Target", "money_short_base": "Short", "began_on": "Since",
         "mend": "What would mend it", "reasons": "Why"},
        empty="Nobody has nine chances in ten of being half a day a week below target.",
    )  # fmt: skip
    parts.behind("utilisation_named", key="utilisation-named")
    st.caption(utilisation.setting_aside(people))

st.header("Last week's time", anchor=False)
check, week = snapshot.rows("time_check"), snapshot.rows("time_week")
st.markdown(time_week.headline(check, week, currency))
parts.table(
    time_week.summarise(check),
    {"title": "In question", "findings": "Findings", "people": "People", "hours": "Hours",
     "stake_base": "At stake", "mend": "What mends it"},
    empty="Nothing of it is in question.",
)  # fmt: skip
parts.table(
    time_week.told(check),
    {"title": "What", "person_name": "Person", "manager_name": "Reports to", "project_name": "Project",
     "worked_on": "Day", "hours": "Hours", "stake_base": "At stake", "detail": "Detail"},
    empty="No sheet is missing and no entry has to be looked at.",
    height=320,
)  # fmt: skip
parts.behind("time_check", key="time-check")
parts.figure("week_against_plan", "time_week")

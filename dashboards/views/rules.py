"""Rules: what they bring about, what they would have done, and what they may do by themselves."""

import effects
import parts
import snapshot
import streamlit as st

from opslayer import actions

parts.heading("Rules", "Do the rules bring about what they are there for?")
firm, store = snapshot.firm(), snapshot.store()

st.header("Effect", anchor=False)
effects.show_effects(actions.rule_effects(firm, store))

st.header("Replay", anchor=False)
effects.show_replays(actions.list_replays(firm, store))

st.header("Autonomy", anchor=False)
effects.show_autonomy(actions.list_autonomy(firm, store))

st.header("Who decides", anchor=False)
effects.show_approvers(actions.approvers(firm, store))

"""Rules: what they bring about, what they would have done, and what they may do by themselves."""

import effects
import parts
import shown
import streamlit as st

parts.heading("rules")
st.header("Effect", anchor=False)
effects.show_effects()

st.header("Replay", anchor=False)
effects.show_replays()

st.header("Trials of words", anchor=False)
shown.put("rules", "trials")

st.header("Autonomy", anchor=False)
effects.show_autonomy()

st.header("Who decides", anchor=False)
effects.show_approvers()

"""Models: who answers, what was learnt, and who serves."""

import parts
import serving
import shown
import snapshot
import streamlit as st

from opslayer import modelops

parts.heading("models")
shown.put("models", "headline", "standing")

capabilities = modelops.load_capabilities(snapshot.firm())
chosen = st.selectbox(
    "Question", sorted(capabilities), format_func=lambda name: capabilities[name].title, key="capability"
)
if chosen is None:
    st.stop()
shown.put("models", "question", "card", capability=chosen)
if capabilities[chosen].learnt:
    serving.show(chosen)
    st.header("Is it still what it was taught on?", anchor=False)
    shown.put("models", "drift", capability=chosen)
    st.header("What was learnt", anchor=False)
    shown.put("models", "versions", "segments", capability=chosen)

if chosen == "forecast":
    st.header("Whether its intervals held", anchor=False)
    shown.put("models", "coverage", capability=chosen)

st.header("What is on trial", anchor=False)
shown.put("models", "trials", capability=chosen)
st.header("What it costs", anchor=False)
shown.put("models", "spending", capability=chosen)
st.header("What it answered last", anchor=False)
shown.put("models", "answers", capability=chosen)

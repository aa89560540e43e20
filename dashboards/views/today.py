"""Today: what is out of range, what waits for whoever looks, what changed since; each leads to its page."""

import looks
import parts
import people
import shown
import streamlit as st

WIDE, CARD = 500, 330  # pixels across

parts.heading("today")
seen = looks.now()
left, middle, right = st.columns([3, 2, 2], gap="small")
with left, st.container(border=True, gap="small"):
    people.way_to("alerts", "**Out of range**", ":material/arrow_forward:")
    shown.put("today", "out", "alarming", place=WIDE)
with middle, st.container(border=True, gap="small"):
    people.way_to("actions", "**Waiting for you**", ":material/arrow_forward:")
    shown.put("today", "waits", "waiting", place=CARD, person=seen.person, at=seen.at)
with right, st.container(border=True, gap="small"):
    st.markdown("**What changed**")
    shown.put("today", "since", "changes", place=CARD, since=seen.since)

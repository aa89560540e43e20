"""Actions: what waits for a decision, with its evidence, and what was done."""

import parts
import people
import proposals
import several
import shown
import snapshot
import stops
import streamlit as st
import undos

from opslayer import actions

PAGE = 25  # proposals shown at once

parts.heading("actions")
every = actions.list_proposals(snapshot.store())
waiting = sorted(
    (p for p in every if p.state == "proposed"), key=lambda p: (p.kind != "compensation", -p.level, -p.amount)
)
unsent = [p for p in every if p.state in ("approved", "held")]
uncertain = [p for p in every if p.state == "uncertain"]
shown.put("actions", "standing")

with st.container(horizontal=True, vertical_alignment="bottom"):
    person = people.choose_decider()
    wanted = st.text_input(
        "About", key="find", placeholder="Any client, project, person", icon=":material/search:", width=340
    )
stops.show(person)

if uncertain:
    st.header("Nobody knows whether these left", anchor=False)
    for proposal in uncertain:
        proposals.show_uncertain(proposal, person)

st.header("Waiting for a decision", anchor=False)
found = [p for p in waiting if wanted.casefold() in p.party_name.casefold()]
if not waiting:
    st.info(
        "Nothing waits. The jobs morning, monday and wednesday propose what is due: `opslayer run morning`."
    )
elif not found:
    st.markdown(f':gray[None about anything like "{wanted}".]')
several.show(found, person)
due = actions.deadlines(snapshot.firm(), [*found[:PAGE], *unsent[:PAGE]], moment=snapshot.now())
with st.container(gap="xsmall"):
    for proposal in found[:PAGE]:
        proposals.show(proposal, person, due.get(proposal.id or 0, ""))
if len(found) > PAGE:
    st.markdown(f":gray[{len(found) - PAGE:,} more; name what they are about to see them.]")

if unsent:
    st.header("Approved, not sent yet", anchor=False)
    with st.container(gap="xsmall"):
        for proposal in unsent[:PAGE]:
            proposals.show(proposal, person, due.get(proposal.id or 0, ""))

st.header("Decided", anchor=False)
undos.show(every, person)
shown.put("actions", "decided")

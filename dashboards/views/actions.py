"""Actions: what waits for a decision, with its evidence, and what was done."""

import parts
import people
import proposals
import several
import snapshot
import stops
import streamlit as st
import tables
import undos

from opslayer import actions

PAGE = 25  # proposals shown at once

parts.heading("Actions", "What should be done, and may it be?")
every = actions.list_proposals(snapshot.store())
waiting = sorted(
    (p for p in every if p.state == "proposed"), key=lambda p: (p.kind != "compensation", -p.level, -p.amount)
)
unsent = [p for p in every if p.state in ("approved", "held")]
uncertain = [p for p in every if p.state == "uncertain"]
currency = snapshot.firm().base_currency
with st.grid(4, min_column_width=150, border=True):
    st.metric("Waiting for a decision", f"{len(waiting):,}", help="Proposed, and not decided.")
    asked = sum(p.amount for p in waiting if p.kind not in ("message", "compensation"))
    st.metric(
        f"Amount in them, {currency}",
        f"{asked:,.0f}",
        help="Asked for, billed or spent by them; not what a message only tells of.",
    )
    st.metric("Approved, not sent yet", f"{len(unsent):,}")
    lost = actions.without_effect(snapshot.store())
    arrived = sum(p.state == "sent" and p.id not in lost for p in every)
    st.metric("Sent", f"{arrived:,}", help="Left, and neither came back nor was undone.")

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
shown = [p for p in waiting if wanted.casefold() in p.party_name.casefold()]
if not waiting:
    st.info(
        "Nothing waits. The jobs morning, monday and wednesday propose what is due: `opslayer run morning`."
    )
elif not shown:
    st.markdown(f':gray[None about anything like "{wanted}".]')
several.show(shown, person)
due = actions.deadlines(snapshot.firm(), [*shown[:PAGE], *unsent[:PAGE]], moment=snapshot.now())
with st.container(gap="xsmall"):
    for proposal in shown[:PAGE]:
        proposals.show(proposal, person, due.get(proposal.id or 0, ""))
if len(shown) > PAGE:
    st.markdown(f":gray[{len(shown) - PAGE:,} more; name what they are about to see them.]")

if unsent:
    st.header("Approved, not sent yet", anchor=False)
    with st.container(gap="xsmall"):
        for proposal in unsent[:PAGE]:
            proposals.show(proposal, person, due.get(proposal.id or 0, ""))

st.header("Decided", anchor=False)
undos.show(every, person)
parts.table(
    tables.decided(every),
    {"party_name": "About", "rung": "What", "amount": f"Amount, {currency}", "state": "State",
     "by": "Approved by", "sent_at": "Sent", "reason": "Why"},
    empty="Nothing has been decided yet.",
)  # fmt: skip

"""Actions: what waits for a decision, with its evidence, and what was done."""

import polars as pl
import shared
import streamlit as st

from opslayer import actions
from opslayer.errors import GuardrailHeld, OpslayerError

shared.heading("Actions", "What should be done, and may it be?")
proposals = actions.list_proposals(shared.store())
decider = shared.decider()
waiting = [proposal for proposal in proposals if proposal.state == "proposed"]
currency = shared.firm().base_currency

st.subheader(f"{len(waiting)} waiting for a decision", anchor=False)
if not waiting:
    st.info("Nothing waits. `opslayer run morning` proposes what is due.")
wanted = st.text_input("Find a client", key="find", placeholder="name of a client")
shown = [p for p in waiting if wanted.casefold() in p.title.casefold()]
for proposal in shown[:25]:
    with st.expander(
        f"**{proposal.title}** · {proposal.amount:,.0f} {currency}", key=f"proposal-{proposal.id}"
    ):
        detail = actions.show_proposal(shared.store(), proposal.id)
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.caption("What would be sent")
            st.html(detail.html)
        with right:
            st.caption(f"Evidence, as of {proposal.as_of:%d %b %Y}, snapshot {detail.snapshot}")
            st.dataframe(pl.DataFrame(detail.evidence["invoices"]), hide_index=True)
            st.caption(f"Expires {proposal.expires_at:%d %b %Y %H:%M} UTC. {detail.policy}")
            reason = st.text_input(
                "Reason", key=f"reason-{proposal.id}", placeholder="kept with the decision"
            )
            yes, no = st.columns(2)
            verdict = None
            if yes.button("Approve", key=f"approve-{proposal.id}", type="primary", width="stretch"):
                verdict = actions.approve
            if no.button("Reject", key=f"reject-{proposal.id}", width="stretch"):
                verdict = actions.reject
            if verdict:
                try:
                    verdict(
                        shared.firm(), shared.store(), proposal.id, person=decider,
                        reason=reason, moment=shared.now(), layer=shared.layer(),
                    )  # fmt: skip
                    st.rerun()
                except GuardrailHeld as held:
                    st.warning(f"Held: {held.message}")
                except OpslayerError as error:
                    st.error(str(error))
if len(shown) > 25:
    st.caption(f"{len(shown) - 25} more; find a client to see them.")

st.subheader("Decided", anchor=False)
decided = [p for p in proposals if p.state != "proposed"]
if not decided:
    st.caption("Nothing yet.")
else:
    st.dataframe(
        [
            {"what": p.title, "amount": p.amount, "state": p.state, "why": p.reason, "sent": p.sent_at}
            for p in decided
        ],
        hide_index=True,
        column_config={"amount": st.column_config.NumberColumn(f"amount, {currency}", format="localized")},
    )

"""What if: one deal won, lost or moved, and what that moves everywhere; nothing of it is published."""

import parts
import shown
import snapshot
import streamlit as st

from opslayer import pages
from opslayer.intelligence import chain
from opslayer.pages import what_if

parts.heading("what_if")
deals = what_if.by_worth(what_if.before(pages.Reading(snapshot.source()))[0].open_deals)
if deals.is_empty():
    st.info("No open deal has a forecast of this day: the job wednesday makes one where deals have landed.")
    st.stop()
named = {
    row["opportunity_id"]: f"{row['name']} ({row['party_name']}), in {row['stage']}, "
    f"{row['amount_base'] or 0:,.0f}, chance {row['win_probability']:.0%}"
    for row in deals.iter_rows(named=True)
}
deal = st.selectbox("Deal", list(named), format_func=named.__getitem__)
words: dict[chain.Outcome, str] = {"lost": "is lost", "won": "is won today", "moved": "is decided later"}
with st.container(horizontal=True, vertical_alignment="bottom"):
    outcome = st.segmented_control(
        "What becomes of it", list(words), format_func=words.__getitem__, default="lost", required=True
    )
    weeks = st.number_input("Weeks later", -13, 26, 4, disabled=outcome != "moved", width=160)
change = chain.Change(deal, outcome, int(weeks) if outcome == "moved" else 0)
shown.put("what_if", "quarter_heading", "quarter", change=change)
st.caption("Eight chances in ten lie between *From* and *To*; what is invoiced is in it.")
st.header("Open deals, people and cash", anchor=False)
shown.put("what_if", "totals", "revenue_moves", "cash_moves", change=change)

st.header("Cash in by week", anchor=False)
shown.put("what_if", "cash", change=change)
st.caption(
    "Open invoices are as on the page Cash, and this moves none of them. Open deals are times their chance, "
    "without tax. Running projects that are not invoiced yet are in neither."
)

st.header("From the deal to the week's cash", anchor=False)
shown.put("what_if", "way", "timing", change=change)
st.header("What else moves", anchor=False)
shown.put("what_if", "elsewhere", change=change)
st.caption(
    "Weeks and roles where more or fewer hours are missing or free; other open deals, whose prices follow."
)

st.header("Prices of open deals, as they stand", anchor=False)
shown.put("what_if", "prices_said", "prices")

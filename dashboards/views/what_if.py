"""What if: one deal won, lost or moved, and what that moves everywhere; nothing of it is published."""

import chains
import parts
import snapshot
import streamlit as st

from opslayer.intelligence import chain, price

parts.heading("What if", "What would move, and where, if one deal were lost, won, or decided later?")
inputs = chains.before()[0]
deals = chains.by_worth(inputs.open_deals)
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
found = chains.what_if(chain.Change(deal, outcome, int(weeks) if outcome == "moved" else 0))
chains.quarter(found)
st.header("Open deals, people and cash", anchor=False)
chains.totals(found)
chains.figures_of(found, "revenue", "cash")

st.header("Cash in by week", anchor=False)
parts.table(
    found.cash,
    {"week_start": "Week from", "open_invoices_base": "Open invoices", "deals_before_base": "Open deals, was",
     "deals_after_base": "Open deals, becomes", "before_base": "Cash in, was",
     "after_base": "Cash in, becomes"},
    empty="No week ahead.",
)  # fmt: skip
st.caption(
    "Open invoices are as on the page Cash, and this moves none of them. Open deals are times their chance, "
    "without tax. Running projects that are not invoiced yet are in neither."
)

st.header("From the deal to the week's cash", anchor=False)
parts.table(
    chains.way(found),
    {"step": "Step", "label": "Role", "starts_on": "From", "before": "Was", "after": "Becomes",
     "moved": "Moves"},
    empty="Nothing moves.",
    height=420,
)  # fmt: skip
st.caption(
    f"{chain.timing(found.walk)} The last row of each step holds what comes later. "
    "The firm's figures move by these and by nothing else."
)
st.header("What else moves", anchor=False)
parts.table(
    chains.elsewhere(found, deals),
    {"step": "What", "label": "Where", "starts_on": "From", "before": "Was", "after": "Becomes",
     "moved": "Moves"},
    empty="Nothing: there are people enough with it and without it.",
)  # fmt: skip
st.caption(
    "Weeks and roles where more or fewer hours are missing or free; other open deals, whose prices follow."
)

st.header("Prices of open deals, as they stand", anchor=False)
st.markdown(price.headline(snapshot.rows("price_recommendation")))
parts.table(
    snapshot.rows("price_moves"),
    {"name": "Deal", "party_name": "Client", "stage": "Stage", "amount_base": "Price",
     "recommended_base": "Recommended", "lower_base": "From", "upper_base": "To",
     "expected_base": "Chance x margin", "recommended_expected_base": "At that price", "reasons": "Why"},
    empty="No other price is worth more, or history does not say so.",
)  # fmt: skip
parts.behind("price_recommendation", key="price-recommendation")

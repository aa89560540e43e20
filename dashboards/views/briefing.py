"""Briefing: Monday in one screen; each line leads to its page."""

import brief
import parts
import people
import snapshot
import streamlit as st

from opslayer import metrics, pages
from opslayer.pages import briefing

PAGE_OF = {name: page.name for page in pages.PAGES.values() for name in page.metrics}

parts.heading("briefing")
left, middle, right = st.columns(3, gap="small")
with left:
    brief.part("The month against plan", "results", "month", "practices")
    brief.part("The quarter's revenue", "revenue", "quarter")
    brief.part("Waiting for a decision", "actions", "waiting", "decisions")
with middle:
    brief.part("Projects heading over", "delivery", "projects", "projects_named")
    brief.part("People below target", "people", "people", "people_named")
with right:
    brief.part("The weekend's inquiries", "inquiries", "inquiries", "inquiries_named")
    with brief.card():
        brief.put("out_of_range")
        for value in briefing.out_of_range(pages.Reading(snapshot.source())):
            now = metrics.written(value.value, value.metric.unit, snapshot.firm().base_currency)
            page = PAGE_OF.get(value.metric.name, "cash")
            people.way_to(page, f"{value.metric.title}: **{now}**", ":material/warning:")

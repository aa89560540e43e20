"""What is read of a document, in a form that puts it right."""

from __future__ import annotations

import parts
import people
import polars as pl
import snapshot
import streamlit as st

from opslayer.config import Person
from opslayer.intelligence import document

TITLES = {
    "class": "Class", "type": "Type of contract", "company": "From", "number": "Number", "date": "Date",
    "total": "Total",
}  # fmt: skip


def names(found: pl.DataFrame) -> dict[str, str]:
    """Each document by its key, what waits first; its file, and why it waits."""
    ordered = found.sort("standing", "received_at", descending=True)
    return {
        row["document_id"]: f"{row['name']} ({row['exception']})" if row["exception"] else row["name"]
        for row in ordered.to_dicts()
    }


def form(chosen: str) -> None:
    """What it says, to be put right by who may."""
    person = people.choose_decider()
    fields = snapshot.rows("document_fields").filter(document_id=chosen)
    read = dict(fields.select("field", "value").iter_rows())
    with st.form(f"put-right-{chosen}"):
        kinds = list(document.WANTED)
        kind = read.get("class")
        place = kinds.index(kind) if kind in kinds else None
        st.selectbox("Class", kinds, index=place, key=f"class-{chosen}")
        for field, title in TITLES.items():
            if field != "class" and (field != "type" or kind == "contract"):
                st.text_input(title, read.get(field) or "", key=f"{field}-{chosen}")
        st.text_input("Reason", key=f"why-{chosen}", placeholder="kept in the record")
        st.form_submit_button(
            "This is what it says", type="primary", on_click=_put_right, args=(chosen, person),
            disabled=person is None, key=f"say-{chosen}",
        )  # fmt: skip


def _put_right(chosen: str, person: Person) -> None:
    state = st.session_state
    values = {field: state.get(f"{field}-{chosen}") for field in TITLES}

    def once() -> None:
        document.put_right(
            snapshot.firm(), snapshot.store(), chosen, values, by=person.email, reason=state[f"why-{chosen}"],
            moment=snapshot.now(),
        )  # fmt: skip
        st.toast("Kept. The next morning reads it so, and learns from it.", icon=":material/check:")

    parts.said(once)

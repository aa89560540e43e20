"""Documents: what came, what of it waits for a person, each with its places and a form to put it right."""

import papers
import parts
import shown
import snapshot
import streamlit as st

parts.heading("documents")
shown.metrics("documents")
found = snapshot.rows("documents")
if found.is_empty():
    st.info("No document has been read: name a folder for them under [sources] in firm.toml.")
    st.stop()
shown.put("documents", "headline", "said", "waiting")

st.header("One of them", anchor=False)
names = papers.names(found)
chosen = st.selectbox("Document", list(names), format_func=names.__getitem__, key="document", width=460)
if chosen is not None:
    shown.put("documents", "one", document_id=chosen)
    left, right = st.columns(2)
    with left:
        shown.put("documents", "picture", document_id=chosen)
    with right:
        papers.form(chosen)
    shown.put("documents", "fields", document_id=chosen)

st.header("Read", anchor=False)
shown.put("documents", "read")

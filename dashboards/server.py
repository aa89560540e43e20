"""The server of the pages: `streamlit run dashboards/server.py`, for the firm of $OPSLAYER_FIRM."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from opslayer import access, actions, pages  # noqa: F401  read before the first visitor comes, not while they wait
from opslayer.config import load_firm

app = st.App(
    Path(__file__).with_name("app.py"),
    secrets=access.sign_in_secrets(load_firm()),
    middleware=[Middleware(access.Headers)],
)

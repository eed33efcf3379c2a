"""The one training engine of this web process."""

import streamlit as st

from core.training.jobs import Engine
from core.training.runs import run_store


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """The engine, which all sessions share; it starts no process before it is asked to."""
    return Engine(run_store())

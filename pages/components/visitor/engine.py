"""The one training engine of this web process."""

import streamlit as st

from core.engine.local_engine import Engine
from core.engine.version import code_version
from core.store.runs import run_store


def engine() -> Engine:
    """The engine, which all sessions share; it starts no process before it is asked to."""
    return _engine(code_version())


# Streamlit keeps what is cached when it reloads changed code, and the old engine's classes are then nobody's any more.
@st.cache_resource(show_spinner=False, max_entries=1, on_release=lambda old: old.close())
def _engine(version: str) -> Engine:
    return Engine(run_store())

"""Reports once a minute that a page is open, so that the workshop's leader sees how many visitors are here.

In the session: `last_report`, the workspace that was reported last and when.
"""

import time

import streamlit as st

from core.store.presence import EVERY_SECONDS, presence
from pages.components.base import errors
from pages.components.visitor import workspace


def render() -> None:
    """Report now and once a minute while the page is open; nothing is shown."""
    st.fragment(_report, run_every=EVERY_SECONDS)()


@errors.on_page()
def _report() -> None:
    now, owner = time.monotonic(), workspace.owner()
    last_owner, last = st.session_state.get("last_report", ("", 0.0))
    if owner != last_owner or now - last > EVERY_SECONDS - 5:  # not at every click
        st.session_state.last_report = (owner, now)
        presence().mark(owner)

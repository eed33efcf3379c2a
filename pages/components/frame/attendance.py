"""The sign that a page is open, by which the workshop's leader sees how many are here."""

import time

import streamlit as st

from core.store.presence import EVERY_SECONDS, presence
from pages.components.base import errors
from pages.components.visitor import workspace


def render() -> None:
    """Give the sign now and every minute while the page is open; draws nothing."""
    st.fragment(_sign, run_every=EVERY_SECONDS)()


@errors.on_page()
def _sign() -> None:
    state, now, owner = st.session_state, time.monotonic(), workspace.owner()
    last_owner, last = state.get("signed", ("", 0.0))
    if owner != last_owner or now - last > EVERY_SECONDS - 5:  # not at every click
        state.signed = (owner, now)
        presence().mark(owner)

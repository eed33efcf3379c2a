"""A lesson plan for a workshop of 45 minutes."""

from urllib.parse import urljoin

import streamlit as st

from core.lessons.workshop import MINUTES, PLAN, PREPARE, printed

TITLE = f"A workshop of {MINUTES} minutes"
SUMMARY = "For teachers: what to prepare, what to show, what the group does, and answers to its questions."


def render() -> None:
    """Draw what to prepare and the parts of the workshop in order, with the whole plan as a file to print."""
    address = urljoin(st.context.url or "", ".")
    st.markdown("For a school class or an evening course of up to thirty people, who need no previous knowledge.")
    st.download_button(
        "Download the plan, to print",
        printed(address),
        file_name="inkling-workshop.md",
        mime="text/markdown",
        icon=":material/download:",
        key="workshop_plan",
        on_click="ignore",
    )
    st.header("Before", anchor="before")
    st.markdown(PREPARE)
    if address:
        st.markdown("The address for the group:")
        st.code(address, language=None, wrap_lines=True)
    st.markdown(PLAN)

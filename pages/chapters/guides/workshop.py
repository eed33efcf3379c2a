"""A lesson plan for a workshop of 45 minutes."""

from urllib.parse import urljoin

import streamlit as st

from core.lessons.workshop import MINUTES, PLAN, PREPARE, Part, markdown, times
from pages.components.base.typesetting import caption

TITLE = f"A workshop of {MINUTES} minutes"
SUMMARY = "For teachers: what to prepare, what to show, what the group does, and answers to its questions."


def render() -> None:
    """Draw what to prepare and the parts of the workshop in order, with the whole plan as a file to print."""
    address = urljoin(st.context.url or "", ".")
    st.markdown("For a school class or an evening course of up to thirty people, who need no previous knowledge.")
    st.download_button(
        "Download the plan, to print",
        markdown(address),
        file_name="inkling-workshop.md",
        mime="text/markdown",
        icon=":material/download:",
        key="workshop_plan",
        on_click="ignore",
    )
    st.header("Before", anchor="before")
    st.markdown("\n".join(f"- {point}" for point in PREPARE))
    if address:
        st.markdown("The address for the group:")
        st.code(address, language=None, wrap_lines=True)
    for (start, end), part in zip(times(), PLAN, strict=True):
        _render_part(part, start, end)


def _render_part(part: Part, start: int, end: int) -> None:
    with st.container(gap="xsmall", key=f"part_{start}"):
        caption(f"Minute {start} to {end}")
        st.header(part.title, anchor=False)
        st.markdown(f"**Show.** {part.show}")
        st.markdown(f"**The group.** {part.do}")
        st.markdown(f"**Where.** {', '.join(f'[{name}]({path})' for name, path in part.pages)}.")
        st.markdown("\n".join(f"- **{question}** {answer}" for question, answer in part.questions))

"""Showing Inkling to a group: projector mode, a link to hand out, and a fresh start for the next group."""

from html import escape
from urllib.parse import urlsplit

import segno
import streamlit as st

from pages.components.base.component import register
from pages.components.base.typesetting import caption
from pages.components.visitor import workspace

_projector = register(__file__)
_ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def is_on() -> bool:
    """Whether the address asks for projector mode."""
    return st.query_params.get("present") == "1"


def toggle() -> None:
    """Switch projector mode on or off in the address, so that it survives a reload and can be linked to."""
    if is_on():
        del st.query_params["present"]
    else:
        st.query_params["present"] = "1"
    st.rerun()


def enlarge() -> None:
    """Scale the container with the key "stage" so that it fills the window."""
    _projector(key="projector_zoom")


def render() -> None:
    """Render the button of the dialog "For a group", and in projector mode the one that leaves it."""
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("For a group", key="for_a_group"):
            _render_dialog()
        if is_on() and st.button("Leave projector mode", key="leave_projector"):
            toggle()


@st.dialog("For a group", width="medium")  # a popover would be too low for the QR code
def _render_dialog() -> None:
    address = workspace.start_address()
    with st.container(horizontal=True, gap="medium"):
        with st.container(width="content"):
            st.html(_qr_code(address), width="content")
        with st.container(width=300, gap="small"):
            if not is_on() and st.button(
                "Projector mode: board and bars, in large", key="projector", icon=":material/present_to_all:"
            ):
                toggle()
            st.code(address, language=None, wrap_lines=True)
            if urlsplit(address).hostname in _ON_THIS_MACHINE:
                caption(
                    "This address works on this computer only. "
                    "Open Inkling at its address in your network to get one that you can hand out."
                )
            else:
                caption("Whoever opens this link starts with an empty board and sees nothing of yours.")
            st.html(_next_group_link(address))
            caption("Clears the board and all choices. Your runs and kept drawings stay.")


def _next_group_link(address: str) -> str:
    """A link that loads the page again, in a new session that knows nothing of the last group's.

    `anew` tells Train which runs are the last group's. Links of Streamlit's own open a new tab, or keep the session.
    """
    projector = "&amp;present=1" if is_on() else ""
    link = f'<a style="color: inherit" href="{escape(address)}?anew=1{projector}">'
    return f"{link}Start fresh for the next group</a>"


@st.cache_data(show_spinner=False, max_entries=20)
def _qr_code(address: str) -> str:
    """The code as HTML, as large as the screen allows; dark on white in both themes, as some cameras need it."""
    image = segno.make(address, error="m", micro=False).svg_data_uri(dark="#1D2433", light="#FFFFFF", omitsize=True)
    size = "width: max(220px, 50vmin); max-width: 100%; aspect-ratio: 1"
    return f'<img src="{image}" alt="QR code of {escape(address)}" style="{size}">'

"""Showing Inkling to a group: the board and its bars alone in large type, a link to hand out, a start for the next."""

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import segno
import streamlit as st

from pages.components.base.component import register
from pages.components.base.typesetting import caption
from pages.components.visitor import workspace

_HERE = Path(__file__)
_projector = register(_HERE.with_name("projector"))
_next_group = register(
    _HERE.with_name("next_group"), html='<button type="button">Start anew for the next group</button>'
)
_ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def is_on() -> bool:
    """Whether the address asks for projector mode."""
    return st.query_params.get("present") == "1"


def turn() -> None:
    """Go into projector mode, or out of it; by the address, so that a reload stays in it and a link can lead there."""
    if is_on():
        del st.query_params["present"]
    else:
        st.query_params["present"] = "1"
    st.rerun()


def enlarge() -> None:
    """Let what stands in the container "stage" fill the window."""
    _projector(key="projector_zoom")


def render() -> None:
    """Draw "For a group" (projector mode, the link with its QR code, a new start) and the way out of projector mode."""
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("For a group", key="for_a_group"):
            _open()
        if is_on() and st.button("Leave projector mode", key="leave_projector"):
            turn()


# A dialog and not a popover, which is no higher than the room beside its button and seven tenths of the window.
@st.dialog("For a group", width="medium")
def _open() -> None:
    address = workspace.start_address()
    with st.container(horizontal=True, gap="medium"):
        with st.container(width="content"):
            st.html(_qr_code(address), width="content")
        with st.container(width=300, gap="small"):
            if not is_on() and st.button(
                "Projector mode: board and bars, in large", key="projector", icon=":material/present_to_all:"
            ):
                turn()
            st.code(address, language=None, wrap_lines=True)
            if urlsplit(address).hostname in _ON_THIS_MACHINE:
                caption(
                    "This address is for this computer alone. "
                    "Open Inkling by its address in your network to hand it out."
                )
            else:
                caption("Whoever opens this link begins with a clean board and sees nothing of yours.")
            _next_group(key="next_group")
            caption("Clears the board and all that was chosen. Your runs and kept drawings stay.")


@st.cache_data(show_spinner=False, max_entries=20)
def _qr_code(address: str) -> str:
    """Dark on white in both themes: not every camera reads the inverse. It grows with the screen, for the last row."""
    image = segno.make(address, error="m", micro=False).svg_data_uri(dark="#1D2433", light="#FFFFFF", omitsize=True)
    size = "width: max(220px, 50vmin); max-width: 100%; aspect-ratio: 1"
    return f'<img src="{image}" alt="QR code of {escape(address)}" style="{size}">'

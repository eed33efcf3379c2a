"""The list of pages, what surrounds each of them, and the guard at the top of each page file."""

import gc
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core import logs
from core.reports.images import data_url
from pages.components.base import errors, message_queue, theme
from pages.components.frame import menu, presence, presenting, run_banner, server_notice, shortcuts
from pages.components.visitor import workspace

ASSETS = Path(__file__).parent / "assets"
# As a data URL: Streamlit drops files for a moment whenever a page is drawn again.
FAVICON = data_url((ASSETS / "favicon.png").read_bytes())

WIDE = ("train", "model", "evaluate", "runs", "scoreboard", "leader")  # the pages that need the screen's width

# Full garbage collections, which stop all visitors, need not scan what has been imported: 2 ms instead of 67.
gc.freeze()

_routed: ContextVar[bool] = ContextVar("_routed", default=False)


def logo() -> Path:
    """The file with mark and name in the colour of the current theme."""
    return ASSETS / f"logo_{theme.name()}.svg"


def navigation() -> StreamlitPage:
    """Declare the pages and render the menu; returns the page to run. A new page is one more line here.

    The pages have no icons: Streamlit would use them as favicons, and fetch those from the internet.
    """
    return st.navigation(
        [
            st.Page("pages/draw.py", title="Draw", url_path="start", default=True),
            # Streamlit serves the start page at "/" only; a link to /draw finds this one.
            st.Page("pages/draw.py", title="Draw", url_path="draw", visibility="hidden"),
            st.Page("pages/train.py", title="Train", url_path="train"),
            st.Page("pages/model.py", title="Model", url_path="model"),
            st.Page("pages/evaluate.py", title="Evaluate", url_path="evaluate"),
            st.Page("pages/runs.py", title="Runs", url_path="runs"),
            st.Page("pages/learn.py", title="Learn", url_path="learn"),
            st.Page("pages/scoreboard.py", title="Scoreboard", url_path="scoreboard", visibility="hidden"),
            st.Page("pages/privacy.py", title="Privacy", url_path="privacy", visibility="hidden"),
            st.Page("pages/leader.py", title="Leader", url_path="leader", visibility="hidden"),
        ],
        position="hidden" if presenting.is_on() else "top",
    )


def layout(page: StreamlitPage) -> Literal["centered", "wide"]:
    """How wide the page is; decided before it runs, because a page that widens itself jumps at every rerun."""
    return "wide" if page.url_path in WIDE or presenting.is_on() else "centered"


def run(page: StreamlitPage) -> None:
    """Run the page and what surrounds it; every error becomes a sentence on the page."""
    logs.to_stderr()
    message_queue.patch()
    token = _routed.set(True)
    try:
        theme.apply()
        with errors.on_page():
            server_notice.render(is_about_runs=page.url_path in ("train", "runs"))
        with errors.on_page():
            workspace.arrive()
        with errors.on_page():
            page.run()
        with errors.on_page():
            # These lie over the page or are invisible, but take up a line: at the end they move nothing.
            workspace.keep()
            presence.render()
            menu.render()
            run_banner.render(is_train=page.url_path == "train")
            if shortcuts.render():
                presenting.toggle()
    finally:
        _routed.reset(token)


def guard() -> None:
    """First line of each page: hand over to `app.py` where Streamlit runs the page file by itself.

    It does so for the first visitor of a new server who follows a link to a page: before `st.navigation` has run for
    the first time, Streamlit takes `pages/` for its list of pages, and title and menu would be wrong.
    """
    if not _routed.get():
        navigation()
        st.rerun()

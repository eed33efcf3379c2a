"""The list of pages, the frame in which each of them runs, and the guard at the top of each page file."""

import gc
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core import logs
from core.reports.images import data_url
from pages.components.base import errors, message_queue, theme
from pages.components.frame import attendance, menu, presenting, run_banner, server_notice, shortcuts
from pages.components.visitor import workspace

ASSETS = Path(__file__).parent / "assets"
# As an address that holds it: a file of Streamlit's is gone for a moment whenever a page begins anew.
FAVICON = data_url((ASSETS / "favicon.png").read_bytes())

WIDE = ("train", "model", "evaluate", "runs", "scoreboard", "leader")  # the pages that need the screen's width

# What has been imported stays: full collections, which stop all visitors, need not look through it (2 ms and not 67).
gc.freeze()

_routed: ContextVar[bool] = ContextVar("_routed", default=False)


def logo() -> Path:
    """The drawn mark and the name, in the ink of the current theme."""
    return ASSETS / f"logo_{theme.name()}.svg"


def navigation() -> StreamlitPage:
    """The menu; returns the page to run. A new page is one more line here.

    The pages have no icons: Streamlit would make a Material icon the favicon first and fetch it from the internet.
    """
    return st.navigation(
        [
            st.Page("pages/draw.py", title="Draw", url_path="start", default=True),
            # Streamlit serves the start page at "/" only; this is what a link to /draw finds.
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
    """How wide the page is. Decided before it runs: a page that widened itself would jump at every rerun."""
    return "wide" if page.url_path in WIDE or presenting.is_on() else "centered"


def run(page: StreamlitPage) -> None:
    """Run the page; whatever it raises becomes a sentence."""
    logs.to_stderr()
    message_queue.mend()
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
            # These lie over the page, but take a line of space where they stand: at its end nothing moves for them.
            workspace.keep()
            attendance.render()
            menu.mend()
            run_banner.render(is_train=page.url_path == "train")
            if shortcuts.render():
                presenting.turn()
    finally:
        _routed.reset(token)


def guard() -> None:
    """First line of each page: hand over to `app.py` where Streamlit runs the page file by itself.

    It does so for the first deep link to reach a cold server, because it finds `pages/` before `st.navigation` has
    told it otherwise; the visitor would see the page with the wrong title and menu.
    """
    if not _routed.get():
        navigation()
        st.rerun()

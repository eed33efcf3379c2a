"""The scoreboard that everyone here sees, also on a projector: it keeps itself up to date."""

import hashlib
from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.formatting import NONE, duration, percent
from core.store.runs import run_store
from core.store.scoreboard import Entry, Order, ranked, scoreboard
from pages.components.base import errors
from pages.components.base.errors import plain
from pages.components.base.popover import popover
from pages.components.base.typesetting import caption, on_accent
from pages.components.runs import scoreboard_entry
from pages.components.visitor import workspace
from pages.components.workshop import scoreboard_table
from pages.components.workshop.scoreboard_table import Row

POLL_SECONDS = 4.0  # between two looks at the entries
_COLUMNS = {
    Order.TEST: "Test",
    Order.DRAWN: "Drawn",
    Order.PARAMETERS: "Parameters",
    Order.SECONDS: "Time",
}
_NOTES = {
    Order.TEST: "The share of 10,000 test images that each network reads right, highest first.",
    Order.DRAWN: "The share of digits drawn with an even pen that each network reads right, highest first.",
    Order.PARAMETERS: "How many numbers each network has learned, fewest first.",
    Order.SECONDS: "How long each training took, shortest first.",
}


def render() -> None:
    """Render the heading, the choice of what entries are ranked by, and the board."""
    is_empty = not scoreboard().entries()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.title("Scoreboard", anchor=False, width="content")
        if not is_empty:
            chosen = st.segmented_control(
                "Ranked by", list(_COLUMNS), default=Order.TEST, format_func=_COLUMNS.__getitem__, key="ranked_by",
                label_visibility="collapsed", required=True,
            )  # fmt: skip
    st.fragment(_render_board, run_every=POLL_SECONDS)(Order.TEST if is_empty else Order(chosen), is_empty)


@errors.on_page()
def _render_board(order: Order, was_empty: bool) -> None:
    entries = scoreboard().entries()
    if was_empty != (not entries):
        st.rerun()
    if not entries:
        _render_empty()
        return
    owner = workspace.owner()
    rows = [_row(rank, entry, owner) for rank, entry in ranked(entries, order)]
    scoreboard_table.render(list(_COLUMNS.values()), list(Order).index(order), rows)
    caption(_NOTES[order])
    if any(entry.source == "handwriting" for entry in entries):
        caption("“On built-in handwriting”: not tested on MNIST's images, so comparable only with each other.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if mine := [entry for entry in entries if entry.owner == owner]:
            with popover("Take mine off", key="take_mine_off", gap="xsmall"):
                _render_mine(mine)
        caption("To put a finished run on the board, open it and choose “Scoreboard”.", width="content")
        st.page_link("pages/runs.py", label=":small[My runs]")


def _row(rank: int | None, entry: Entry, owner: str) -> Row:
    drawn = NONE if entry.drawn_accuracy is None else percent(entry.drawn_accuracy)
    return Row(
        key=hashlib.sha256(entry.run.encode()).hexdigest()[:12],  # the id itself would let others watch the run
        rank=NONE if rank is None else str(rank),
        nickname=entry.nickname,
        recipe=f"{entry.recipe}, on built-in handwriting" if entry.source == "handwriting" else entry.recipe,
        figures=[percent(entry.test_accuracy), drawn, f"{entry.parameters:,}", duration(entry.seconds)],
        is_own=entry.owner == owner,
    )


def _render_mine(mine: Sequence[Entry]) -> None:
    for entry in mine:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{plain(entry.nickname)}, {percent(entry.test_accuracy)}", width="stretch")
            st.button("Take off", key=f"off_{entry.run}", on_click=partial(scoreboard_entry.leave, entry.run))


def _render_empty() -> None:
    with st.container(border=True, key="empty_scoreboard", gap="small"):
        st.header("Nobody is on it yet", anchor=False)
        st.markdown(
            "Train a network. When it has finished, choose “Scoreboard” on its page to put it here, "
            "under a nickname of your choice."
        )
        if run_store().listed(workspace.owner(), 1, with_model=True):
            if st.button(on_accent("Open my runs"), key="open_runs", type="primary"):
                st.switch_page("pages/runs.py")
        elif st.button(on_accent("Train a network"), key="train_one", type="primary"):
            st.switch_page("pages/train.py")

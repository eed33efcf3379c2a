"""The drawing board: a sheet to draw on, with undo, clear and a pen."""

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from core.digits.preprocessing import BOARD_SIZE
from pages.components import theme

# The canvas sits in a shadow root that config.toml cannot reach. Its own toolbar is invisible on touch screens and
# swallows the strokes that start under it, so it goes (undo and clear lie below the board); the sheet gets its paper,
# the faint lines of a copybook and, while it is empty, an invitation.
_RULES = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
_dress = st.components.v2.component(
    "inkling.board_dress",
    html="<span></span>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def show() -> object:
    """Draw the board.

    Returns:
        The drawing as the canvas sends it: Fabric's JSON, with one object per stroke. It survives a change of page or
        theme. Nothing about it is certain, because any client may send anything.
    """
    state = st.session_state
    ink = theme.INK[theme.name()]
    # A new key mounts a new canvas, which starts with `board_start`. The key is not in the state after undo and clear,
    # and when the visitor comes back from another page.
    if _key() not in state or state.board_ink != ink:
        _lay_sheet(state.get("drawing", {}))
    with st.container(key="board", width=BOARD_SIZE, height=BOARD_SIZE, border=False, gap=None):
        canvas = st_canvas(
            key=_key(),
            width=BOARD_SIZE,
            height=BOARD_SIZE,
            stroke_width=state.get("pen_width", 18),
            stroke_color=ink,
            initial_drawing=state.board_start,
        )
        drawing: object = canvas.json_data
        state.drawing = drawing
        turned = _dress(
            key="board_dress",
            data={"rules": _RULES, "paper": theme.PAPER[theme.name()], "empty": not _strokes(drawing)},
            on_turned_change=lambda: None,
        ).turned
    if turned:
        st.rerun()  # the whole page, because the logo turns too
    return drawing


def show_tools() -> None:
    """Draw undo, clear and the pen, for the board above."""
    is_empty = not _strokes(st.session_state.drawing)
    with st.container(key="board_tools", horizontal=True, gap="xsmall"):
        st.button("Undo", key="undo", icon=":material/undo:", disabled=is_empty, on_click=_undo)
        st.button("Clear", key="clear", icon=":material/close:", disabled=is_empty, on_click=_clear)
        with st.popover("Pen", key="pen", icon=":material/edit:"), st.container(width=240):
            st.slider("Pen width", 8, 32, 18, key="pen_width", persist_state="session")


def _key() -> str:
    return f"board_{st.session_state.get('board_number', 0)}"


def _strokes(drawing: object) -> list[Any]:
    strokes = drawing.get("objects") if isinstance(drawing, dict) else None
    return strokes if isinstance(strokes, list) else []


def _lay_sheet(drawing: object) -> None:
    state = st.session_state
    state.board_ink = theme.INK[theme.name()]
    state.board_number = state.get("board_number", 0) + 1
    strokes = [stroke | {"stroke": state.board_ink} for stroke in _strokes(drawing) if isinstance(stroke, dict)]
    state.board_start = state.drawing = {"objects": strokes}


def _undo() -> None:
    _lay_sheet({"objects": _strokes(st.session_state.drawing)[:-1]})


def _clear() -> None:
    _lay_sheet({})

"""The drawing board: a sheet to draw on, with undo, clear, a pen, and a picture that may lie on it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from core.digits.preprocessing import BOARD_SIZE, PEN_WIDTH
from pages.components.base import theme
from pages.components.base.component import register
from pages.components.draw import picture
from pages.components.frame import presenting

# The canvas sits in a shadow root that config.toml cannot reach. Its own toolbar is invisible on touch screens and
# swallows the strokes that start under it, so it is hidden (undo and clear lie below the board); the sheet gets its
# paper, the faint lines of a copybook and, while it is empty, an invitation.
_RULES = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
_style = register(__file__)


def render() -> object:
    """Draw the board, with the picture that was opened on it.

    Returns:
        The drawing as the canvas sends it: Fabric's JSON, with one object per stroke. It survives a change of page or
        theme. Its form is not certain, because any client may send anything.
    """
    state = st.session_state
    # A new key mounts a new canvas, which starts with `board_start`. The key is not in the state after undo and clear,
    # and when the visitor comes back from another page. In and out of projector mode the canvas would begin empty.
    if not _is_sent(state.get(_key())) or state.board_seen_in != _seen_in():
        _new_sheet(state.get("drawing", {}))
    with st.container(key="board", width=BOARD_SIZE, height=BOARD_SIZE, border=False, gap=None):
        canvas = st_canvas(
            key=_key(),
            width=BOARD_SIZE,
            height=BOARD_SIZE,
            stroke_width=state.get("pen_width", int(PEN_WIDTH)),
            stroke_color=theme.INK[theme.name()],
            initial_drawing=state.board_start,
        )
        drawing: object = canvas.json_data
        state.drawing = drawing
        if _strokes(drawing):
            picture.remove()  # a stroke on a picture means that the drawing is to be read
        turned = _style(
            key="board_dress",
            data={
                "rules": _RULES,
                "paper": theme.PAPER[theme.name()],
                "empty": not _strokes(drawing),
                "picture": picture.mask(),
            },
            on_turned_change=lambda: None,
        ).turned
    if turned:
        st.rerun()  # the whole page, because the logo turns too
    return drawing


def render_tools() -> None:
    """Draw the buttons below the board: undo, clear, the pen, and the one that opens a picture."""
    has_picture = picture.opened() is not None
    is_empty = not _strokes(st.session_state.drawing)
    # A stroke on a picture, or Clear, takes the picture away; what was drawn before it can still be brought back.
    has_way_back = has_picture or "drawing_aside" in st.session_state
    with st.container(key="board_tools", horizontal=True, gap="xsmall"):
        if has_way_back and is_empty:
            st.button("Back to drawing", key="back_to_drawing", on_click=_back_to_drawing)
        else:
            st.button("Undo", key="undo", disabled=is_empty, on_click=_undo)
        st.button("Clear", key="clear", disabled=is_empty and not has_picture, on_click=_clear)
        if not has_picture:
            with st.popover("Pen", key="pen"), st.container(width=240):
                st.slider("Pen width", 8, 32, int(PEN_WIDTH), key="pen_width", persist_state="session")
        picture.render_opener(on_open=_keep_drawing_aside)
        if has_way_back and not is_empty:
            st.button("Back to drawing", key="back_to_drawing", on_click=_back_to_drawing)


def _key() -> str:
    return f"board_{st.session_state.get('board_number', 0)}"


def _is_sent(sent: Any) -> bool:
    """Whether this is what the canvas sends where nothing lies under it; it would stumble over much else."""
    return isinstance(sent, Mapping) and isinstance(sent.get("drawing"), Mapping) and sent.get("backgroundFit") is None


def _strokes(drawing: object) -> list[Any]:
    strokes = drawing.get("objects") if isinstance(drawing, dict) else None
    return strokes if isinstance(strokes, list) else []


def _seen_in() -> tuple[str, bool]:
    return theme.name(), presenting.is_on()


def _new_sheet(drawing: object) -> None:
    state = st.session_state
    state.board_seen_in = _seen_in()
    state.board_number = state.get("board_number", 0) + 1
    ink = theme.INK[theme.name()]
    strokes = [stroke | {"stroke": ink} for stroke in _strokes(drawing) if isinstance(stroke, dict)]
    state.board_start = state.drawing = {"objects": strokes}


def _undo() -> None:
    _new_sheet({"objects": _strokes(st.session_state.drawing)[:-1]})


def _clear() -> None:
    picture.remove()
    _new_sheet({})


def _keep_drawing_aside() -> None:
    if _strokes(st.session_state.drawing):  # else what lies aside is the latest drawing
        st.session_state.drawing_aside = st.session_state.drawing
    _new_sheet({})


def _back_to_drawing() -> None:
    picture.remove()
    _new_sheet(st.session_state.pop("drawing_aside", {}))

"""A picture of a digit, opened from a file: it lies on the board and is answered instead of a drawing."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from core.digits.pictures import MAX_PICTURE_MB, Picture, read_picture
from core.errors import InklingError
from core.reports.charts import digits_mask
from core.reports.images import data_url
from pages.components.base.errors import plain
from pages.components.visitor import opened_file

OPENER_HEIGHT = 200  # pixels of what stands behind the button


def opened() -> Picture | None:
    """The picture that is answered now, if there is one."""
    picture: Picture | None = st.session_state.get("picture")
    return picture


def mask() -> str | None:
    """The picture's ink for a style sheet, as a URL."""
    url: str | None = st.session_state.get("picture_mask")
    return url


def remove() -> None:
    """Remove the picture, so that the drawing is answered again."""
    for name in ("picture", "picture_mask"):
        st.session_state.pop(name, None)


def render_opener(on_open: Callable[[], None]) -> None:
    """Draw the button behind which a picture is opened; `on_open` is called before the first one is shown."""
    state = st.session_state
    opener = st.popover("Picture", key="open_picture", on_change="rerun")
    # As high as its later content: the popover is positioned while it is still empty.
    with opener, st.container(width=280, height="content" if opener.open else OPENER_HEIGHT, border=False, gap="small"):
        if not opener.open:
            return
        st.file_uploader(
            "Open a picture of one digit",
            key=_key(),
            on_change=_open,
            args=(on_open,),
            max_upload_size=MAX_PICTURE_MB,
            help="PNG or JPEG, dark on light or light on dark. It is read as if you had drawn it here.",
        )
        if problem := state.get("picture_problem"):
            st.error(plain(problem), icon=":material/error:")


def _key() -> str:
    return f"picture_file_{st.session_state.get('picture_number', 0)}"


def _open(on_open: Callable[[], None]) -> None:
    state = st.session_state
    state.pop("picture_problem", None)
    try:
        file = opened_file.opened(_key())
        if file is None:
            return
        picture = read_picture(file.getvalue())
    except InklingError as problem:
        state.picture_problem = str(problem)
        state.picture_number = (
            state.get("picture_number", 0) + 1
        )  # the old uploader's row would push the error out of sight
        return
    if opened() is None:
        on_open()
    content = digits_mask((picture.ink[np.newaxis] * 255).round().astype(np.uint8))
    state.picture = picture
    state.picture_mask = data_url(content)
    state.picture_number = state.get("picture_number", 0) + 1
    state.open_picture = False

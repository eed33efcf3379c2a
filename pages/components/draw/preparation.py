"""How a drawing was prepared for the network, step by step; each step can be switched off, to see the answer break."""

from dataclasses import fields

import numpy as np
import streamlit as st

from core.digits.canvas import pen_widths_from_canvas, strokes_from_canvas
from core.digits.pictures import Picture
from core.digits.preprocessing import (
    Framing,
    FramingStep,
    Images,
    framing_steps,
)
from core.errors import InklingError
from core.reports.images import data_url, encoded
from pages.components.base import theme
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.images import square_image

SHOWN_SIZE = 112  # side of each image on the page, in pixels; the images have twice as many
SWITCHES = tuple(field.name for field in fields(Framing))


def chosen() -> Framing:
    """The steps that the visitor has left switched on."""
    return Framing(**{switch: st.session_state.get(_key(switch), True) for switch in SWITCHES})


def render_note() -> None:
    """Draw a note beside the answer where a step of the preparation is switched off; nothing where all are on."""
    if chosen().is_complete:
        return
    with st.container(key="framing_note", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(":small[:material/warning: Not fully prepared.]", width="content")
        st.button(":primary[Switch all steps on]", key="framing_on", type="tertiary", on_click=_switch_on)


def render(drawing: object, picture: Picture | None) -> None:
    """Draw the expander "How your drawing was prepared"; its steps are only computed while it is open."""
    framing = chosen()
    steps = st.expander("How your drawing was prepared", key="prepared", on_change="rerun")
    if not steps.open:
        return
    with steps:
        try:
            _render_steps(_steps(drawing, picture, framing))
        except InklingError as problem:
            caption(plain(str(problem)))


def _steps(drawing: object, picture: Picture | None, framing: Framing) -> list[FramingStep]:
    if picture:
        return framing_steps(picture.strokes, framing, ink=picture.ink)
    return framing_steps(strokes_from_canvas(drawing), framing, pen_widths_from_canvas(drawing))


def _render_steps(steps: list[FramingStep]) -> None:
    with st.container(horizontal=True, gap="small"):
        for step in steps:
            with st.container(width=SHOWN_SIZE + 4, gap="xxsmall"):
                picture = data_url(encoded(_in_ink(step.image)))
                square_image.render(picture, SHOWN_SIZE, f"{step.name}. {step.sentence}")
                if step.switch:
                    st.session_state.setdefault(_key(step.switch), True)
                    st.toggle(step.name, key=_key(step.switch), persist_state="session")
                else:
                    st.markdown(step.name)
                caption(step.sentence)


def _in_ink(image: Images) -> np.ndarray:
    """The image in the colours of the board, with an edge: (224, 224, 3) uint8."""
    ink = np.kron(image, np.ones((2 * SHOWN_SIZE // len(image),) * 2))[..., np.newaxis].clip(0, 1)
    edge = np.pad(np.zeros((len(ink) - 4,) * 2), 2, constant_values=0.2)[..., np.newaxis]
    paper, full = (
        np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])
        for colour in (theme.PAPER[theme.name()], theme.INK[theme.name()])
    )
    coloured: np.ndarray = (paper + (full - paper) * np.maximum(ink, edge)).round().astype(np.uint8)
    return coloured


def _key(switch: str) -> str:
    return f"framing_{switch}"


def _switch_on() -> None:
    for switch in SWITCHES:
        st.session_state[_key(switch)] = True

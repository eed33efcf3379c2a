"""Draw: draw a digit, and the network answers after each stroke."""

import streamlit as st

from core.insight.prediction import answer_drawing, answer_picture
from pages.components.base import errors
from pages.components.base.typesetting import caption, on_accent
from pages.components.draw import board, explanation_view, picture, preparation, small_screen
from pages.components.frame import presenting, router
from pages.components.parts import answer
from pages.components.visitor import model_choice, own_drawings

router.guard()


@st.fragment  # a stroke reruns this, and only this
@errors.on_page()
def board_and_answer() -> None:
    """The board beside its answer, and below them what belongs to each; on a phone, one under the other."""
    left, right = st.columns([12, 13], gap="xxsmall")
    with left:
        drawing = board.render()
    with right:
        model, opened, framing = model_choice.chosen(), picture.opened(), preparation.chosen()
        answered = answer_picture(model, opened, framing) if opened else answer_drawing(model, drawing, framing)
        answer.render(answered)
        preparation.render_note()
    left, right = st.columns([12, 13], gap="xsmall", vertical_alignment="center")
    with left:
        board.render_tools()
    with right:
        if presenting.is_on():
            presenting.render()
            return
        model_choice.render()
    with st.container():  # always there, so that what follows keeps its place when the board is cleared
        if framing.is_complete:
            own_drawings.render(answered)
    with st.container(gap=None):  # one list of folded groups
        preparation.render(drawing, opened)
        explanation_view.render(answered)


small_screen.render()
if presenting.is_on():
    with st.container(horizontal_alignment="center"), st.container(key="stage", width=700, gap="xsmall"):
        board_and_answer()
    presenting.enlarge()
else:
    with st.container(gap="xsmall"):
        with st.container(key="heading", gap=None):
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.title("Draw a digit", anchor=False, width="content")
                if st.button(on_accent("Train your own"), key="train_your_own", type="primary"):
                    st.switch_page("pages/train.py")
            with st.container(key="welcome"):
                caption("and a small neural network reads it.")
        board_and_answer()
        presenting.render()

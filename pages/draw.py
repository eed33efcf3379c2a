"""Draw: draw a digit, and the network answers after each stroke."""

import streamlit as st

from core.insight.prediction import answer_drawing
from pages.components import answer, board, errors, model_choice, router

router.guard()


@st.fragment  # a stroke reruns this, and only this
@errors.shown()
def board_and_answer() -> None:
    """The board beside its answer, and below them what belongs to each; on a phone, one under the other."""
    left, right = st.columns([12, 13], gap="xxsmall")
    with left:
        drawing = board.show()
    with right:
        answer.show(answer_drawing(model_choice.chosen(), drawing))
    left, right = st.columns([12, 13], gap="xsmall", vertical_alignment="center")
    with left:
        board.show_tools()
    with right:
        model_choice.show()


with st.container(gap="xsmall"):
    with st.container(gap=None):
        st.title("Draw a digit", anchor=False)
        st.markdown(":small[:gray[and a small neural network reads it.]]")
    board_and_answer()

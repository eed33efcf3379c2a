"""The trade-offs: what each layer and each setting gains and costs."""

from collections.abc import Sequence

import streamlit as st

from core.lessons.trade_offs import CHANGES, LAYERS, SETTINGS, TradeOff, change_sentence
from pages.components.base.typesetting import caption
from pages.components.parts import table

TITLE = "The trade-offs"
SUMMARY = "Every layer and every setting gives something and takes something."


def render() -> None:
    """Draw what one change of Script A costs, and a table each of layers and settings with what rises and falls."""
    st.markdown(
        "No setting is simply better. Every change gains something and costs something, and which of the two counts "
        "more depends on the data, the machine and your patience. Numbers that are set before training, such as "
        "these, are called **hyperparameters**, to distinguish them from the parameters that training finds by "
        "itself. Two of the costs can be counted beforehand: how many parameters there are to learn, and how many "
        "multiply-adds an image takes."
    )
    change = st.selectbox("Change one thing in Script A", CHANGES, key="trade_offs_change")
    st.markdown(change_sentence(change))
    caption("Whether it reads digits any better can only be measured: train both, and compare.")
    st.header("Layers", anchor=False)
    _render_table("layer", LAYERS)
    st.header("Settings, turned up or added", anchor=False)
    _render_table("setting", SETTINGS)
    st.markdown(
        "A good habit: start from a recipe that works, and change **one** thing at a time, with the same seed. Look "
        "at the validation accuracy and at the time, and keep what is worth its cost."
    )
    st.page_link("pages/train.py", label="Try one of them on Train")


def _render_table(name: str, rows: Sequence[TradeOff]) -> None:
    head = (name, "what rises", "what falls")
    table.render(f"trade_offs_{name}", f"Trade-offs by {name}", head, rows, folds=True)

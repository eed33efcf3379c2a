"""Learn: how a network comes to read digits, a chapter at a time, each with something to touch."""

import streamlit as st

from pages.chapters import (
    convolution,
    data,
    dense,
    epochs,
    flatten,
    loss,
    max_pooling,
    one_hot,
    optimizers,
    overfitting,
    parameters,
    relu,
    scaling,
    softmax,
    trade_offs,
)
from pages.components import chapter, router

# The chapters in the order in which they are read. One more is one more line here.
ORDER = [
    data,
    scaling,
    one_hot,
    convolution,
    max_pooling,
    flatten,
    dense,
    relu,
    softmax,
    loss,
    optimizers,
    epochs,
    parameters,
    overfitting,
    trade_offs,
]

router.guard()
chapter.open_at(st.query_params.get("chapter", ""), ORDER)

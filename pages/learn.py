"""Learn: how a network comes to read digits, a chapter at a time, each with something to touch."""

import streamlit as st

from pages.chapters import (
    better_than_script_a,
    convolution,
    data,
    dense,
    epochs,
    flatten,
    glossary,
    improvements,
    loss,
    max_pooling,
    one_hot,
    optimizers,
    overfitting,
    parameters,
    relu,
    scaling,
    script_a,
    script_b,
    softmax,
    trade_offs,
    workshop,
)
from pages.components import chapter, router

# The chapters in the order in which they are read. One more is one more line here.
ORDER = [
    better_than_script_a,
    data,
    scaling,
    one_hot,
    convolution,
    max_pooling,
    relu,
    flatten,
    dense,
    parameters,
    softmax,
    loss,
    optimizers,
    epochs,
    overfitting,
    trade_offs,
    script_a,
    script_b,
    improvements,
    workshop,
    glossary,
]

router.guard()
chapter.open_at(st.query_params.get("chapter", ""), ORDER)

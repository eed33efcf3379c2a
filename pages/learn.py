"""Learn: how a network learns to read digits, one chapter at a time, each with something to try."""

import streamlit as st

from pages.chapters.guides import better_than_script_a, improvements, script_a, script_b, workshop
from pages.chapters.inputs import data, one_hot, scaling
from pages.chapters.layers import convolution, dense, flatten, max_pooling, parameters, relu, softmax
from pages.chapters.reference import glossary, trade_offs
from pages.chapters.training import epochs, loss, optimizers, overfitting
from pages.components.frame import router
from pages.components.learn import chapter

# The chapters in reading order.
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
chapter.render(st.query_params.get("chapter", ""), ORDER)

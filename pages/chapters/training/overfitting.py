"""Overfitting, made visible on a network that is trained on the spot."""

import streamlit as st

from core.lessons import lesson_charts
from core.lessons.descent import OVERFIT_STEPS, OVERFIT_VALIDATION, Overfitting, overfit
from core.reports.charts import SERIES
from pages.components.base.typesetting import caption

TITLE = "Overfitting"
SUMMARY = "What it looks like when a network learns its images by heart."
COUNTS = (20, 50, 100, 200, 400, 800)
UNITS = (4, 8, 16, 32, 64)
LEAST = 0.001
SPEC = lesson_charts.lines(("step", 0, OVERFIT_STEPS), ("loss", LEAST, 10), SERIES, is_log=True)


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "Who learns the answers of last year's exam by heart does splendidly in it, and badly in the next one. A "
        "network can do the same: it has enough parameters to store the oddities of its training images, down to "
        "single pixels. It then **overfits**: better and better on what it has seen, worse on what it has not.\n\n"
        "To notice, one keeps some images back. The network never learns from them; they only **validate**. As long "
        "as both losses fall, it learns about digits. Where the training loss goes on falling and the validation loss "
        "turns up, it learns about these very images."
    )
    with st.container(horizontal=True, gap="medium"):
        images = st.select_slider("Training images", COUNTS, 50, key="overfitting_images", width=300)
        units = st.select_slider("Units of the hidden layer", UNITS, 32, key="overfitting_units", width=300)
    result = _overfit(images, units)
    rows = lesson_charts.series_rows(result.steps, {SERIES[0]: result.training, SERIES[1]: result.validation}, LEAST)
    st.vega_lite_chart(rows, SPEC, key="overfitting_losses", height=260, alt="Training and validation loss over steps")
    caption(
        f"{lesson_charts.overfitting_sentence(result)} Trained just now on {images} digits, checked on "
        f"{OVERFIT_VALIDATION} others."
    )
    st.markdown(
        "Give it more images, and the two curves part later and less. Give it fewer units, and it stores less, but "
        "also understands less.\n\n"
        "**In a run of your own** look at the same two curves on Train. Validation loss rising for several epochs is "
        "the sign, even while accuracy still holds. What helps, roughly in this order: more images, or changed copies "
        "of them (augmentation); stopping early and keeping the best epoch; Dropout; L2; a smaller network. One more "
        "caution: who picks the best of many runs by their validation has, a little, learned the validation images by "
        "heart. That is what the test set is for, looked at once, at the end."
    )
    st.page_link("pages/train.py", label="Train a network and watch its curves")


@st.cache_data(show_spinner=False, max_entries=40)
def _overfit(images: int, units: int) -> Overfitting:
    return overfit(images, units)

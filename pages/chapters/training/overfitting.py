"""Overfitting, shown on a network that is trained on the spot."""

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
SPEC = lesson_charts.lines(("step", 0, OVERFIT_STEPS), ("loss", LEAST, 10), SERIES)


def render() -> None:
    """Draw training and validation loss of a small network on a chosen number of images."""
    st.markdown(
        "A student who learns last year's exam answers by heart does splendidly in that exam, and badly in the next "
        "one. A network can do the same: it has enough parameters to store the oddities of its training images, down "
        "to single pixels. It then **overfits**: it gets better and better on images it has seen, and worse on "
        "others.\n\n"
        "To notice this, some images are kept back. The network never learns from them; they only **validate**. As "
        "long as both losses fall, it learns about digits. Where the training loss keeps falling and the validation "
        "loss turns up, it learns about these particular images."
    )
    with st.container(horizontal=True, gap="medium"):
        images = st.select_slider("Training images", COUNTS, 50, key="overfitting_images", width=300)
        units = st.select_slider("Units of the hidden layer", UNITS, 32, key="overfitting_units", width=300)
    result = _overfit(images, units)
    losses = {SERIES[0]: result.training, SERIES[1]: result.validation}
    rows = lesson_charts.line_rows(result.steps, losses, LEAST)
    st.vega_lite_chart(rows, SPEC, key="overfitting_losses", height=260, alt="Training and validation loss over steps")
    caption(
        f"{lesson_charts.overfitting_sentence(result)} Trained just now on {images} digits, validated on "
        f"{OVERFIT_VALIDATION} others."
    )
    st.markdown(
        "With more images, the two curves part later and less. With fewer units, the network stores less, but also "
        "understands less.\n\n"
        "**In a run of your own** look at the same two curves on Train. A validation loss that rises for several "
        "epochs is the sign, even while accuracy still holds. What helps, roughly in this order: more images, or "
        "changed copies of them (augmentation); stopping early and keeping the best epoch; Dropout; L2; a smaller "
        "network. One more caution: if you pick the best of many runs by its validation accuracy, you have yourself "
        "learned the validation images by heart, a little. That is what the test set is for, used once, at the end."
    )
    st.page_link("pages/train.py", label="Train a network and watch its curves")


@st.cache_data(show_spinner=False, max_entries=40)
def _overfit(images: int, units: int) -> Overfitting:
    return overfit(images, units)

"""How much change a model can bear: its accuracy as the digits are changed more and more, and ten of those digits."""

import streamlit as st

from core.digits.dataset import Digits
from core.insight import robustness
from core.insight.robustness import CHANGES, Change
from core.insight.stored_predictions import predicted
from core.networks.model import Model
from core.reports import charts
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.evaluate.model_and_answers import Answers, readings
from pages.components.images import thumbnails

CHART_HEIGHT = 260  # pixels


@st.fragment
@errors.on_page()
def render(model: Model, answers: Answers) -> None:
    """Render the choice of a change, and its curve once one is chosen; before that nothing is computed."""
    st.header("How much change can it handle?", anchor=False)
    caption("The test digits are changed, more and more, and the model reads them again. Choose a change.")
    name = st.segmented_control("Change", CHANGES, key="change", label_visibility="collapsed", width="stretch")
    if name:
        _render_change(CHANGES[name], model, answers)


def _render_change(change: Change, model: Model, answers: Answers) -> None:
    digits = robustness.chosen_digits(answers.digits)
    left, right = st.columns(2, gap="large")
    with left:
        amount = st.select_slider(
            change.name,
            change.amounts,
            change.amounts[len(change.amounts) * 2 // 3],
            format_func=change.text,
            key=f"amount_{change.name}",
            help=change.what,
        )
        chart = st.container(gap="xxsmall")
    with right:  # quick, and so before the curve
        _render_sample(change, model, digits, amount)
    with chart:
        curve = _curve(change, model, answers, digits)
        st.vega_lite_chart(
            charts.robustness_rows(curve, amount, change.text),
            charts.robustness_curve(change.title, change.amounts[0], change.amounts[-1], change.ticks),
            key=f"curve_{change.name}",
            height=CHART_HEIGHT,
            alt=f"Accuracy by strength of {change.name.lower()}",
        )
        caption(robustness.curve_sentence(change, curve, amount))
        caption(f"Measured on {len(digits)} of the test images, always the same ones, changed in the same way.")


def _render_sample(change: Change, model: Model, digits: Digits, amount: float) -> None:
    sample = robustness.sample_digits(digits)
    images = robustness.changed(sample.images, change, amount)
    read = readings(sample.labels, predicted(model, images))
    st.markdown(f"**{change.text(amount).capitalize()}**")
    thumbnails.render(
        "changed_thumbnails",
        "Changed digits and how they are read",
        images,
        [f"{r.answer}, {r.certainty}" for r in read],
        [r.description for r in read],
        [r.answer == r.digit for r in read],
    )
    right = sum(r.answer == r.digit for r in read)
    boxed = "; wrong answers are boxed" if right < len(read) else ""
    caption(f"{change.what} It reads {right} of these {len(read)} right{boxed}.")


def _curve(change: Change, model: Model, answers: Answers, digits: Digits) -> dict[float, float]:
    """Accuracy, 0 to 1, by amount of change, with a progress bar; measured once for all visitors."""
    progress = st.empty()
    curve: dict[float, float] = {}
    for done, amount in enumerate(change.amounts):
        progress.progress(done / len(change.amounts), f"Reading the digits at {change.text(amount)}")
        curve[amount] = _accuracy(model.fingerprint, answers.source, change.name, amount, model, digits)
    progress.empty()
    return curve


@st.cache_data(max_entries=2000, show_spinner=False)
def _accuracy(fingerprint: str, source: str, change: str, amount: float, _model: Model, _digits: Digits) -> float:
    return robustness.accuracy_at(_model, _digits, CHANGES[change], amount)

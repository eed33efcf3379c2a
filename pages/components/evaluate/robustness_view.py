"""How much change a model can bear: one kind of change at a time, with its curve and what the digits become."""

import streamlit as st

from core.digits.dataset import Digits
from core.insight import robustness
from core.insight.robustness import CHANGES, Change
from core.insight.test_predictions import answered
from core.networks.model import Model
from core.reports import charts
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.evaluate.evaluated import Answers, Evaluated, readings
from pages.components.images import thumbnails

CHART_HEIGHT = 260  # pixels


@st.fragment
@errors.on_page()
def render(shown: Evaluated, answers: Answers) -> None:
    """Draw the choice of a change; nothing is worked out before one is chosen."""
    st.header("How much can it bear?", anchor=False)
    caption("The test digits are changed, more and more, and the model reads them again. Choose a change.")
    name = st.segmented_control("Change", CHANGES, key="change", label_visibility="collapsed", width="stretch")
    if name:
        _render_change(CHANGES[name], shown.model, answers)


def _render_change(change: Change, model: Model, answers: Answers) -> None:
    digits = robustness.chosen_digits(answers.digits)
    left, right = st.columns(2, gap="large")
    with left:
        now = st.select_slider(
            change.name,
            change.amounts,
            change.amounts[len(change.amounts) * 2 // 3],
            format_func=change.text,
            key=f"amount_{change.name}",
            help=change.what,
        )
        chart = st.container(gap="xxsmall")
    with right:
        _render_sample(change, model, digits, now)
    with chart:
        curve = _curve(change, model, answers, digits)
        st.vega_lite_chart(
            charts.robustness_rows(curve, now, change.text),
            charts.robustness_curve(change.title, change.amounts[0], change.amounts[-1], change.ticks),
            key=f"curve_{change.name}",
            height=CHART_HEIGHT,
            alt=f"Accuracy by strength of {change.name.lower()}",
        )
        caption(robustness.curve_sentence(change, curve, now))
        caption(f"Measured on {len(digits)} of the test images, always the same, changed always alike.")


def _render_sample(change: Change, model: Model, digits: Digits, now: float) -> None:
    sample = robustness.sample_digits(digits)
    images = robustness.changed(sample.images, change, now)
    read = readings(sample.labels, answered(model, images))
    st.markdown(f"**{change.text(now).capitalize()}**")
    thumbnails.render(
        "changed_thumbnails",
        "Changed digits and how they are read",
        images,
        [f"{r.answer}, {r.sure}" for r in read],
        [r.said for r in read],
        [r.answer == r.digit for r in read],
    )
    right = sum(r.answer == r.digit for r in read)
    boxed = "; wrong answers are boxed" if right < len(read) else ""
    caption(f"{change.what} It reads {right} of these {len(read)} right{boxed}.")


def _curve(change: Change, model: Model, answers: Answers, digits: Digits) -> dict[float, float]:
    """The whole curve; a point that was measured before costs nothing, whoever asked for it."""
    progress = st.empty()
    curve: dict[float, float] = {}
    for place, amount in enumerate(change.amounts):
        curve[amount] = _accuracy(model.fingerprint, answers.source, change.name, amount, model, digits)
        if place + 1 < len(change.amounts):
            progress.progress((place + 1) / len(change.amounts), f"It reads the digits at {change.text(amount)}")
    progress.empty()
    return curve


@st.cache_data(max_entries=2000, show_spinner=False)
def _accuracy(fingerprint: str, source: str, change: str, amount: float, _model: Model, _digits: Digits) -> float:
    return robustness.accuracy_at(_model, _digits, CHANGES[change], amount)

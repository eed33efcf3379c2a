"""What a model's answers to the test digits show: accuracy, confusions, scores by digit, calibration, mistakes."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from core.digits.dataset import SOURCE_NAMES
from core.formatting import NONE, a_digit, percent
from core.insight import metrics
from core.networks.keras_script import file_stem
from core.reports import charts
from core.reports.progress import DRAWN
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.evaluate import confusion_matrix
from pages.components.evaluate.model_and_answers import Answers, EvaluatedModel, readings
from pages.components.images import thumbnails
from pages.components.parts import downloads, table

IMAGES_STEP = 24  # images shown at first, and more of them at each "Show more"
CHART_HEIGHT = 300  # pixels


def render(evaluated: EvaluatedModel, answers: Answers) -> None:
    """Render everything that follows from the answers to the unchanged test digits."""
    matrix = metrics.confusion_matrix(answers.probabilities, answers.digits.labels)
    _render_accuracy(evaluated, answers, matrix)
    _render_confusion(evaluated, answers, matrix)
    left, right = st.columns(2, gap="large")
    with left:
        _render_digit_scores(matrix)
    with right:
        _render_calibration(evaluated, answers)
    _render_mistakes(evaluated, answers)


def _render_accuracy(evaluated: EvaluatedModel, answers: Answers, matrix: np.ndarray) -> None:
    left, right = st.columns(2, gap="large")
    with left, st.container(gap="xxsmall", key="test_accuracy"):
        st.metric(f"Test accuracy, {SOURCE_NAMES[answers.source]}", percent(np.trace(matrix) / matrix.sum()))
        caption(metrics.accuracy_sentence(matrix))
    with right, st.container(gap="xxsmall", key="drawn_accuracy"):
        drawn = evaluated.model.scores.drawn_accuracy
        st.metric("Drawn digits", NONE if drawn is None else percent(drawn))
        caption(
            "This model was not measured on drawn digits."
            if drawn is None
            else f"The share of drawn digits that it reads right: {DRAWN}. This tells you more about how it will read "
            "what you draw."
        )


@st.fragment
@errors.on_page()
def _render_confusion(evaluated: EvaluatedModel, answers: Answers, matrix: np.ndarray) -> None:
    st.header("Which digits it confuses", anchor=False)
    caption(metrics.confusion_sentence(matrix))
    key = f"confusion_{evaluated.model.fingerprint[:12]}"
    left, right = st.columns([6, 5], gap="large")
    with left:
        digit, answer = confusion_matrix.render(matrix, metrics.worst_confusion(matrix), key)
        with st.container(horizontal=True, gap="xsmall"):
            for kind, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
                picture = partial(_picture, evaluated.name, matrix, kind)
                about = f"The confusion matrix as a picture ({kind.upper()})"
                downloads.render(kind.upper(), picture, f"{file_stem(evaluated.name)}-confusion.{kind}", mime, about)
    with right, st.container(gap="xsmall", key="cell"):
        indices = metrics.read_as(answers.probabilities, answers.digits.labels, digit, answer)
        how = "read right" if digit == answer else f"read as {answer}"
        st.markdown(f"**{a_digit(digit).capitalize()} {how}: {metrics.times(len(indices))}**")
        if len(indices):
            _render_images("cell", f"{key}_{digit}_{answer}", answers, indices, is_cell=True)


def _picture(name: str, matrix: np.ndarray, kind: str) -> bytes:
    """The confusion matrix as a PNG or SVG file."""
    count = int(matrix.sum())
    title = f"{name[:40]}: {percent(np.trace(matrix) / count)} of {count:,} right"
    return charts.confusion_figure(matrix, title, "svg" if kind == "svg" else "png")


def _render_digit_scores(matrix: np.ndarray) -> None:
    st.header("Digit by digit", anchor=False)
    scores = metrics.digit_scores(matrix)
    columns = [
        [str(one.digit) for one in scores],
        _score_column([one.precision for one in scores]),
        _score_column([one.recall for one in scores]),
        _score_column([one.f1 for one in scores]),
        [f"{one.images:,}" for one in scores],
    ]
    head = ("Digit", "Precision", "Recall", "F1", "Images")
    table.render("digit_scores", "Scores digit by digit", head, list(zip(*columns, strict=True)), numbers={1, 2, 3, 4})
    caption(metrics.digits_sentence(scores))
    caption(
        "Precision: of what it calls a 4, how much is one. Recall: of all 4s, how many it finds. F1: one figure for "
        "both, their harmonic mean."
    )


def _score_column(values: Sequence[float | None]) -> list[str]:
    """The cells of a column; the first lowest value is bold."""
    texts = [NONE if value is None else percent(value) for value in values]
    known = [(value, index) for index, value in enumerate(values) if value is not None]
    if known:
        lowest = min(known)[1]
        texts[lowest] = table.Bold(texts[lowest])
    return texts


def _render_calibration(evaluated: EvaluatedModel, answers: Answers) -> None:
    st.header("Does it know when it knows?", anchor=False)
    labels = answers.digits.labels
    bins = metrics.reliability(answers.probabilities, labels)
    st.vega_lite_chart(
        charts.reliability_rows(bins),
        charts.reliability_diagram(),
        key=f"reliability_{evaluated.model.fingerprint[:12]}",
        height=CHART_HEIGHT,
        alt="Reliability diagram: how often answers are right, by how sure they are",
    )
    caption(metrics.calibration_sentence(answers.probabilities, labels, evaluated.model.scores.temperature))
    caption(metrics.bins_sentence(bins))


@st.fragment
@errors.on_page()
def _render_mistakes(evaluated: EvaluatedModel, answers: Answers) -> None:
    st.header("Its mistakes", anchor=False)
    caption(metrics.mistakes_sentence(answers.probabilities, answers.digits.labels))
    indices = metrics.mistakes(answers.probabilities, answers.digits.labels)
    if len(indices):
        _render_images("mistakes", f"mistakes_{evaluated.model.fingerprint[:12]}", answers, indices)


def _render_images(name: str, key: str, answers: Answers, indices: np.ndarray, *, is_cell: bool = False) -> None:
    """Render images with true digit, answer and its probability, and a button for more.

    Args:
        name: begins the keys of thumbnails and button.
        key: `st.session_state[f"{key}_count"]` is how many images are shown.
        answers: to all test digits.
        indices: of the images, the most certain answer first.
        is_cell: whether all images share digit and answer, so that the probability is enough.
    """
    count = st.session_state.setdefault(f"{key}_count", IMAGES_STEP)
    rendered = indices[:count]
    read = readings(answers.digits.labels[rendered], answers.probabilities[rendered])
    thumbnails.render(
        f"{name}_thumbnails",
        "Test images, the most certain answer first",
        answers.digits.images[rendered],
        [r.certainty if is_cell else f"{r.digit} \N{RIGHTWARDS ARROW} {r.answer}, {r.certainty}" for r in read],
        [r.description for r in read],
    )
    what = "how sure it is" if is_cell else "the true digit, what it is read as, and how sure it is"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        caption(f"{len(rendered):,} of {len(indices):,}, the surest first; below each, {what}.", width="content")
        if len(rendered) < len(indices):
            st.button("Show more", key=f"{name}_more", on_click=_show_more, args=(f"{key}_count",))


def _show_more(key: str) -> None:
    st.session_state[key] += IMAGES_STEP

"""What a model's answers to the test digits tell: accuracy, confusions, scores by digit, calibration, mistakes."""

from functools import partial

import numpy as np
import streamlit as st

from core.formatting import NONE, a_digit, percent
from core.insight import metrics
from core.networks.keras_script import file_stem
from core.reports import charts
from core.reports.progress import DRAWN
from pages.components.base import errors
from pages.components.base.typesetting import caption
from pages.components.evaluate import confusion_matrix, score_table
from pages.components.evaluate.evaluated import SOURCES, Answers, Evaluated, readings
from pages.components.images import thumbnails
from pages.components.parts import figure

CELL_IMAGES, MISTAKES = 24, 24  # shown at first, and again with every "Show more"
CHART_HEIGHT = 300  # pixels


def render(shown: Evaluated, answers: Answers) -> None:
    """Draw all of it."""
    matrix = metrics.confusion_matrix(answers.probabilities, answers.digits.labels)
    _render_accuracy(shown, answers, matrix)
    _render_confusion(shown, answers, matrix)
    left, right = st.columns(2, gap="large")
    with left:
        _render_digits(matrix)
    with right:
        _render_calibration(shown, answers)
    _render_mistakes(shown, answers)


def _render_accuracy(shown: Evaluated, answers: Answers, matrix: np.ndarray) -> None:
    right, count = int(np.trace(matrix)), int(matrix.sum())
    left, other = st.columns(2, gap="large")
    with left, st.container(gap="xxsmall", key="test_accuracy"):
        figure.render(f"Test accuracy, {SOURCES[answers.source]}", percent(right / count))
        caption(metrics.accuracy_sentence(matrix))
    with other, st.container(gap="xxsmall", key="drawn_accuracy"):
        drawn = shown.model.scores.drawn_accuracy
        figure.render("Drawn digits", NONE if drawn is None else percent(drawn))
        caption(
            "This model was not measured on drawn digits."
            if drawn is None
            else f"The share that it reads of drawn digits: {DRAWN}. This tells more of how it will read what you draw."
        )


@st.fragment
@errors.on_page()
def _render_confusion(shown: Evaluated, answers: Answers, matrix: np.ndarray) -> None:
    st.header("What it takes for what", anchor=False)
    caption(metrics.confusion_sentence(matrix))
    key = f"confusion_{shown.model.fingerprint[:12]}"
    left, right = st.columns([6, 5], gap="large")
    with left:
        digit, answer = confusion_matrix.render(matrix, metrics.worst_confusion(matrix), key)
        with st.container(horizontal=True, gap="xsmall"):
            for kind in ("png", "svg"):
                st.download_button(
                    kind.upper(),
                    partial(_figure, shown.name, matrix, kind),
                    f"{file_stem(shown.name)}-confusion.{kind}",
                    "image/png" if kind == "png" else "image/svg+xml",
                    key=f"download_confusion_{kind}",
                    icon=":material/download:",
                    on_click="ignore",
                    help=f"The confusion matrix as a picture ({kind.upper()})",
                )
    with right, st.container(gap="xsmall", key="cell"):
        places = metrics.read_as(answers.probabilities, answers.digits.labels, digit, answer)
        st.markdown(f"**{_cell_words(digit, answer, len(places))}**")
        if len(places):
            _render_images("cell", f"{key}_{digit}_{answer}", answers, places, CELL_IMAGES, is_cell=True)


def _cell_words(digit: int, answer: int, count: int) -> str:
    if digit == answer:
        return f"{a_digit(digit).capitalize()} read right: {metrics.times(count)}"
    return f"{a_digit(digit).capitalize()} read as {answer}: {metrics.times(count)}"


def _figure(name: str, matrix: np.ndarray, kind: str) -> bytes:
    right, count = int(np.trace(matrix)), int(matrix.sum())
    title = f"{name[:40]}: {percent(right / count)} of {count:,} right"
    return charts.confusion_figure(matrix, title, "svg" if kind == "svg" else "png")


def _render_digits(matrix: np.ndarray) -> None:
    st.header("Digit by digit", anchor=False)
    scores = metrics.digit_scores(matrix)
    score_table.render(scores)
    caption(metrics.digits_sentence(scores))
    caption(
        "Precision: of what it calls a 4, how much is one. Recall: of all 4s, how many it finds. F1: one figure for "
        "both, their harmonic mean."
    )


def _render_calibration(shown: Evaluated, answers: Answers) -> None:
    st.header("Does it know when it knows?", anchor=False)
    labels = answers.digits.labels
    bins = metrics.reliability(answers.probabilities, labels)
    st.vega_lite_chart(
        charts.reliability_rows(bins),
        charts.reliability_diagram(),
        key=f"reliability_{shown.model.fingerprint[:12]}",
        height=CHART_HEIGHT,
        alt="Reliability diagram: how often answers are right, by how sure they are",
    )
    caption(metrics.calibration_sentence(answers.probabilities, labels, shown.model.scores.temperature))
    caption(metrics.bins_sentence(bins))


@st.fragment
@errors.on_page()
def _render_mistakes(shown: Evaluated, answers: Answers) -> None:
    st.header("Its mistakes", anchor=False)
    caption(metrics.mistakes_sentence(answers.probabilities, answers.digits.labels))
    places = metrics.mistakes(answers.probabilities, answers.digits.labels)
    if len(places):
        _render_images("mistakes", f"mistakes_{shown.model.fingerprint[:12]}", answers, places, MISTAKES)


def _render_images(
    name: str, key: str, answers: Answers, places: np.ndarray, step: int, *, is_cell: bool = False
) -> None:
    """Images with true digit, answer and its probability, so many at first, more on request."""
    wanted = st.session_state.setdefault(f"{key}_shown", step)
    seen = places[:wanted]
    read = readings(answers.digits.labels[seen], answers.probabilities[seen])
    thumbnails.render(
        f"{name}_thumbnails",
        "Test images, the most confident answer first",
        answers.digits.images[seen],
        [r.sure if is_cell else f"{r.digit} \N{RIGHTWARDS ARROW} {r.answer}, {r.sure}" for r in read],
        [r.said for r in read],
    )
    what = "how sure it is" if is_cell else "the true digit, what it is read as, and how sure"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        caption(f"{len(seen):,} of {len(places):,}, the surest first; under each, {what}.", width="content")
        if len(seen) < len(places):
            st.button("Show more", key=f"{name}_more", on_click=_render_more, args=(f"{key}_shown", step))


def _render_more(key: str, step: int) -> None:
    st.session_state[key] += step

"""Which model is evaluated, and its answers to the test digits, wherever they come from."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.digits.dataset import TEST_IMAGES, Digits, NoMnist, Source, unseen_digits
from core.formatting import a_digit, certainty
from core.insight.test_predictions import Answering, answering, kept
from core.networks.model import Model, pretrained
from core.reports.progress import score_words
from core.store.runs import NoSuchRun, run_store
from pages.components.base.errors import on_page, plain
from pages.components.base.typesetting import caption
from pages.components.visitor import model_choice

PRETRAINED, OPENED = "pretrained", "opened"  # what the link's `run` says where no run is meant
EVERY = 0.5  # seconds between two looks at answers that are being worked out
SOURCES: dict[Source, str] = {"mnist": "MNIST", "handwriting": "built-in handwriting"}


@dataclass(frozen=True)
class Evaluated:
    """The model that the page is about.

    Attributes:
        name: as its list has it.
        run_id: the run that made it; "" where none did.
    """

    name: str
    model: Model
    run_id: str = ""


class Reading(NamedTuple):
    """What is read in one image, in words.

    Attributes:
        digit: the true one.
        answer: what it is read as.
        sure: "97.1 %".
        said: all of that, in a sentence for who cannot see the image.
    """

    digit: int
    answer: int
    sure: str
    said: str


@dataclass(frozen=True)
class Answers:
    """A model's answers to test digits.

    Attributes:
        digits: what it was asked.
        probabilities: (n, 10) float32.
        source: where the digits come from.
    """

    digits: Digits
    probabilities: np.ndarray
    source: Source


def choose() -> Evaluated | None:
    """Draw heading and choice. The link's `run` decides; without one, the model that answers on Draw.

    Returns:
        What is chosen; None where that run has no model, which is said then.

    Raises:
        NoSuchRun: there is no run of this id.
    """
    state = st.session_state
    wanted = st.query_params.get("run", "") or state.get("answering_run") or (OPENED if "opened_model" in state else "")
    if wanted == OPENED and "opened_model" not in state:
        wanted = PRETRAINED
    wanted = wanted or PRETRAINED
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.title("Evaluate", anchor=False, width="content")
        runs = model_choice.my_runs()
        if wanted not in (PRETRAINED, OPENED) and wanted not in [run.id for run in runs]:
            runs = [run_store().run(wanted), *runs]
        options = {PRETRAINED: f"{model_choice.PRETRAINED_NAME}, {score_words(pretrained().scores)}"}
        if "opened_model" in state:
            options[OPENED] = f"{state.opened_name[:40]}, {score_words(state.opened_model.scores)}"
        options |= model_choice.labels(runs)
        model_choice.choose_among("Model to evaluate", options, wanted, "evaluated_model", _follow)
    if wanted == PRETRAINED:
        return Evaluated(model_choice.PRETRAINED_NAME, pretrained())
    if wanted == OPENED:
        return Evaluated(str(state.opened_name), state.opened_model)
    run = next(run for run in runs if run.id == wanted)
    if not run.has_model:
        _render_unfinished(run.id, run.name, run.state.is_active)
        return None
    return Evaluated(run.name, model_choice.run_model(run.id), run.id)


def _source(shown: Evaluated) -> Source:
    """Where the digits come from that this model is measured on here: its own source, if this machine has it."""
    wanted = shown.model.scores.data_source
    if wanted == "mnist":
        try:
            unseen_digits("mnist")
        except NoMnist:
            return "handwriting"
    return wanted


def answers(shown: Evaluated) -> Answers | None:
    """The model's answers; None while they are still being worked out, which is shown then."""
    asked = _source(shown)
    probabilities = _of_run(shown, asked)
    if probabilities is None:
        probabilities = kept(shown.model, asked)
    if asked != shown.model.scores.data_source:
        st.warning(
            "MNIST is not on this machine yet, so the model is measured on built-in handwriting here: the figures "
            "differ from those it was given at the end of its training.",
            icon=":material/info:",
        )
    if probabilities is None:
        work = answering(shown.model, asked, shown.run_id)
        if work.probabilities is None:
            st.fragment(_progress, run_every=EVERY)(work, asked)
            return None
        probabilities = work.probabilities
    return Answers(unseen_digits(asked), probabilities, asked)


def readings(labels: np.ndarray, probabilities: np.ndarray) -> list[Reading]:
    """What is read in images of these labels, from (n, 10) probabilities."""
    readings = []
    for label, row in zip(labels.tolist(), probabilities, strict=True):
        answer = int(row.argmax())
        sure = certainty(float(row[answer]))
        readings.append(Reading(label, answer, sure, f"{a_digit(label).capitalize()}, read as {answer}, {sure} sure"))
    return readings


def render_way_back(problem: str) -> None:
    """Say that there is nothing to show, and lead back."""
    st.error(plain(problem), icon=":material/error:")
    st.button("Evaluate the pretrained model", key="evaluate_pretrained", on_click=_render_pretrained)


def _render_pretrained() -> None:
    st.query_params["run"] = PRETRAINED


def _render_unfinished(run_id: str, name: str, is_active: bool) -> None:
    state = "is not finished yet" if is_active else "has left no model"
    st.info(f"{plain(name)} {state}, so there is nothing to evaluate.", icon=":material/info:")
    if is_active:
        st.page_link("pages/train.py", label="Watch it train", query_params={"run": run_id})
    st.button("Evaluate the pretrained model", key="evaluate_pretrained", on_click=_render_pretrained)


def _follow() -> None:
    """The link in the address bar is the choice, so that it can be sent on."""
    st.query_params["run"] = st.session_state.evaluated_model


def _of_run(shown: Evaluated, asked: Source) -> np.ndarray | None:
    """What a run has stored, if it is of these digits."""
    if not shown.run_id or asked != shown.model.scores.data_source:
        return None
    try:
        probabilities = _stored(shown.run_id)
    except NoSuchRun:
        return None
    return probabilities if len(probabilities) == TEST_IMAGES else None


# A run's answers never change.
@st.cache_resource(max_entries=16, show_spinner=False)
def _stored(run_id: str) -> np.ndarray:
    return run_store().test_probabilities(run_id)


@on_page()
def _progress(work: Answering, asked: Source) -> None:
    """How far the answers are; reruns the page when all are there."""
    if work.probabilities is not None:
        st.rerun()
    if work.problem:
        st.error(plain(work.problem), icon=":material/error:")
        return
    share = work.answered / TEST_IMAGES
    reads = f"It reads the test digits: {work.answered:,} of {TEST_IMAGES:,}"
    st.progress(share, reads if work.answered else f"The test digits are fetched ({SOURCES[asked]})")
    caption("This happens once for a model. You can go elsewhere meanwhile.")

"""Which model is evaluated, and its answers to the test digits: stored with its run, cached, or computed now."""

from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.digits.dataset import SOURCE_NAMES, Digits, Source, unseen_digits
from core.digits.mnist import TEST_IMAGES, NoMnist
from core.formatting import a_digit, certainty
from core.insight.stored_predictions import PredictionTask, prediction_task, saved_predictions
from core.networks.model import Model, pretrained
from core.reports.progress import score_words
from core.store.run_tables import NoSuchRun
from core.store.runs import run_store
from pages.components.base.errors import on_page, plain
from pages.components.base.typesetting import caption
from pages.components.visitor import model_choice

PRETRAINED, OPENED = "pretrained", "opened"  # values of the link's `run` that are not the id of a run
POLL_SECONDS = 0.5  # between two looks at answers that are being computed


@dataclass(frozen=True)
class EvaluatedModel:
    """The model that the page is about.

    Attributes:
        name: as in the list of models.
        run_id: the run that trained it; "" for the pretrained model and for one from a file.
    """

    name: str
    model: Model
    run_id: str = ""


@dataclass(frozen=True)
class Answers:
    """A model's answers to the test digits.

    Attributes:
        digits: that it was asked to read.
        probabilities: (n, 10) float32.
        source: of the digits.
    """

    digits: Digits
    probabilities: np.ndarray
    source: Source


class Reading(NamedTuple):
    """How one image is read, in words.

    Attributes:
        digit: the true one.
        answer: the digit that the model reads.
        certainty: of the answer: "97.1 %".
        description: all of that in a sentence, for a screen reader.
    """

    digit: int
    answer: int
    certainty: str
    description: str


def choose() -> EvaluatedModel | None:
    """Render the heading and the list of models. The link's `run` decides; without one, the model that answers on Draw.

    Returns:
        The model; None where the run has none, which is then shown.

    Raises:
        NoSuchRun: there is no run with this id.
    """
    state = st.session_state
    selected = st.query_params.get("run") or state.get("answering_run") or OPENED
    if selected == OPENED and "opened_model" not in state:
        selected = PRETRAINED
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.title("Evaluate", anchor=False, width="content")
        runs = model_choice.my_runs()
        if selected not in (PRETRAINED, OPENED, *(run.id for run in runs)):
            runs = [run_store().run(selected), *runs]
        options = {PRETRAINED: f"{model_choice.PRETRAINED_NAME}, {score_words(pretrained().scores)}"}
        if "opened_model" in state:
            options[OPENED] = f"{state.opened_name[:40]}, {score_words(state.opened_model.scores)}"
        options |= model_choice.labels(runs)
        model_choice.choose_among("Model to evaluate", options, selected, "evaluated_model", _put_choice_into_address)
    if selected == PRETRAINED:
        return EvaluatedModel(model_choice.PRETRAINED_NAME, pretrained())
    if selected == OPENED:
        return EvaluatedModel(state.opened_name, state.opened_model)
    run = next(run for run in runs if run.id == selected)
    if run.has_model:
        return EvaluatedModel(run.name, model_choice.run_model(run.id), run.id)
    status = "is not finished yet" if run.state.is_active else "has left no model"
    st.info(f"{plain(run.name)} {status}, so there is nothing to evaluate.", icon=":material/info:")
    if run.state.is_active:
        st.page_link("pages/train.py", label="Watch it train", query_params={"run": run.id})
    _render_pretrained_button()
    return None


def answers(evaluated: EvaluatedModel) -> Answers | None:
    """The model's answers; None while they are being computed, with a progress bar in their place."""
    trained_on = evaluated.model.scores.data_source
    source = _available_source(trained_on)
    if source != trained_on:
        st.warning(
            "MNIST is not on this machine yet, so the model is measured on built-in handwriting here. "
            "The figures differ from those measured at the end of its training.",
            icon=":material/info:",
        )
    probabilities = None
    if evaluated.run_id and source == trained_on:
        with suppress(NoSuchRun):  # deleted in another tab; the model is still in memory
            stored = _stored_probabilities(evaluated.run_id)
            probabilities = stored if len(stored) == TEST_IMAGES else None
    if probabilities is None:
        probabilities = saved_predictions(evaluated.model, source)
    if probabilities is None:
        work = prediction_task(evaluated.model, source, evaluated.run_id)
        if work.probabilities is None:
            st.fragment(_render_progress, run_every=POLL_SECONDS)(work, source)
            return None
        probabilities = work.probabilities
    return Answers(unseen_digits(source), probabilities, source)


def readings(labels: np.ndarray, probabilities: np.ndarray) -> list[Reading]:
    """How images with these labels are read, from (n, 10) probabilities."""
    result = []
    for label, row in zip(labels.tolist(), probabilities, strict=True):
        answer = int(row.argmax())
        sure = certainty(float(row[answer]))
        result.append(Reading(label, answer, sure, f"{a_digit(label).capitalize()}, read as {answer}, {sure} sure"))
    return result


def render_no_such_run(problem: str) -> None:
    """Render the problem and a button that leads to the pretrained model."""
    st.error(plain(problem), icon=":material/error:")
    _render_pretrained_button()


def _render_pretrained_button() -> None:
    st.button("Evaluate the pretrained model", key="evaluate_pretrained", on_click=_evaluate_pretrained)


def _evaluate_pretrained() -> None:
    st.query_params["run"] = PRETRAINED


def _put_choice_into_address() -> None:
    """So that the address can be sent to somebody else."""
    st.query_params["run"] = st.session_state.evaluated_model


def _available_source(wanted: Source) -> Source:
    """The source a model was trained on, or the built-in handwriting where that is MNIST and it is not here."""
    if wanted == "mnist":
        try:
            unseen_digits("mnist")
        except NoMnist:
            return "handwriting"
    return wanted


@st.cache_resource(max_entries=16, show_spinner=False)
def _stored_probabilities(run_id: str) -> np.ndarray:
    """A run's answers, (10,000, 10) float32; they never change."""
    return run_store().test_probabilities(run_id)


@on_page()
def _render_progress(work: PredictionTask, source: Source) -> None:
    """Render how many digits have been read; reruns the page when all have."""
    if work.probabilities is not None:
        st.rerun()
    if work.problem:
        st.error(plain(work.problem), icon=":material/error:")
        return
    text = (
        f"Reading the test digits: {work.count:,} of {TEST_IMAGES:,}"
        if work.count
        else f"Fetching the test digits ({SOURCE_NAMES[source]})"
    )
    st.progress(work.count / TEST_IMAGES, text)
    caption("This happens once for each model. You can leave this page meanwhile.")

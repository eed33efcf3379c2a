"""Which model answers: the shipped one, one of the visitor's runs, or one that is opened from a file."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.errors import InklingError
from core.formatting import percent
from core.networks.model import BadModelFile, Model, pretrained, read_model
from core.networks.names import clean_name, distinct_names, shortened
from core.reports.progress import DRAWN, score_words
from core.store.run_tables import ListedRun, NoSuchRun, Run
from core.store.runs import run_store
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.visitor import opened_file, workspace

PRETRAINED_NAME = "Pretrained"
MOST = 24  # letters of a name beside its accuracy
MOST_LISTED = 25  # runs to choose among; older ones are opened from Runs
MAX_MODEL_MB = 25  # the size of `server.maxUploadSize`


def chosen() -> Model:
    """The model that answers now; the shipped one where the chosen run is gone."""
    state = st.session_state
    if run_id := state.get("answering_run"):
        try:
            state.answering_name = run_store().name(run_id)
            model = run_model(run_id)
            state.pop("model_notice", None)
            return model
        except (NoSuchRun, BadModelFile):
            state.model_notice = "The run that answered here is gone, so the pretrained model answers."
            _forget()
    return state.get("opened_model") or pretrained()


def name() -> str:
    """The name of the model that answers now; valid after `chosen` was called."""
    state = st.session_state
    if "answering_run" in state:
        return str(state.answering_name)
    return str(state.opened_name) if "opened_model" in state else PRETRAINED_NAME


@st.cache_resource(max_entries=8, show_spinner=False)
def run_model(run_id: str) -> Model:
    """The model of a run, read once; a run's model never changes. Raises as `RunStore.model`."""
    return run_store().model(run_id)


def my_runs() -> list[Run | ListedRun]:
    """The visitor's newest runs that have left a model, the newest first."""
    mine = run_store().listed(workspace.owner(), MOST_LISTED, with_model=True)
    return [run for run in mine if run.recipe]  # not those of another version


def labels(runs: Sequence[Run | ListedRun]) -> dict[str, str]:
    """By id, what each run is called in a list: name and accuracies, numbered where two names would be the same."""
    named = {run.id: shortened(run.name, MOST) for run in runs}
    scored = {run.id: f", {score_words(run.scores)}" if run.scores else "" for run in runs}
    # A select box tells its options apart by what they are called. The oldest of one name keeps it, as on Runs.
    apart = distinct_names({run_id: named[run_id] for run_id in reversed(named)})
    return {run_id: apart[run_id] + scored[run_id] for run_id in named}


def choose_among(label: str, options: Mapping[str, str], current: str, key: str, on_change: Callable[[], None]) -> None:
    """Draw the choice of the model that a page is about; where there is only one, its name and a button to Train.

    Args:
        label: of the list, for screen readers.
        options: what each model is called, by what the choice then holds.
        current: the one that is shown.
        key: under which the session holds the choice.
        on_change: called when another one is chosen.
    """
    if len(options) > 1:
        st.session_state[key] = current
        st.selectbox(
            label,
            options,
            format_func=options.__getitem__,
            key=key,
            label_visibility="collapsed",
            on_change=on_change,
            width=320,
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="only_model"):
        st.markdown(plain(options[current]), width="content")
        if st.button("Train a network of your own", key="train_own"):
            st.switch_page("pages/train.py")


def use_run(run_id: str | None) -> None:
    """Let this run's model answer from now on, or the shipped one where it is None."""
    _forget()
    st.session_state.pop("model_notice", None)
    if run_id:
        st.session_state.answering_run = run_id


def render() -> None:
    """Draw "answered by [the model]", which unfolds into the choice."""
    model = chosen()
    with st.container(key="model_choice", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(":small[:gray[answered by]]", width="content")
        choice = st.popover(_label(model), key="model", on_change="rerun")
        if choice.open:  # else every stroke would read all the visitor's runs
            with choice, st.container(width=300):
                _choice(model)
    if notice := st.session_state.get("model_notice"):
        st.markdown(f":small[:gray[{notice}]]")
    if model.scores.data_source == "handwriting":
        st.markdown(":small[:gray[It learned from built-in handwriting, not from MNIST, and errs more often.]]")


def _choice(model: Model) -> None:
    state = st.session_state
    if state.get("model_problem"):
        st.error(plain(state.model_problem), icon=":material/error:")
    if runs := labels(my_runs()):
        run_id = state.get("answering_run")
        state.chosen_run = run_id if run_id in runs else None
        st.selectbox(
            "My runs",
            runs,
            format_func=runs.__getitem__,
            key="chosen_run",
            index=None,
            placeholder="Choose a run",
            on_change=lambda: use_run(state.chosen_run),
        )
    if model.scores.drawn_accuracy is not None:
        caption(
            f"It reads {percent(model.scores.test_accuracy)} of the test images, and "
            f"{percent(model.scores.drawn_accuracy)} of drawn digits: {DRAWN}."
        )
    st.file_uploader(
        "Open a model file",
        key="model_file",
        on_change=_open,
        max_upload_size=MAX_MODEL_MB,
        help="A .safetensors file that Inkling saved.",
    )
    if "opened_model" in state or "answering_run" in state:
        st.button("Back to the pretrained model", key="use_pretrained", on_click=use_run, args=(None,))


def _open() -> None:
    state = st.session_state
    state.pop("model_problem", None)
    try:
        file = opened_file.opened("model_file")
        if file is None:
            return
        state.opened_model = read_model(file.getvalue())
        state.opened_name = clean_name(file.name.removesuffix(".safetensors"))
        state.pop("answering_run", None)
        state.pop("model_notice", None)
    except InklingError as error:
        state.model_problem = str(error)


def _forget() -> None:
    for name in ("answering_run", "opened_model", "opened_name", "model_problem"):
        st.session_state.pop(name, None)


def _label(model: Model) -> str:
    return f"{plain(shortened(name(), MOST))}, {percent(model.scores.test_accuracy)}"

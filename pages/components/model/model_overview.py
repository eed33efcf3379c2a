"""Which model is shown, what it scored, its network, its summary and its files."""

from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.digits.dataset import SOURCE_NAMES
from core.formatting import duration, percent
from core.insight.metrics import accuracy_interval
from core.networks.keras_script import file_stem
from core.networks.model import Model, pretrained
from core.networks.recipe import Recipe
from core.reports.progress import DRAWN, kept_sentence, score_words
from core.store.run_tables import Run
from core.store.runs import run_store
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption, on_accent
from pages.components.model import snapshots_view
from pages.components.parts import downloads, network_view
from pages.components.visitor import model_choice

_FILES_NOTE = (
    "Keras opens the .keras file. The .safetensors file holds the weights with recipe and scores; "
    "you can open it on Draw, under “answered by”. Draw calibrates the answers with the model's temperature; "
    "the Keras file gives them as the network does. "
)
_SCRIPT_NOTE = {
    True: "The script trains this network again in plain Keras, without Inkling.",
    False: "There is no script of this training, because it started from another model's weights.",
}


@dataclass(frozen=True)
class Shown:
    """What the page shows.

    Attributes:
        model: None where the run has none.
        run: that trained the model; None for the shipped model.
    """

    name: str
    recipe: Recipe
    model: Model | None
    run: Run | None


def choose() -> Shown:
    """Render the heading and the list of models; the link's `run` decides which is shown.

    Raises:
        NoSuchRun: there is no run with this id.
    """
    run_id = st.query_params.get("run", "")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        st.title("Model", anchor=False, width="content")
        runs = model_choice.my_runs()
        linked = run_store().run(run_id) if run_id else None
        if linked and linked.id not in [run.id for run in runs]:
            runs = [linked, *runs]
        shipped = f"{model_choice.PRETRAINED_NAME}, {score_words(pretrained().scores)}"
        options = {"": shipped} | model_choice.labels(runs)
        model_choice.choose_among("Model to look at", options, run_id, "shown_model", _put_choice_into_address)
    if linked is None:
        return Shown("Pretrained", pretrained().recipe, pretrained(), None)
    return Shown(linked.name, linked.recipe, model_choice.run_model(linked.id) if linked.has_model else None, linked)


def render(shown: Shown) -> None:
    """Render everything but the heading."""
    with st.container(horizontal=True, gap="medium", key="figures"):
        for name, value in _figures(shown):
            st.metric(name, value, width="content")
    caption(_description(shown))
    network_view.architecture(shown.recipe.network)
    if shown.run and shown.run.state.is_active:
        st.page_link("pages/train.py", label="Watch it train", query_params={"run": shown.run.id})
    if shown.model:
        with st.expander("Keras' own summary", key="summary"):
            st.code(shown.model.summary, language=None)
    _render_files(shown)
    snapshots_view.render(shown.run)


def render_no_such_run(problem: str) -> None:
    """Render the problem and a button that leads to the pretrained model."""
    st.error(plain(problem), icon=":material/error:")
    st.button("Show the pretrained model", key="show_pretrained", on_click=st.query_params.clear)


def _put_choice_into_address() -> None:
    """So that the address can be sent to somebody else."""
    if st.session_state.shown_model:
        st.query_params["run"] = st.session_state.shown_model
    else:
        st.query_params.pop("run", None)


def _figures(shown: Shown) -> list[tuple[str, str]]:
    """What the figures above the network are, and their values."""
    network = shown.recipe.network
    costs = [("Parameters", f"{network.parameters:,}"), ("Multiply-adds per image", f"{network.multiply_adds:,}")]
    if shown.model is None:
        return costs
    scores = shown.model.scores
    accuracies = [("Test accuracy", percent(scores.test_accuracy))]
    if scores.drawn_accuracy is not None:
        accuracies.append(("Drawn digits", percent(scores.drawn_accuracy)))
    return [*accuracies, *costs, ("Training", duration(scores.seconds))]


def _description(shown: Shown) -> str:
    recipe = shown.recipe.name
    if shown.model is None:
        why = f"it is {shown.run.state}" if shown.run and shown.run.state.is_active else "it ended before it had one"
        return f"There is no model of this run: {why}. Below is the network of its recipe, {recipe}."
    scores = shown.model.scores
    drawn = "" if scores.drawn_accuracy is None else f"Drawn digits are {DRAWN}. "
    interval = " to ".join(map(percent, accuracy_interval(scores.test_accuracy, scores.test_images)))
    return (
        f"Recipe {recipe}, trained on {SOURCE_NAMES[scores.data_source]}. "
        f"Measured on {scores.test_images:,} test images; "
        f"the 95\N{THIN SPACE}% interval of the accuracy is {interval}. {drawn}{kept_sentence(scores)}"
    )


def _render_files(shown: Shown) -> None:
    stem = file_stem(shown.name)
    has_script = not (shown.run and (shown.run.is_fine_tuning or shown.run.continues))
    with st.container(horizontal=True, gap="small", key="files"):
        if shown.model:
            use = partial(model_choice.use_run, shown.run.id if shown.run else None)
            if st.button(on_accent("Draw with it"), key="draw_with_it", type="primary", on_click=use):
                st.switch_page("pages/draw.py")
            downloads.render_model(shown.run, stem)
        downloads.render("Recipe", shown.recipe.to_json, f"{stem}.json", "application/json")
        if has_script:
            source = shown.model.scores.data_source if shown.model else None
            downloads.render_script(shown.recipe, source, shown.name)
    caption(f"{_FILES_NOTE if shown.model else ''}{_SCRIPT_NOTE[has_script]}")

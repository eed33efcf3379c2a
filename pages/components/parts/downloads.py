"""Download buttons, whose files are made on a click: any file, the files of a model, the script of a recipe."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.digits.dataset import Source
from core.networks.keras_script import file_stem, keras_archive, keras_script
from core.networks.model import PRETRAINED
from core.networks.recipe import Recipe
from core.store.run_tables import Run
from core.store.runs import run_store


def render(
    label: str,
    content: bytes | str | Callable[[], bytes | str],
    file: str,
    mime: str = "application/octet-stream",
    about: str = "",
) -> None:
    """Render a button that downloads the content, or what it returns, under the name `file`.

    The file's name is shown on hover, unless `about` says something else.
    """
    icon, key = ":material/download:", f"download_{file}"
    st.download_button(label, content, file, mime, key=key, icon=icon, on_click="ignore", help=about or file)


def render_model(run: Run | None, stem: str) -> None:
    """Render the buttons for the model of a run, or for the shipped one, as files whose names begin with `stem`."""
    keras_file = partial(run_store().keras_file, run.id) if run else PRETRAINED.with_suffix(".keras").read_bytes
    weights = partial(run_store().model_file, run.id) if run else PRETRAINED.read_bytes
    render("Keras file", keras_file, f"{stem}.keras")
    render("Weights", weights, f"{stem}.safetensors")


def render_script(recipe: Recipe, source: Source | None, name: str) -> None:
    """Render the button for a recipe as a Keras script, in an archive with its digits where Inkling drew those.

    Args:
        recipe: what was trained.
        source: where its images came from; None if from where the recipe wanted them.
        name: what the file is called after.
    """
    stem = file_stem(name)
    if source:
        recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"source": source})})
    if recipe.data.source == "handwriting":  # digits that are not on this machine yet take seconds
        render("Script and digits", partial(keras_archive, recipe, stem), f"{stem}.zip", "application/zip")
    else:
        render("Script", partial(keras_script, recipe), f"{stem}.py", "text/x-python")

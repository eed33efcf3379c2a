"""The download of a recipe as a Keras script, in an archive with its digits where Inkling drew those."""

from functools import partial

import streamlit as st

from core.digits.dataset import Source
from core.networks.keras_script import file_stem, keras_archive, keras_script, needs_digits
from core.networks.recipe import Recipe


def render(recipe: Recipe, source: Source | None = None, name: str = "", key: str = "download_script") -> None:
    """Render the download button.

    Args:
        recipe: what was trained.
        source: where its images came from, if not from where the recipe wanted them.
        name: what the file is called after; by default the recipe's name.
        key: of the button.
    """
    stem = file_stem(name or recipe.name)
    has_digits = needs_digits(recipe, source)
    file = f"{stem}.zip" if has_digits else f"{stem}.py"
    st.download_button(
        "Script and digits" if has_digits else "Script",
        # Made when it is asked for: digits that are not on this machine yet take seconds.
        partial(keras_archive, recipe, stem) if has_digits else partial(keras_script, recipe, source),
        file,
        "application/zip" if has_digits else "text/x-python",
        key=key,
        icon=":material/download:",
        on_click="ignore",
        help=file,
    )

"""Several runs compared: in a sentence, in overlaid curves, and in a table of results and of settings that differ."""

from collections.abc import Sequence

import streamlit as st

from core.formatting import NONE, duration, loss_text, percent
from core.networks.settings import differing
from core.reports.comparison import comparison_sentence
from core.store.run_tables import RunState
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.parts import table
from pages.components.runs import learning_curves
from pages.components.runs.selected_runs import Selected


def render(selected: Sequence[Selected]) -> None:
    """Render the comparison."""
    with st.container(key="comparison", gap="small"):
        st.header("Side by side", anchor=False)
        if sentence := comparison_sentence([(one.name, one.scores) for one in selected if one.scores]):
            st.markdown(plain(sentence))
        if any(one.has_curves for one in selected):
            learning_curves.render(selected)
        if len(selected) > 1:  # the others cannot be read
            _render_table(selected)


def _render_table(selected: Sequence[Selected]) -> None:
    """A column for each run; on a narrow screen it scrolls sideways."""
    recipes = [one.recipe for one in selected]
    settings = differing(recipes)
    rows = {**_results(selected), **dict(settings)}
    heads = learning_curves.lettered([one.name for one in selected])
    name = "Results, and the settings in which they differ"
    st.markdown(f"**{name}**")
    table.render("comparison_table", name, ["", *heads], [(row, *values) for row, values in rows.items()])
    if settings:
        count = "1 setting differs" if len(settings) == 1 else f"{len(settings)} settings differ"
        caption(f"{count}; all others are the same.")
    else:
        caption("They have the same recipe. Only the machine's time differs, or the weights that they started from.")
    if any(recipe.label_smoothing or recipe.l1 or recipe.l2 for recipe in recipes):
        caption("The test loss leaves out label smoothing and penalties, which raise the loss of the curves.")


def _results(selected: Sequence[Selected]) -> dict[str, list[str]]:
    """What the runs have reached, as text: a row for each figure, in it a value for each run."""
    scores = [one.scores for one in selected]
    rows = {
        "Test accuracy": [percent(one.test_accuracy) if one else NONE for one in scores],
        "Drawn digits": [
            NONE if one is None or one.drawn_accuracy is None else percent(one.drawn_accuracy) for one in scores
        ],
        "Test loss": [loss_text(one.test_loss) if one else NONE for one in scores],
        "Training time": [duration(one.seconds) if one else NONE for one in scores],
    }
    if any(one.run and one.run.state != RunState.FINISHED for one in selected):
        rows = {"Status": [one.status for one in selected], **rows}
    return rows

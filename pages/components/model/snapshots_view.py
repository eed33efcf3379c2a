"""The film of a run's training: a slider through its epochs, with filters, answers and statistics as they were then.

All frames go to the browser at once, and the slider and the play button work there: nothing has to be asked for.
"""

import base64
from typing import Any

import streamlit as st

from core.formatting import a_digit
from core.networks.snapshots import layers_with_weights
from core.reports.charts import digits_mask
from core.reports.images import data_url
from core.reports.snapshot_images import (
    filter_shades,
    filters_sentence,
    frame_name,
    frame_sentence,
    largest_weights,
    read_digits,
    statistics_words,
)
from core.store.runs import Run, RunState, run_store
from pages.components.base.component import register
from pages.components.base.typesetting import caption

SAMPLES = 20
_snapshots = register(__file__)


def render(run: Run | None) -> None:
    """Draw the film of a run, or say why there is none.

    Args:
        run: whose; None for the shipped model.
    """
    with st.container(gap="xsmall", key="film"):
        st.header("The film of its training", anchor=False)
        data = _described(run.id, len(run.history)) if run else None
        if data:
            _snapshots(key="film_frames", data=data)
            return
        if run and run.state.is_active:
            caption("The film of this run begins when its first epoch is over.")
            return
        if run and run.state == RunState.STOPPED and not run.history:
            caption("It was stopped within its first epoch, and the film has one frame for each epoch.")
            return
        caption("No film was kept of this training; the film of a run that you train now will be here.")
        st.page_link("pages/train.py", label="Train a network", icon=":material/play_circle:")


@st.cache_data(show_spinner=False, max_entries=30)
def _described(run_id: str, epochs: int) -> dict[str, Any] | None:
    """All frames for the browser, some 200 kB; None where there is no film. A run of so many epochs never changes."""
    store = run_store()
    snapshots, network = store.snapshots(run_id), store.run(run_id).recipe.network
    if not len(snapshots):
        return None
    samples = store.samples(run_id)
    frames = range(len(snapshots))
    labels = samples.labels[: snapshots.answers.shape[1]]
    sizes = largest_weights(snapshots)
    return {
        "when": [frame_name(snapshots, place) for place in frames],
        "said": [frame_sentence(snapshots, network, labels, place) for place in frames],
        "shape": list(snapshots.filters.shape[1:]),
        "shades": base64.b64encode(filter_shades(snapshots).tobytes()).decode(),
        "filters": [filters_sentence(snapshots, network, place) for place in frames],
        "layers": layers_with_weights(network),
        "statistics": [statistics_words(snapshots, place) for place in frames],
        "sizes": (sizes / max(float(sizes.max(initial=0.0)), 1e-9)).round(3).T.tolist(),
        "samples": data_url(digits_mask(samples.images[:SAMPLES])),
        "labels": labels[:SAMPLES].tolist(),
        "named": [a_digit(label).capitalize() for label in labels[:SAMPLES].tolist()],
        "answers": read_digits(snapshots)[:, :SAMPLES].tolist(),
    }

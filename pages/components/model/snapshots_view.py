"""The snapshots of a run: a slider through its epochs, with the filters, predictions and statistics of each.

All snapshots go to the browser at once; slider and play button work there, without a rerun.
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
    largest_weights,
    read_digits,
    snapshot_name,
    snapshot_sentence,
    statistics_words,
)
from core.store.run_tables import Run, RunState
from core.store.runs import run_store
from pages.components.base.component import register
from pages.components.base.typesetting import caption

SAMPLES = 20
_snapshots = register(__file__)


def render(run: Run | None) -> None:
    """Draw the snapshots of a run, or a sentence that says why there are none.

    Args:
        run: the run that trained the model; None for the shipped model.
    """
    with st.container(gap="xsmall", key="snapshots"):
        st.header("Training, epoch by epoch", anchor=False)
        data = _data(run.id, len(run.history)) if run else None
        if data:
            _snapshots(key="snapshots_view", data=data)
            return
        if run and run.state.is_active:
            caption("This will be shown once the first epoch is over.")
            return
        if run and run.state == RunState.STOPPED and not run.history:
            caption("There is nothing to show, as the run was stopped within its first epoch.")
            return
        caption("No epochs of this training were recorded; those of a run that you train now will be.")
        st.page_link("pages/train.py", label="Train a network", icon=":material/play_circle:")


@st.cache_data(show_spinner=False, max_entries=30)
def _data(run_id: str, epochs: int) -> dict[str, Any] | None:
    """All snapshots for the browser, some 200 kB; None without any. They depend on the run and its epochs alone."""
    store = run_store()
    snapshots, network = store.snapshots(run_id), store.run(run_id).recipe.network
    if not len(snapshots):
        return None
    samples = store.samples(run_id)
    indices = range(len(snapshots))
    labels = samples.labels[: snapshots.answers.shape[1]]
    sizes = largest_weights(snapshots)
    return {
        "names": [snapshot_name(snapshots, index) for index in indices],
        "sentences": [snapshot_sentence(snapshots, network, labels, index) for index in indices],
        "shape": list(snapshots.filters.shape[1:]),
        "shades": base64.b64encode(filter_shades(snapshots).tobytes()).decode(),
        "filters": [filters_sentence(snapshots, network, index) for index in indices],
        "layers": layers_with_weights(network),
        "statistics": [statistics_words(snapshots, index) for index in indices],
        "sizes": (sizes / max(float(sizes.max(initial=0.0)), 1e-9)).round(3).T.tolist(),
        "samples": data_url(digits_mask(samples.images[:SAMPLES])),
        "labels": labels[:SAMPLES].tolist(),
        "sample_names": [a_digit(label).capitalize() for label in labels[:SAMPLES].tolist()],
        "answers": read_digits(snapshots)[:, :SAMPLES].tolist(),
    }

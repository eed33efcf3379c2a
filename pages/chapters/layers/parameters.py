"""Parameters and neurons, counted layer by layer."""

from math import prod

import streamlit as st

from core.formatting import percent
from core.lessons.operations import DoesNotFit, counted, with_first_convolution
from core.networks.layers import Conv2D, Dense
from core.networks.network import Network
from core.networks.presets import PRESETS
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.learn import chapter
from pages.components.parts import folding_table

TITLE = "Parameters and neurons"
SUMMARY = "Count them layer by layer, and see what a larger kernel costs."
TIMES = "\N{MULTIPLICATION SIGN}"


def render() -> None:
    """Draw the chapter."""
    st.markdown(
        "A **parameter** is a number that training may change: a weight or a bias. A **neuron** is a place where a "
        "sum is formed. In a dense layer every neuron has weights of its own. In a convolution each pixel of each map "
        "is a neuron, and all neurons of one map share the same few weights. That is why a convolution can have "
        "thousands of neurons and a few hundred parameters.\n\n"
        f"- **Convolution**: (kernel side {TIMES} kernel side {TIMES} channels that come in + 1) {TIMES} filters; the "
        "1 is the bias.\n"
        f"- **Dense**: (numbers that come in + 1) {TIMES} units.\n"
        "- **BatchNormalization**: 4 for each channel, of which two are learned and two are measured on the way.\n"
        "- **Pooling, Flatten, Dropout, activations**: none."
    )
    asked = chapter.asked()
    networks = {
        "Script A": PRESETS["script-a"].network,
        "Script B": PRESETS["script-b"].network,
        asked.name: asked.model.network,
    }
    name = st.selectbox("Network", networks, key="parameters_network")
    network = networks[name]
    first = next((layer for layer in network.layers if isinstance(layer, Conv2D)), None)
    try:
        if first:
            with st.container(horizontal=True, gap="medium"):
                key = f"{first.filters}_{first.kernel_size}_{name}"
                filters = st.slider(
                    "Filters of the first convolution",
                    1,
                    max(128, first.filters),
                    first.filters,
                    key=f"parameters_filters_{key}",
                    width=300,
                )
                largest = max(9, first.kernel_size)
                size = st.slider(
                    "Side of its kernel", 1, largest, first.kernel_size, key=f"parameters_kernel_{key}", width=300
                )
            changed = with_first_convolution(network, filters, size)
        else:
            changed = network
    except DoesNotFit as problem:
        st.warning(plain(str(problem)))
        return
    _render_table(changed)
    moved = changed.parameters - network.parameters
    told = (
        ""
        if changed == network
        else f" That is {abs(moved):,} {'more' if moved >= 0 else 'fewer'} than it has ({network.parameters:,})."
    )
    st.markdown(f"Together **{changed.parameters:,}** parameters.{told}")
    largest_row = max(changed.table(), key=lambda row: row.parameters)
    caption(
        f"{percent(largest_row.parameters / changed.parameters, 0)} of them are in {largest_row.name}. "
        f"As float32 they take {changed.parameters * 4 / 1e6:.1f} MB."
    )
    st.markdown(
        "More filters cost twice: in their own layer, and in the next one, which looks at every map. A larger kernel "
        "costs with the square of its side, but, without padding, makes the map smaller, so that the dense layer "
        "behind Flatten may shrink by more. More parameters can learn more, and learn more by heart."
    )


def _render_table(network: Network) -> None:
    rows = []
    for row in network.table():
        neurons = f"{prod(row.output_shape):,}" if isinstance(row.layer, Conv2D | Dense) else ""
        rows.append((row.name, TIMES.join(map(str, row.output_shape)), neurons, counted(row), f"{row.parameters:,}"))
    head = ("layer", "puts out", "neurons", "counted", "parameters")
    folding_table.render("parameters_table", "Layers and their parameters", head, rows, numbers={2, 4})

"""Parameters and neurons, counted layer by layer."""

from math import prod

import streamlit as st

from core.formatting import percent
from core.lessons.operations import DoesNotFit, parameter_arithmetic, with_first_convolution
from core.networks.layers import Conv2D, Dense
from core.networks.network import Network
from core.networks.presets import PRESETS
from pages.components.base.errors import plain
from pages.components.base.typesetting import caption
from pages.components.learn import chapter
from pages.components.parts import table

TITLE = "Parameters and neurons"
SUMMARY = "Count them layer by layer, and see what a larger kernel costs."
TIMES = "\N{MULTIPLICATION SIGN}"


def render() -> None:
    """Draw a network's table of layers with the arithmetic of its parameters, and let its first layer be changed."""
    st.markdown(
        "A **parameter** is a number that training may change: a weight or a bias. A **neuron** is where a sum is "
        "formed. In a dense layer every neuron has weights of its own. In a convolution each pixel of each map is a "
        "neuron, and all neurons of one map share the same few weights. That is why a convolution can have thousands "
        "of neurons and only a few hundred parameters.\n\n"
        f"- **Convolution**: (kernel side {TIMES} kernel side {TIMES} input channels + 1) {TIMES} filters; the 1 is "
        "the bias.\n"
        f"- **Dense**: (inputs + 1) {TIMES} units.\n"
        "- **BatchNormalization**: 4 for each channel, of which two are learned and two are measured during training.\n"
        "- **Pooling, Flatten, Dropout, activations**: none."
    )
    model_name, model = chapter.chosen_model()
    networks = {
        "Script A": PRESETS["script-a"].network,
        "Script B": PRESETS["script-b"].network,
        model_name: model.network,
    }
    name = st.selectbox("Network", networks, key="parameters_network")
    try:
        changed = _with_chosen_convolution(networks[name], name)
    except DoesNotFit as problem:
        st.warning(plain(str(problem)))
        return
    _render_table(changed, networks[name])
    st.markdown(
        "More filters cost twice: in their own layer, and in the next one, which looks at every map. The cost of a "
        "larger kernel grows with the square of its side, but without padding it makes the map smaller, so the dense "
        "layer behind Flatten may shrink by more. More parameters can learn more, and can learn more by heart."
    )


def _with_chosen_convolution(network: Network, name: str) -> Network:
    first = next((layer for layer in network.layers if isinstance(layer, Conv2D)), None)
    if first is None:
        return network
    filters, size = first.filters, first.kernel_size
    key = f"{filters}_{size}_{name}"
    with st.container(horizontal=True, gap="medium"):
        filters = st.slider(
            "Filters of the first convolution",
            1,
            max(128, filters),
            filters,
            key=f"parameters_filters_{key}",
            width=300,
        )
        size = st.slider("Side of its kernel", 1, max(9, size), size, key=f"parameters_kernel_{key}", width=300)
    return with_first_convolution(network, filters, size)


def _render_table(network: Network, original: Network) -> None:
    rows = []
    for row in network.table():
        neurons = f"{prod(row.output_shape):,}" if isinstance(row.layer, Conv2D | Dense) else ""
        shape = TIMES.join(map(str, row.output_shape))
        rows.append((row.name, shape, neurons, parameter_arithmetic(row), f"{row.parameters:,}"))
    head = ("layer", "output", "neurons", "arithmetic", "parameters")
    table.render("parameters_table", "Layers and their parameters", head, rows, numbers={2, 4}, folds=True)
    more = network.parameters - original.parameters
    comparison = (
        f" That is {abs(more):,} {'more' if more >= 0 else 'fewer'} than before ({original.parameters:,})."
        if network != original
        else ""
    )
    st.markdown(f"Together **{network.parameters:,}** parameters.{comparison}")
    largest = max(network.table(), key=lambda row: row.parameters)
    caption(
        f"{percent(largest.parameters / network.parameters, 0)} of them are in {largest.name}. "
        f"As float32 they take {network.parameters * 4 / 1e6:.1f} MB."
    )

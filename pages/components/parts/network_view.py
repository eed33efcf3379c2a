"""A network as a diagram of its feature maps, a table of its layers and its Keras code, linked with one another.

A component of our own, because pointing at a layer highlights it in all three, and because a screen reader cannot read
Streamlit's data frame, nor anybody on a phone.
"""

import re
from typing import Any

from core.networks.keras_script import keras_code, keras_lines
from core.networks.layers import Shape
from core.networks.network import IMAGE_SHAPE, LayerSummary, Network
from pages.components.base.component import register

_network = register(__file__)

# Layers that keep the shape; the diagram writes them under the block whose maps they change.
_RIDERS = ("BatchNormalization", "Dropout", "ReLU", "Softmax")
_SHORT = {
    "MaxPooling2D": "MaxPool",
    "AveragePooling2D": "AvgPool",
    "GlobalAveragePooling2D": "GlobalAvg",
    "BatchNormalization": "BatchNorm",
}


def architecture(network: Network, key: str = "architecture") -> None:
    """Render the network as a row of blocks, with its table and its code; a layer is highlighted in all three."""
    data = _described(network)
    data["lines"] = [{"text": line.text, "layer": line.layer} for line in keras_lines(network)]
    data["code"] = keras_code(network)
    _network(key=key, data=data)


def layer_table(network: Network, key: str = "layer_table") -> None:
    """Render the table of layers alone; the network need not be trained."""
    _network(key=key, data=_described(network))


def shape_text(shape: Shape) -> str:
    """A shape as people read it, with multiplication signs between its sides."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, shape))


def _described(network: Network) -> dict[str, Any]:
    rows = network.table()
    trainable = sum(row.trainable_parameters for row in rows)
    return {
        "image": {"shape": shape_text(IMAGE_SHAPE), "sides": IMAGE_SHAPE},
        "layers": [_layer(row) for row in rows],
        "parameters": f"{network.parameters:,}",
        "multiply_adds": f"{network.multiply_adds:,}",
        "trainable": f"{trainable:,}",
        "non_trainable": f"{network.parameters - trainable:,}",
    }


def _layer(row: LayerSummary) -> dict[str, Any]:
    kind = row.layer.layer
    return {
        "name": row.name,
        "words": re.findall(".[^A-Z]*", kind.replace("2D", "2d")),  # a narrow table may break the name between them
        "kind": kind,
        "short": _SHORT.get(kind, kind),
        "does": (type(row.layer).__doc__ or "").partition("\n")[0],
        "shape": shape_text(row.output_shape),
        "sides": row.output_shape,
        "parameters": f"{row.parameters:,}",
        "multiply_adds": f"{row.multiply_adds:,}",
        "rides": kind in _RIDERS,
    }

"""A network for use outside Inkling: as Keras code, and under what name its files are saved."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from core.networks.network import IMAGE_SHAPE, Layer, Network


class CodeLine(NamedTuple):
    """One line of code, and the name of the layer that it makes; "" where it makes none."""

    text: str
    layer: str = ""


def keras_code(network: Network) -> str:
    """The network as Keras code that defines `model`, untrained."""
    return "".join(f"{line.text}\n" for line in keras_lines(network))


def keras_lines(network: Network) -> list[CodeLine]:
    """The same line by line: one layer a line, and only those arguments that are not Keras' defaults."""
    return [
        CodeLine("import keras"),
        CodeLine("from keras import layers"),
        CodeLine(""),
        CodeLine("model = keras.Sequential(["),
        CodeLine(f"    keras.Input({IMAGE_SHAPE}),"),
        *(CodeLine(f"    {_call(layer)},", name) for name, layer in network.named_layers()),
        CodeLine("])"),
    ]


def file_stem(name: str) -> str:
    """A label as the name of a file on any system: "Script A, improved" gives inkling-script-a-improved."""
    return "-".join(["inkling", *re.findall("[a-z0-9]+", name.lower())])


# Where we have a default and Keras has none.
_WITHOUT_DEFAULT = frozenset({("Conv2D", "kernel_size"), ("AveragePooling2D", "pool_size")})


def _call(layer: Layer) -> str:
    arguments = []
    for name, field in type(layer).model_fields.items():
        value = getattr(layer, name)
        if field.is_required() or (layer.layer, name) in _WITHOUT_DEFAULT:
            arguments.append(_literal(value))
        elif name != "layer" and value != field.default:
            arguments.append(f"{name}={_literal(value)}")
    return f"layers.{layer.layer}({', '.join(arguments)})"


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)

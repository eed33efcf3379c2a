"""Logits, and the gradients of logits with respect to the image and each layer's output, in NumPy.

Softmax makes every class depend on every other, so explanations differentiate a logit, or the difference of two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.networks.layers import Dense, Layer, Weights
from core.networks.network import Network, as_input, layer_weights


@dataclass(frozen=True)
class Gradients:
    """Gradients of a weighted sum of logits.

    Attributes:
        image: (n, 28, 28) float32, with respect to the image's pixels, which lie in [0, 1].
        layers: by layer name, (n, *output shape) float32, with respect to the layer's output; all layers before the
            logits, and the one that puts them out where softmax is a layer of its own.
        activations: the outputs of every layer, as `Network.activations`.
    """

    image: np.ndarray
    layers: dict[str, np.ndarray]
    activations: dict[str, np.ndarray]


def logits(network: Network, weights: Weights, images: np.ndarray) -> np.ndarray:
    """The numbers that softmax turns into probabilities: (n, 28, 28) images in, (n, `classes`) float32 out."""
    activations = network.activations(weights, images)
    names, last = list(activations), network.layers[-1]
    x = activations[names[-2]] if len(names) > 1 else as_input(images)
    if not isinstance(last, Dense):
        return x  # softmax is a layer of its own: its input is the logits
    return _without_softmax(last).forward(x, layer_weights(weights, names[-1]))


def gradients(network: Network, weights: Weights, images: np.ndarray, wanted: np.ndarray) -> Gradients:
    """Differentiate a weighted sum of the logits, with the network as it predicts (moving statistics, no dropout).

    Args:
        network: the layers.
        weights: float32 arrays by full name.
        images: (n, 28, 28), uint8 in 0..255 or float32 in [0, 1].
        wanted: (n, `classes`) or (`classes`,), the weight of each logit: 1 at a digit for that digit's logit, 1 and -1
            at two digits for the difference of their logits.
    """
    activations = network.activations(weights, images)
    names, layers = zip(*network.named_layers(), strict=True)
    inputs = [as_input(images), *activations.values()]  # of each layer, then the probabilities
    gradient = np.broadcast_to(np.asarray(wanted, np.float32), (len(images), network.classes))
    by_output: dict[str, np.ndarray] = {}
    for index in reversed(range(len(layers))):
        layer, name = layers[index], names[index]
        is_last = index == len(layers) - 1
        if not is_last:
            by_output[name] = gradient
        if is_last and not isinstance(layer, Dense):
            continue  # a softmax layer: its input is the logits
        layer = _without_softmax(layer) if is_last else layer
        gradient = layer.backward(gradient, inputs[index], inputs[index + 1], layer_weights(weights, name))
    return Gradients(gradient[..., 0], dict(reversed(by_output.items())), activations)


def _without_softmax(layer: Layer) -> Layer:
    return layer.model_copy(update={"activation": "linear"})

"""What an answer depends on: how far each number in a network would move it, by the chain rule, in NumPy.

A network's answer is a softmax over logits. The softmax makes every class depend on every other, so explanations are
asked of a logit, or of the difference of two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.networks.layers import Dense, Layer, Weights
from core.networks.network import Network, as_input, layer_weights


@dataclass(frozen=True)
class Gradients:
    """How fast a sum of logits grows with each number that leads to it.

    Attributes:
        image: (n, 28, 28) float32, by the image's pixels, which lie in [0, 1].
        layers: by layer name, the gradients by what the layer puts out, (n, *output shape) float32; all layers
            before the logits, and the one that puts them out where the softmax is a layer of its own.
        activations: what every layer puts out, as `Network.activations`.
    """

    image: np.ndarray
    layers: dict[str, np.ndarray]
    activations: dict[str, np.ndarray]


def logits(network: Network, weights: Weights, images: np.ndarray) -> np.ndarray:
    """What the last softmax turns into probabilities: (n, 28, 28) images in, (n, `classes`) float32 out."""
    activations = network.activations(weights, images)
    return _logits(network, weights, as_input(images), activations)


def gradients(network: Network, weights: Weights, images: np.ndarray, wanted: np.ndarray) -> Gradients:
    """Differentiate a weighted sum of the logits, as the network is when it predicts (moving statistics, no dropout).

    Args:
        network: the layers.
        weights: float32 arrays by full name.
        images: (n, 28, 28), uint8 in 0..255 or float32 in [0, 1].
        wanted: (n, `classes`) or (`classes`,), the weight of each logit: 1 at a digit for that digit's logit, 1 and -1
            at two for what tells the one from the other.
    """
    activations = network.activations(weights, images)
    names, layers = zip(*network.named_layers(), strict=True)
    inputs = [as_input(images), *activations.values()]  # of each layer, and the answer
    gradient = np.broadcast_to(np.asarray(wanted, np.float32), (len(images), network.classes))
    by_output: dict[str, np.ndarray] = {}
    for place in reversed(range(len(layers))):
        layer, name = layers[place], names[place]
        is_last = place == len(layers) - 1
        if not is_last:
            by_output[name] = gradient
        if is_last and not isinstance(layer, Dense):
            continue  # a softmax layer: its input are the logits themselves
        own = layer_weights(weights, name)
        shown = _without_softmax(layer) if is_last else layer
        gradient = shown.backward(gradient, inputs[place], inputs[place + 1], own)
    return Gradients(gradient[..., 0], dict(reversed(by_output.items())), activations)


def _logits(network: Network, weights: Weights, x: np.ndarray, activations: dict[str, np.ndarray]) -> np.ndarray:
    names = list(activations)
    last = network.layers[-1]
    before = activations[names[-2]] if len(names) > 1 else x
    if not isinstance(last, Dense):
        return before
    return _without_softmax(last).forward(before, layer_weights(weights, names[-1]))


def _without_softmax(layer: Layer) -> Layer:
    return layer.model_copy(update={"activation": "linear"})

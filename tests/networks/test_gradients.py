"""Gradients against differences: nudge a number, and see how far the logits move."""

import numpy as np
import pytest

from core.networks.gradients import gradients, logits
from core.networks.layers import Conv2D, Dense, Dropout, Flatten, GlobalAveragePooling2D, Softmax
from core.networks.network import Network
from core.networks.presets import PRESETS
from tests.samples import random_weights

NETWORKS = {
    **{name: PRESETS[name].network for name in ("fast", "script-a-improved")},
    "softmax as a layer": Network(
        layers=(Conv2D(filters=4, padding="same"), GlobalAveragePooling2D(), Dense(units=10), Softmax())
    ),
    "one layer": Network(layers=(Flatten(), Dropout(rate=0.5), Dense(units=10, activation="softmax"))),
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_softmax_of_the_logits_is_the_answer(network, random_images):
    weights = random_weights(network)
    raw = logits(network, weights, random_images)
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, network.probabilities(weights, random_images), atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_pixels_gradient_is_how_far_the_logits_move_with_it(network):
    random = np.random.default_rng(3)
    # In double precision, so that a step can be so small that no unit is switched on or off by it.
    weights = {name: array.astype(np.float64) for name, array in random_weights(network).items()}
    image = random.random((28, 28)).astype(np.float32)
    wanted = random.normal(size=10)
    found = gradients(network, weights, image[np.newaxis], wanted).image[0]
    step = np.float32(2**-12)  # of pixels, which are taken as float32
    for row, column in random.integers(2, 26, (12, 2)):
        nudged = np.stack([image, image])
        nudged[0, row, column] += step
        nudged[1, row, column] -= step
        higher, lower = logits(network, weights, nudged) @ wanted
        moved = (higher - lower) / (float(nudged[0, row, column]) - float(nudged[1, row, column]))
        assert found[row, column] == pytest.approx(moved, rel=0.05, abs=0.02 * float(np.abs(found).max()))


def test_the_gradient_of_a_difference_is_the_difference_of_the_gradients(random_images):
    network = PRESETS["fast"].network
    weights = random_weights(network)
    four, nine = np.eye(10)[[4, 9]]
    difference, first, second = (
        gradients(network, weights, random_images[:2], wanted).image for wanted in (four - nine, four, nine)
    )
    np.testing.assert_allclose(difference, first - second, atol=1e-4 * np.abs(first).max())


def test_every_layer_before_the_answer_has_a_gradient_of_its_outputs_shape(random_images):
    network = PRESETS["script-a-improved"].network
    found = gradients(network, random_weights(network), random_images[:3], np.eye(10)[0])
    assert found.image.shape == (3, 28, 28)
    assert {name: array.shape[1:] for name, array in found.layers.items()} == {
        row.name: row.output_shape for row in network.table()[:-1]
    }

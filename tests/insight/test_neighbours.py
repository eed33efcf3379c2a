import numpy as np
import pytest

from core.digits.dataset import Digits
from core.digits.synthetic.handwriting import handwriting
from core.insight import neighbours
from core.insight.neighbours import agreement, feature_space, nearest, sample_size, sketches
from core.networks.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Softmax
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from tests.samples import digit_image, random_model

SAMPLE = Digits(*handwriting(150, 3))
PIXELS = Recipe(network=Network(layers=(Flatten(), Dense(units=10, activation="softmax"))))


@pytest.mark.parametrize(
    ("network", "space"),
    [
        (PRESETS["fast"].network, "relu_3"),
        (PRESETS["accurate"].network, "relu_5"),
        (PRESETS["script-a-improved"].network, "dense_1"),
        (PRESETS["script-b"].network, "dense_1"),
        (PIXELS.network, "pixels"),
        (Network(layers=(Conv2D(filters=10), GlobalAveragePooling2D(), Softmax())), "conv2d_1"),
    ],
)
def test_digits_are_compared_where_the_last_hidden_layer_puts_them(network, space):
    assert feature_space(network) == space


@pytest.mark.parametrize("recipe", ["accurate", "script-b", PIXELS], ids=["wide", "narrow", "pixels"])
def test_the_nearest_are_those_that_a_plain_search_finds(recipe):
    model, image = random_model(recipe), digit_image(4)
    found = nearest(model, image, SAMPLE, sketches(model, SAMPLE.images), "mnist")
    images = np.concatenate([image[np.newaxis], (SAMPLE.images / 255).astype(np.float32)])
    features = images.reshape(len(images), -1)
    if found.space != "pixels":
        features = model.network.activations(model.weights, images)[found.space].reshape(len(images), -1)
    distances = np.linalg.norm(features[1:] - features[0], axis=1)
    order = np.argsort(distances)[:8]
    np.testing.assert_allclose(found.distances, distances[order], rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(found.labels, SAMPLE.labels[order])


def test_a_training_digit_is_its_own_nearest():
    model = random_model("script-a")
    image = (SAMPLE.images[17] / 255).astype(np.float32)
    found = nearest(model, image, SAMPLE, sketches(model, SAMPLE.images), "handwriting")
    assert found.distances[0] == pytest.approx(0, abs=1e-3)
    np.testing.assert_array_equal(found.images[0], SAMPLE.images[17])
    assert "of built-in digits" in found.sentence


def test_sketches_are_small_whatever_the_network_and_keep_distances():
    model = random_model("accurate")
    kept = sketches(model, SAMPLE.images)
    assert (kept.shape, kept.dtype) == ((150, neighbours.SKETCH), np.float16)
    features = model.network.activations(model.weights, SAMPLE.images)["relu_5"].reshape(150, -1)
    true = np.linalg.norm(features[1:] - features[0], axis=1)
    rough = np.linalg.norm(kept[1:].astype(np.float32) - kept[0].astype(np.float32), axis=1)
    assert np.abs(rough / true - 1).mean() < 0.06


def test_a_slow_network_is_shown_fewer_training_digits():
    assert sample_size(PRESETS["script-b"].network, 1848) == 1848
    slow = Network(
        layers=(*(Conv2D(filters=100, padding="same"),) * 3, GlobalAveragePooling2D(), Dense(units=10), Softmax())
    )
    assert sample_size(slow, 1848) == neighbours.LEAST_SAMPLE


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([4] * 8, "All eight nearest are a 4."),
        ([4, 4, 9, 4, 4, 4, 4, 4], "Of the eight nearest, seven are a 4 and one is a 9."),
        ([8, 3, 8, 8, 3, 8, 8, 5], "Of the eight nearest, five are an 8, two are a 3 and one is a 5."),
    ],
)
def test_what_the_nearest_are_is_said_in_words(labels, sentence):
    assert agreement(np.array(labels, np.uint8)) == sentence

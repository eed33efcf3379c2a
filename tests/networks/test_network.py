import numpy as np
import pytest
from pydantic import ValidationError

from core.networks.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ReLU,
    Softmax,
)
from core.networks.network import BATCH, MAX_NUMBERS, MAX_PARAMETERS, Network
from core.networks.presets import ACCURATE, PRESETS
from tests.samples import random_weights

HEAD = (Flatten(), Dense(units=10, activation="softmax"))


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [("script-a", 93_322), ("script-b", 542_230), ("script-a-improved", 60_554), ("fast", 29_658), ("tiny", 7_586)],
)
def test_the_presets_have_the_parameters_that_their_texts_give(preset, parameters):
    assert PRESETS[preset].network.parameters == parameters


def test_the_table_of_script_b_says_what_each_layer_does_and_costs():
    rows = [
        (row.name, row.output_shape, row.parameters, row.multiply_adds) for row in PRESETS["script-b"].network.table()
    ]
    assert rows == [
        ("conv2d_1", (26, 26, 32), 320, 26 * 26 * 32 * 9),
        ("maxpooling2d_1", (13, 13, 32), 0, 0),
        ("flatten_1", (5408,), 0, 0),
        ("dense_1", (100,), 540_900, 540_800),
        ("dense_2", (10,), 1_010, 1_000),
    ]


def test_statistics_of_batch_normalization_are_not_trainable():
    row = next(row for row in PRESETS["fast"].network.table() if row.name == "batchnormalization_1")
    assert (row.parameters, row.trainable_parameters) == (64, 32)


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        (
            (Conv2D(filters=4, kernel_size=28), MaxPooling2D(), *HEAD),
            "maxpooling2d_1 has a 2x2 pool, larger than its 1x1",
        ),
        ((MaxPooling2D(pool_size=20), Conv2D(filters=4), *HEAD), "conv2d_1 has a 3x3 kernel, larger than its 1x1"),
        ((Dense(units=10, activation="softmax"),), "dense_1 needs a row of numbers"),
        ((Flatten(), Conv2D(filters=4), *HEAD), "conv2d_1 needs feature maps"),
        ((Flatten(), Dense(units=9, activation="softmax")), "10 probabilities"),
        ((Flatten(), Dense(units=10)), "10 probabilities"),
        ((), "at least 1 item"),
        ((Dropout(rate=0.1),) * 1000, "at most 40 items"),
        (
            (Flatten(), Dense(units=4096), Dense(units=4096), Dense(units=10), Softmax()),
            f"layer dense_1|dense_2; at most {MAX_PARAMETERS:,}",
        ),
        (
            (*(Conv2D(filters=256, padding="same"),) * 2, MaxPooling2D(pool_size=28), *HEAD),
            "multiply-adds per image, most of them in layer conv2d_2",
        ),
        (
            (Conv2D(filters=512, kernel_size=1), Conv2D(filters=1, kernel_size=20, padding="same"), *HEAD),
            "Layer conv2d_2 holds 160,9.* numbers for one image",
        ),
    ],
)
@pytest.mark.bad_input(15)
def test_a_network_that_cannot_work_is_refused_with_its_reason(layers, reason):
    with pytest.raises(ValidationError, match=reason):
        Network(layers=layers)


@pytest.mark.parametrize("preset", PRESETS)
def test_each_layer_has_outputs_of_the_shape_in_the_table_and_the_last_ones_are_probabilities(preset, random_images):
    network = PRESETS[preset].network
    activations = network.activations(random_weights(network), random_images)
    probabilities = list(activations.values())[-1]
    assert {name: values.shape[1:] for name, values in activations.items()} == {
        row.name: row.output_shape for row in network.table()
    }
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_answers_depend_neither_on_the_type_of_an_image_nor_on_its_batch_and_leave_it_as_it_was(random_images):
    network = PRESETS["fast"].network
    weights = random_weights(network)
    answers = network.probabilities(weights, random_images)
    fractions = (random_images / 255).astype(np.float32)
    before = fractions.copy()
    np.testing.assert_allclose(network.probabilities(weights, fractions), answers, atol=1e-6)
    np.testing.assert_array_equal(fractions, before)
    many = np.tile(random_images, (20, 1, 1))
    np.testing.assert_allclose(network.probabilities(weights, many)[:16], answers, atol=1e-6)
    assert network.probabilities(weights, many[:0]).shape == (0, 10)


def test_pooling_takes_the_largest_or_the_mean_of_each_window_and_leaves_out_the_rest():
    x = np.arange(25, dtype=np.float32).reshape(1, 5, 5, 1)
    assert MaxPooling2D().forward(x, {}).ravel().tolist() == [6, 8, 16, 18]
    assert AveragePooling2D().forward(x, {}).ravel().tolist() == [3, 5, 13, 15]
    assert GlobalAveragePooling2D().forward(x, {}).ravel().tolist() == [12]


def test_a_pass_holds_few_images_where_maps_are_large_and_answers_the_same():
    wide = Network(layers=(Conv2D(filters=512, kernel_size=1), ReLU(), MaxPooling2D(), *HEAD))
    assert ACCURATE.network.images_at_once == BATCH
    assert wide.images_at_once * 28 * 28 * 512 <= MAX_NUMBERS
    weights = random_weights(wide)
    images = np.random.default_rng(0).integers(0, 255, (wide.images_at_once + 1, 28, 28), np.uint8)
    last = wide.activations(weights, images)["dense_1"]
    np.testing.assert_allclose(wide.probabilities(weights, images), last, atol=1e-6)

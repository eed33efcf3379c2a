import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.insight.arithmetic import convolution_maps, convolutions, strongest_pixel, worked_pixel, worked_softmax
from core.networks.layers import BatchNormalization, Conv2D, Dense, Flatten, ReLU
from core.networks.model import pretrained
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from tests.samples import digit_image, random_model

IMAGE = digit_image(4)


def check(model, activations, layer, channel, row, column):
    worked = worked_pixel(model, IMAGE, layer, channel, row, column)
    assert worked.value == pytest.approx(float(activations[worked.last][0, row, column, channel]), rel=1e-4, abs=1e-5)
    assert worked.value == worked.steps[-1].value
    np.testing.assert_allclose(worked.products, worked.patch * worked.kernel)
    assert worked.steps[0].value == pytest.approx(worked.products.sum(), rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(worked.sums, worked.products.sum(axis=(0, 1)), atol=1e-6)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_worked_pixel_comes_to_what_the_network_puts_out(preset):
    model = random_model(preset)
    activations = model.network.activations(model.weights, IMAGE[np.newaxis])
    random = np.random.default_rng(0)
    for row in convolutions(model):
        height, width, filters = row.output_shape
        for place in ((0, 0, 0), (filters - 1, height - 1, width - 1), random.integers((filters, height, width))):
            check(model, activations, row.name, *map(int, place))


@settings(max_examples=30)
@given(
    st.builds(
        Conv2D,
        filters=st.just(3),
        kernel_size=st.integers(1, 6),
        strides=st.integers(1, 3),
        padding=st.sampled_from(["valid", "same"]),
        activation=st.sampled_from(["linear", "relu", "softmax"]),
        use_bias=st.booleans(),
    ),
    st.lists(st.sampled_from([BatchNormalization(), ReLU()]), max_size=2),
    st.data(),
)
def test_any_pixel_of_any_convolution_can_be_worked_out(convolution, after, data):
    head = (Flatten(), Dense(units=10, activation="softmax"))
    network = Network(layers=(Conv2D(filters=2), convolution, *after, *head))
    height, width, filters = network.table()[1].output_shape
    place = [data.draw(st.integers(0, most - 1)) for most in (filters, height, width)]
    model = random_model(Recipe(network=network))
    check(model, network.activations(model.weights, IMAGE[np.newaxis]), "conv2d_2", *place)


def test_the_patch_is_what_lies_in_the_image_and_zeros_beyond_its_edge():
    convolution = Conv2D(filters=4, kernel_size=5, strides=2, padding="same")
    network = Network(layers=(convolution, ReLU(), Flatten(), Dense(units=10, activation="softmax")))
    model = random_model(Recipe(network=network))
    worked = worked_pixel(model, IMAGE, "conv2d_1", 0, 7, 6)
    assert worked.corner == (13, 11)
    np.testing.assert_allclose(worked.patch[..., 0], IMAGE[13:18, 11:16])
    edge = worked_pixel(model, np.ones((28, 28), np.float32), "conv2d_1", 0, 0, 0)
    assert edge.corner == (-1, -1)
    assert edge.patch.sum() == 16
    assert edge.last == "relu_1"


def test_every_step_after_the_sum_is_named():
    steps = [step.words for step in worked_pixel(pretrained(), IMAGE, "conv2d_2", 0, 5, 5).steps]
    assert [words.split(":")[0] for words in steps] == ["sum of all products", "normalised", "ReLU"]
    steps = [step.words for step in worked_pixel(random_model("script-a"), IMAGE, "conv2d_1", 0, 5, 5).steps]
    assert [words.split(":")[0] for words in steps] == ["sum of all products", "bias added", "ReLU"]


def test_the_strongest_pixel_is_the_largest_of_all():
    maps = convolution_maps(pretrained(), IMAGE, "conv2d_2").outputs
    channel, row, column = strongest_pixel(maps)
    assert maps[row, column, channel] == maps.max()


@pytest.mark.parametrize("model", [pretrained(), random_model("script-b")], ids=["tempered", "plain"])
def test_the_worked_probabilities_are_the_answer(model):
    worked = worked_softmax(model, IMAGE)
    shares = [row.probability for row in worked.rows]
    np.testing.assert_allclose(shares, model.probabilities(IMAGE[np.newaxis])[0], atol=1e-5)
    for row in worked.rows:
        assert row.divided == pytest.approx(row.logit / worked.temperature)
        assert row.probability == pytest.approx(row.power / worked.total)
    assert max(row.power for row in worked.rows) == 1
    assert f"that of {int(np.argmax(shares))}" in worked.sentence

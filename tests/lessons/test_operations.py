import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.lessons import operations
from core.lessons.operations import (
    KERNELS,
    DoesNotFit,
    arithmetic,
    convolve,
    dense_unit,
    first_filters,
    first_relu_input,
    flatten_input,
    measure_ink,
    parameter_arithmetic,
    pool,
    softmax,
    with_first_convolution,
)
from core.networks.gradients import logits
from core.networks.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Softmax
from core.networks.model import pretrained, tempered
from core.networks.network import Network, layer_weights
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from tests.samples import random_model

IMAGE = np.random.default_rng(5).random((28, 28)).astype(np.float32)
NETWORKS = {name: recipe.network for name, recipe in PRESETS.items()} | {
    "mean": Network(layers=(Conv2D(filters=6), GlobalAveragePooling2D(), Dense(units=10), Softmax())),
    "bare": Network(layers=(Flatten(), Dense(units=10, activation="softmax", use_bias=False))),
}


@pytest.fixture(params=NETWORKS)
def model(request):
    return random_model(Recipe(network=NETWORKS[request.param]))


@pytest.mark.parametrize("name", KERNELS)
def test_a_convolution_is_what_the_networks_layer_computes(name):
    kernel = KERNELS[name]
    by_layer = Conv2D(filters=1, use_bias=False).forward(IMAGE[None, :, :, None], {"kernel": kernel[:, :, None, None]})[
        0, :, :, 0
    ]
    np.testing.assert_allclose(convolve(IMAGE, kernel), by_layer, atol=1e-5)


def test_kernels_that_look_for_edges_find_none_on_plain_paper_and_ink():
    for name in ("Left edges", "Upper edges", "Outline"):
        assert KERNELS[name].sum() == 0
    assert KERNELS["Blur"].sum() == pytest.approx(1)


def test_the_sum_is_written_out_without_the_paper():
    kernel = KERNELS["Left edges"]
    image = np.zeros((28, 28), np.float32)
    assert arithmetic(image[:3, :3], kernel).startswith("Only paper")
    image[1, 2], image[2, 0] = 0.5, 1
    written = arithmetic(image[:3, :3], kernel).replace("\N{NO-BREAK SPACE}", " ")
    assert written == "0.50 \N{MULTIPLICATION SIGN} 2 + 1.00 \N{MULTIPLICATION SIGN} \N{MINUS SIGN}1 = **0**"


def test_learned_filters_are_those_of_the_first_layer():
    filters = first_filters(pretrained())
    assert filters.shape == (32, 5, 5)
    np.testing.assert_array_equal(filters[3], pretrained().weights["conv2d_1/kernel"][:, :, 0, 3])
    assert first_filters(random_model(Recipe(network=NETWORKS["bare"]))) is None


@given(arrays(np.float32, (28, 28), elements=st.floats(0, 1, width=32)), st.sampled_from([2, 4, 7]))
def test_pooling_keeps_the_largest_of_each_window_or_its_mean(image, size):
    windows = image.reshape(28 // size, size, 28 // size, size)
    np.testing.assert_array_equal(pool(image, size), windows.max(axis=(1, 3)))
    np.testing.assert_allclose(pool(image, size, is_mean=True), windows.mean(axis=(1, 3)), atol=1e-5)


def test_an_image_moved_right_differs_and_an_equal_one_does_not():
    moved = operations.shift_right(IMAGE)
    np.testing.assert_array_equal(moved[:, 1:], IMAGE[:, :-1])
    assert not moved[:, 0].any()
    assert operations.relative_difference(IMAGE, IMAGE) == 0 < operations.relative_difference(IMAGE, moved)


@pytest.mark.parametrize("name", ["script-a", "fast"])
def test_without_its_negative_numbers_the_input_of_the_first_relu_is_its_output(name):
    model = random_model(name)
    before = first_relu_input(model, IMAGE)
    outputs = model.network.activations(model.weights, IMAGE[None])
    assert (before < 0).any()
    assert any(np.array_equal(np.maximum(before, 0), output[0]) for output in outputs.values())


def test_a_network_without_relu_on_feature_maps_has_no_such_input():
    assert first_relu_input(random_model(Recipe(network=NETWORKS["bare"])), IMAGE) is None


def test_flattening_gives_the_row_that_the_network_sees(model):
    maps = flatten_input(model, IMAGE)
    outputs = model.network.activations(model.weights, IMAGE[None])
    np.testing.assert_array_equal(maps.ravel(), outputs.get("flatten_1", IMAGE[None])[0].ravel())


def test_a_dense_units_products_and_bias_add_up_to_its_output(model):
    name, layer = next((name, layer) for name, layer in model.network.named_layers() if isinstance(layer, Dense))
    outputs = {"": IMAGE[None], **model.network.activations(model.weights, IMAGE[None])}
    x = outputs[list(outputs)[list(outputs).index(name) - 1]]
    sums = layer.model_copy(update={"activation": "linear"}).forward(x, layer_weights(model.weights, name))[0]
    for index in (0, 3, 9):
        unit = dense_unit(model, IMAGE, index)
        assert unit.total == pytest.approx(float(sums[index]), abs=1e-3)
        assert (unit.layer, unit.units) == (name, layer.units)


def test_the_last_layers_sums_go_through_softmax_to_the_networks_answer(model):
    answer = model.network.probabilities(model.weights, IMAGE[None])[0]
    np.testing.assert_allclose(softmax(logits(model.network, model.weights, IMAGE[np.newaxis])[0]), answer, atol=1e-5)


@given(arrays(np.float32, 10, elements=st.floats(-8, 8, width=32)), st.floats(0.2, 10))
def test_a_temperature_on_logits_is_the_one_that_models_are_calibrated_by(sums, temperature):
    by_model = tempered(softmax(sums)[None], temperature)[0]
    np.testing.assert_allclose(softmax(sums, temperature), by_model, atol=1e-4)
    assert softmax(sums, temperature).sum() == pytest.approx(1, abs=1e-5)


def test_how_a_digit_lies_in_its_image_is_measured_in_pixels():
    image = np.zeros((28, 28), np.float32)
    image[4:24, 10:14] = 0.5
    assert measure_ink(image) == operations.InkMeasures(20, 4, 14.0, 12.0)


@pytest.mark.parametrize(("preset", "parameters"), [("script-a", 93_322), ("script-b", 542_230)])
def test_the_way_parameters_are_counted_comes_to_what_both_texts_state(preset, parameters):
    rows = PRESETS[preset].network.table()
    sums = [
        parameter_arithmetic(row)
        .replace("\N{NO-BREAK SPACE}", "")
        .replace("\N{MULTIPLICATION SIGN}", "*")
        .replace(",", "")
        for row in rows
    ]
    assert [eval(written or "0") for written in sums] == [row.parameters for row in rows]
    assert sum(row.parameters for row in rows) == parameters


def test_another_first_convolution_changes_the_count_and_what_cannot_fit_is_refused():
    network = PRESETS["script-b"].network
    assert with_first_convolution(network, 32, 3) == network
    assert with_first_convolution(network, 16, 3).parameters == 160 + (13 * 13 * 16 + 1) * 100 + 1010
    with pytest.raises(DoesNotFit, match="maxpooling2d_1"):
        with_first_convolution(network, 8, 28)

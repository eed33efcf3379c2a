import numpy as np
import pytest

from core.formatting import number_text
from core.insight import saliency
from core.insight.saliency import NothingToExplain, grad_cam, layer_views, map_layers, occlusion, runner_up
from core.networks.layers import Dense, Flatten
from core.networks.model import pretrained
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from tests.samples import digit_image, random_model

PRESET_NAMES = list(PRESETS)


@pytest.fixture(scope="module")
def seven():
    return digit_image(7)


def naive_occlusion(model, image, fill, size, step):
    """Occlusion, patch by patch and pixel by pixel."""
    before = model.probabilities(image[np.newaxis])[0]
    digit = before.argmax()
    falls = [[[] for _ in range(28)] for _ in range(28)]
    for top in range(0, 28 - size + 1, step):
        for left in range(0, 28 - size + 1, step):
            covered = image.copy()
            for row in range(top, top + size):
                for column in range(left, left + size):
                    covered[row, column] = fill
            fall = before[digit] - model.probabilities(covered[np.newaxis])[0][digit]
            for row in range(top, top + size):
                for column in range(left, left + size):
                    falls[row][column].append(fall)
    return np.array([[np.mean(there) for there in line] for line in falls])


@pytest.mark.parametrize("fill", [0.0, 0.5])
def test_occlusion_is_what_a_patch_by_patch_loop_finds(fill, seven, monkeypatch):
    monkeypatch.setattr(saliency, "PATCH_STEP", 3)  # fewer patches
    model = random_model("script-b")
    expected = naive_occlusion(model, seven, fill, saliency.PATCH, saliency.PATCH_STEP)
    np.testing.assert_allclose(occlusion(model, seven, fill).falls, expected, atol=1e-5)


def test_a_slow_network_gets_fewer_patches_that_still_cover_the_image(seven, monkeypatch):
    monkeypatch.setattr(saliency, "SLOW", 0)
    model = random_model("fast")
    expected = naive_occlusion(model, seven, 0.5, saliency.PATCH, saliency.WIDE_PATCH_STEP)
    np.testing.assert_allclose(occlusion(model, seven, 0.5).falls, expected, atol=1e-5)


def test_covering_a_seven_matters_where_it_has_ink_and_the_sentence_says_where():
    image = digit_image(7)
    found = occlusion(pretrained(), image)
    assert found.digit == 7
    assert np.abs(found.falls[:2]).max() == 0  # nothing is drawn there
    assert "probability of 7" in found.sentence


def test_covering_a_blank_image_with_paper_changes_nothing():
    found = occlusion(random_model("fast"), np.zeros((28, 28), np.float32))
    assert not found.falls.any()
    assert found.sentence.startswith("No single patch matters")


@pytest.mark.parametrize("preset", PRESET_NAMES)
def test_every_layer_is_seen_with_a_sentence_and_its_strongest_maps_first(preset, seven):
    model = random_model(preset)
    activations = model.network.activations(model.weights, seven[np.newaxis])
    views = layer_views(model, seven, most=5)
    assert [view.name for view in views] == list(activations)
    for view in views:
        assert view.sentence
        whole = activations[view.name][0]
        assert view.scale == pytest.approx(np.abs(whole).max())
        assert len(view.maps) == len(view.numbers) <= 5
        for values, number in zip(view.maps, view.numbers, strict=True):
            np.testing.assert_allclose(values.squeeze(), whole[..., number - 1].squeeze(), rtol=1e-5, atol=1e-6)
        heights = [np.abs(values).max() for values in view.maps]
        assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize("activation", ["relu", "softmax"])
def test_only_the_layer_that_puts_out_the_answer_speaks_of_digits(activation, seven):
    layers = (Flatten(), Dense(units=10, activation=activation), Dense(units=10, activation="softmax"))
    *before, last = layer_views(random_model(Recipe(network=Network(layers=layers))), seven)
    assert not any(view.is_answer or "probabilities" in view.sentence for view in before)
    assert last.is_answer
    assert last.numbers == tuple(range(1, 11))
    assert f"of {int(last.maps.argmax())}" in last.sentence


def test_a_maps_filter_is_its_own_and_of_several_kernels_the_heaviest(seven):
    model = random_model("script-a")
    views = {view.name: view for view in layer_views(model, seven)}
    kernel = model.weights["conv2d_1/kernel"]
    for shown, number in zip(views["conv2d_1"].filters, views["conv2d_1"].numbers, strict=True):
        np.testing.assert_array_equal(shown, kernel[:, :, 0, number - 1])
    kernel = model.weights["conv2d_2/kernel"][..., views["conv2d_2"].numbers[0] - 1]
    shown = views["conv2d_2"].filters[0]
    assert np.square(shown).sum() == pytest.approx(np.square(kernel).sum(axis=(0, 1)).max())
    assert views["maxpooling2d_1"].filters is None


def test_grad_cam_looks_first_at_the_last_layer_that_filters_and_has_maps_of_three_by_three():
    assert [map_layers(random_model(preset))[0] for preset in PRESET_NAMES] == [
        "relu_3",
        "relu_3",
        "relu_4",
        "relu_3",
        "conv2d_3",
        "conv2d_1",
        "conv2d_3",
    ]


def test_grad_cam_is_never_below_zero_and_its_sentence_names_layer_and_digit(seven):
    found = grad_cam(pretrained(), seven, "relu_2")
    assert found.heat.shape == (28, 28)
    assert found.heat.min() >= 0
    assert "7" in found.sentence
    assert "relu_2, 10\N{MULTIPLICATION SIGN}10" in found.sentence


def test_a_network_without_maps_says_so_in_one_sentence():
    recipe = Recipe(network=Network(layers=(Flatten(), Dense(units=10, activation="softmax"))))
    with pytest.raises(NothingToExplain, match="no feature maps"):
        map_layers(random_model(recipe))


def test_the_runner_up_is_the_second_likeliest_and_the_turned_image_is_read_otherwise(seven):
    model = pretrained()
    found = runner_up(model, seven)
    second, digit = np.argsort(model.probabilities(seven[np.newaxis])[0])[-2:]
    assert (found.digit, found.second) == (digit, second) == (7, found.second)
    assert found.turned is not None
    assert model.probabilities(found.turned[np.newaxis])[0].argmax() != 7
    changed = int((found.turned != seven).sum())
    assert 0 < changed <= saliency.CHANGED_PIXELS[-1]
    assert f"Second is {second}" in found.sentence
    assert "turns the answer into" in found.turned_sentence


def test_no_location_is_named_where_no_ink_speaks_for_the_answer():
    blank = runner_up(pretrained(), np.zeros((28, 28), np.float32))
    assert "the ink" not in blank.sentence
    assert f"Nothing that you drew speaks for {blank.digit}" in blank.sentence
    full = runner_up(pretrained(), np.ones((28, 28), np.float32))
    assert "More ink" not in full.sentence


def test_ink_where_the_map_says_so_moves_the_answer_towards_the_runner_up(seven):
    model = random_model("script-a")
    found = runner_up(model, seven)
    row, column = np.unravel_index(found.difference[1:27, 1:27].argmin(), (26, 26))
    inked = seven.copy()
    inked[row : row + 3, column : column + 3] += 0.01
    before, after = np.log(model.probabilities(np.stack([seven, inked])))
    assert (after - before)[found.second] > (after - before)[found.digit]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (0, 0, "at the upper left"),
        (14, 14, "in the middle"),
        (14, 27, "at the middle right"),
        (28, 14, "at the lower middle"),
    ],
)
def test_a_location_is_named_in_plain_words(row, column, words):
    assert saliency.location_text(row, column) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (-0.5, "\N{MINUS SIGN}0.500"), (12.345, "12.3"), (123.4, "123"), (2e9, "2e+09")]
)
def test_numbers_have_three_digits(value, words):
    assert number_text(value) == words


@pytest.mark.parametrize("explain", [occlusion, runner_up])
def test_a_model_whose_answers_are_no_numbers_has_nothing_to_explain(explain, seven):
    model = random_model("fast")
    weights = dict(model.weights) | {"dense_1/kernel": model.weights["dense_1/kernel"] * np.float32(np.inf)}
    with pytest.raises(NothingToExplain, match="not a number"):
        explain(type(model)(model.recipe, weights, model.scores, ""), seven)

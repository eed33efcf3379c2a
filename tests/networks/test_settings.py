from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digits.augmentation import Augmentation
from core.formatting import setting_text
from core.networks.presets import FAST, PRESETS
from core.networks.recipe import SGD, BadRecipe, Constant, EarlyStopping
from core.networks.settings import (
    NONE,
    changeable,
    changed_name,
    choices,
    differing,
    label,
    quantity,
    settings,
    the_change,
    with_changed,
)


def test_equal_recipes_differ_in_nothing_whatever_they_are_called():
    assert differing([FAST, FAST.model_copy(update={"name": "Other"})]) == []


def test_only_what_differs_is_named_in_words():
    slow = FAST.model_copy(update={"epochs": 3, "optimizer": SGD(learning_rate=0.05), "schedule": Constant()})
    rows = dict(differing([FAST, slow]))
    assert rows == {
        "Epochs": ["1", "3"],
        "Optimiser": ["Adam", "SGD"],
        "Learning rate": ["0.008", "0.05"],
        "Beta 1": ["0.8", NONE],
        "Beta 2": ["0.95", NONE],
        "Momentum": [NONE, "0"],
        "Schedule": ["one cycle", "constant"],
        "Schedule: warmup": ["0.3", NONE],
    }


def test_of_networks_with_the_same_layers_those_that_differ_are_named_and_of_others_an_outline():
    improved = PRESETS["script-a-improved"]
    layers = list(improved.network.layers)
    layers[6] = layers[6].model_copy(update={"rate": 0.4})
    other = improved.model_copy(update={"network": improved.network.model_copy(update={"layers": tuple(layers)})})
    assert differing([improved, other]) == [("dropout_1: rate", ["0.25", "0.4"])]
    outline = dict(differing([PRESETS["script-a"], PRESETS["script-b"]]))
    assert outline["Convolutions: filters"] == ["32, 64, 64", "32"]
    assert outline["Dense layers"] == ["64, 10", "100, 10"]
    assert outline["Parameters"] == ["93,322", "542,230"]


def test_what_is_measured_has_its_unit_and_small_numbers_no_exponent():
    other = FAST.model_copy(update={"augmentation": Augmentation(rotation=10, shift=0.08, elastic=2), "l2": 1e-5})
    rows = dict(differing([FAST, other]))
    assert rows["Rotation"] == ["0\N{DEGREE SIGN}", "10\N{DEGREE SIGN}"]
    assert rows["Shift"][1] == "8\N{THIN SPACE}%"
    assert rows["Elastic"][1] == "2\N{THIN SPACE}px"
    assert rows["L2 penalty"] == ["0", "0.00001"]
    assert setting_text(8.04e-6, 2) == "0.000008"


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("epochs", 10, "10 epochs"),
        ("epochs", 1, "1 epoch"),
        ("schedule.patience", 2, "2 epochs"),
        ("batch_size", 128, "128 images"),
        ("data.handwriting", 20_000, "20,000 digits"),
        ("augmentation.rotation", 10.0, "10\N{DEGREE SIGN}"),
        ("augmentation.shift", 0.08, "8\N{THIN SPACE}%"),
        ("optimizer.learning_rate", 0.008, "0.008"),
        ("data.size", "full", "all"),
        ("augmentation.is_on", True, "yes"),
    ],
)
def test_a_quantity_says_what_is_counted(path, value, text):
    assert quantity(value, path) == text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"epochs": 3}, "epochs 3"),
        ({"augmentation": Augmentation(rotation=10)}, "rotation 10\N{DEGREE SIGN}"),
        ({"optimizer": SGD()}, "optimiser SGD"),
        ({"schedule": Constant()}, "schedule constant"),
        ({"early_stopping": EarlyStopping()}, "early stopping on"),
        ({"epochs": 3, "seed": 1}, ""),
        ({"augmentation": Augmentation(rotation=10, shift=0.1)}, ""),
        ({"network": PRESETS["tiny"].network}, ""),
        ({"network": PRESETS["tiny"].network, "epochs": 3}, ""),
    ],
)
def test_one_change_has_words_and_several_have_none(changes, words):
    assert the_change(FAST, FAST.model_copy(update=changes)) == words


def test_a_switch_that_is_off_has_no_settings_of_its_own():
    rows = dict(differing([FAST, FAST.model_copy(update={"early_stopping": EarlyStopping()})]))
    assert rows["Early stopping"] == ["none", "on"]
    assert rows["Early stopping: patience"] == [NONE, "3"]


@pytest.mark.parametrize("preset", PRESETS)
def test_one_changed_setting_is_the_only_difference_and_the_first_weights_stay(preset):
    recipe = PRESETS[preset]
    for path, value in changeable(recipe).items():
        other = next((word for word in choices(recipe, path) if word != value), None)
        if other is None:
            other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value / 2 + 0.01
        with suppress(BadRecipe):  # what is watched needs a validation
            changed = with_changed(recipe, path, other)
            assert [name for name, _ in differing([recipe, changed])] == [label(path)]
            assert (changed.seed, changed.network) == (recipe.seed, recipe.network)
            assert changed.name != recipe.name
            assert len(changed.name) <= 60
    assert changed_name("x" * 60, "y" * 60) == "x" * 10 + ", " + "y" * 48
    assert with_changed(FAST, "augmentation.rotation", 10.0).name == "Fast, rotation 10\N{DEGREE SIGN}"


def test_a_recipe_without_validation_can_get_one():
    script_b = PRESETS["script-b"]
    assert changeable(script_b)["data.validation"] == "none"
    changed = with_changed(script_b, "data.validation", "split")
    assert differing([script_b, changed]) == [("Validated on", ["none", "a split"])]


def test_neither_kinds_and_switches_nor_what_the_first_weights_follow_from_can_be_changed():
    for stopping in (None, EarlyStopping()):
        paths = changeable(FAST.model_copy(update={"early_stopping": stopping, "checkpoint": None}))
        assert not {"early_stopping", "seed", "network"} & set(paths)
        assert not [path for path in paths if path.endswith(".kind")]


@given(st.sampled_from(sorted(changeable(FAST))), st.floats() | st.integers() | st.text(max_size=9) | st.booleans())
def test_a_setting_is_changed_to_what_was_given_or_not_at_all(path, value):
    with suppress(BadRecipe):
        assert settings(with_changed(FAST, path, value))[path] == value

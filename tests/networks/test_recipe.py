import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InklingError
from core.networks.presets import FAST, PRESETS, SCRIPT_A
from core.networks.recipe import MAX_JSON_BYTES, BadRecipe, parse_recipe

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def changed(recipe, path, value):
    """The recipe's JSON with one setting changed."""
    content = json.loads(recipe.to_json())
    *owners, last = path.split(".")
    held = content
    for owner in owners:
        held = held[int(owner) if owner.isdigit() else owner]
    held[last] = value
    return content


NO_NUMBERS = [-1, math.nan, math.inf, -math.inf, "3", True, None, [], 10**400]


@pytest.mark.parametrize(
    ("setting", "allowed", "others"),
    [
        ("epochs", "a whole number from 1 to 200", [0, 10**9, 1.5]),
        ("batch_size", "a whole number from 1 to 4,096", [0, 10**9, 1.5]),
        ("seed", "a whole number from 0 to 2,147,483,647", [1.5, 2**31]),
        ("data.handwriting", "a whole number from 0 to 60,000", [1.5, 10**9]),
        ("optimizer.learning_rate", "a number from 1e-06 to 10", [0, 10**9]),
        ("network.layers.6.rate", "a number from 0 to 0.9", [1.0, 10**9]),
    ],
)
@pytest.mark.bad_input(13)
def test_a_number_out_of_range_is_refused_with_the_range(setting, allowed, others):
    recipe = PRESETS["script-a-improved"]
    for value in [*NO_NUMBERS, *others]:
        with pytest.raises(BadRecipe, match=f"{setting.rpartition('.')[2]} must be {allowed}"):
            parse_recipe(changed(recipe, setting, value))


@pytest.mark.parametrize(
    ("preset", "setting", "value", "sentence"),
    [
        ("fast", "optimizer.learning_rate", math.nan, "learning_rate must be a number from 1e-06 to 10, not nan"),
        ("fast", "data.validation", 0.5, "'split', 'test' or 'none'"),
        ("fast", "version", 0, "version must be 1"),
        ("fast", "version", 2, "A newer Inkling wrote this recipe"),
        ("fast", "surprise", 1, "surprise is no setting of a recipe"),
        ("fast", "network.layers.0.filters", 10**9, "layers.1.Conv2D.filters must be a whole number from 1 to 512"),
        ("fast", "network.layers.0.filters", 0, "filters must be a whole number from 1 to 512"),
        ("fast", "network.layers.0.kernel_size", 1.5, "kernel_size must be a whole number from 1 to 28"),
        ("fast", "network.layers.0.layer", "Lambda", "layers.1"),
    ],
)
@pytest.mark.bad_input(13)
def test_a_setting_out_of_range_is_named(preset, setting, value, sentence):
    with pytest.raises(BadRecipe, match=sentence):
        parse_recipe(changed(PRESETS[preset], setting, value))


@pytest.mark.parametrize("preset", ["accurate", "script-a-improved"])
def test_nothing_can_monitor_a_validation_that_is_switched_off(preset):
    with pytest.raises(BadRecipe, match="there is no validation"):
        parse_recipe(changed(PRESETS[preset], "data.validation", "none"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no JSON"),
        ("{", "it is no JSON"),
        ("nonsense", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        ("9" * 5_000, "it is no JSON"),
        ('"' + '\\"' * 40_000, "it is no JSON"),
        ("[]", "recipe must be"),
        ("3", "recipe must be"),
        ("{}", "network is missing"),
        ('{"network": {}}', "layers is missing"),
        (" " * 1_000_000, "larger than 100 kB"),
        (FAST.to_json() + " " * MAX_JSON_BYTES, "larger than 100 kB"),
        ("[" * 90_000, "nested too deep"),
        *(('{"a":' * deep + "1" + "}" * deep, "nested too deep") for deep in (900, 10_000)),
        ('{"name": ' * 9 + "1" + "}" * 9, "network is missing"),
        (json.dumps(json.loads(FAST.to_json()) | {"surprise": 1}), "surprise is no setting of a recipe"),
        (json.dumps(json.loads(FAST.to_json()) | {"\x1b[31m" * 900: 1}), r"^(\[31m)+\[? is no setting of a recipe"),
        (json.dumps(json.loads(FAST.to_json()) | {"version": 2}), "A newer Inkling wrote this recipe"),
        (json.dumps({"version": 10**4000}), "A newer Inkling wrote this recipe"),
    ],
)
@pytest.mark.bad_input(17)
def test_anything_but_a_recipe_is_refused_with_the_reason(text, reason):
    with pytest.raises(BadRecipe, match=reason) as refusal:
        parse_recipe(text)
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 300


def test_a_recipe_travels_as_json():
    for recipe in (*PRESETS.values(), FAST.model_copy(update={"name": '[[[[{{{{ "\\"'})):
        assert parse_recipe(recipe.to_json()) == recipe


@given(st.sampled_from(["network", "optimizer", "data", "schedule", "epochs", "augmentation", "early_stopping"]), JSON)
def test_no_content_of_a_recipe_raises_any_other_error(setting, value):
    with suppress(InklingError):
        parse_recipe(changed(SCRIPT_A, setting, value))


def test_the_checkpoint_chooses_the_best_epoch_else_early_stopping_does():
    improved = PRESETS["script-a-improved"]
    assert improved.monitor == "val_accuracy"
    assert improved.model_copy(update={"checkpoint": None}).monitor == "val_loss"
    assert FAST.monitor is None


def test_a_recipe_of_an_earlier_version_is_read_unless_it_was_the_detectors():
    content = json.loads(FAST.to_json())
    content["data"]["doodles"] = 0
    assert parse_recipe(json.dumps(content)) == FAST
    content["data"]["doodles"] = 90_000
    with pytest.raises(BadRecipe, match="sorts drawings and reads no digits"):
        parse_recipe(content)
    del content["data"]["handwriting"], content["data"]["doodles"]
    assert parse_recipe(content) == FAST

import pytest

from core.lessons.glossary import TERMS
from core.lessons.improvements import BETTER, BETTER_QUICK, IMPROVEMENTS, SCRIPT_A_QUICK
from core.networks.layers import Dropout
from core.networks.presets import SCRIPT_A, SCRIPT_A_IMPROVED
from core.networks.recipe import Recipe, parse_recipe
from core.networks.recipe_link import from_link, to_link

CHANGED = {
    "batch-size": {"batch_size"},
    "augmentation": {"augmentation"},
    "early-stopping": {"early_stopping", "epochs"},  # of five epochs there would be nothing to stop
    "dropout": {"network"},
    "l2": {"l2"},
    "l1": {"l1"},
    "checkpoint": {"checkpoint"},
    "reduce-on-plateau": {"schedule"},
    "one-cycle": {"schedule"},
    "tf-data": {"pipeline"},
}


def differences(recipe):
    return {
        field for field in Recipe.model_fields if field != "name" and getattr(recipe, field) != getattr(SCRIPT_A, field)
    }


@pytest.mark.parametrize("improvement", IMPROVEMENTS, ids=lambda improvement: improvement.key)
def test_each_improvement_is_script_a_with_one_change_and_fits_into_a_link(improvement):
    assert differences(improvement.recipe) == CHANGED[improvement.key]
    assert parse_recipe(improvement.recipe.to_json()) == improvement.recipe
    assert from_link(to_link(improvement.recipe)) == improvement.recipe
    assert improvement.recipe.name.startswith("Script A, ")


def test_every_piece_of_the_texts_advice_is_an_improvement():
    assert {field for changed in CHANGED.values() for field in changed} >= differences(SCRIPT_A_IMPROVED) - {"data"}
    assert {improvement.key for improvement in IMPROVEMENTS} == set(CHANGED)


def test_dropout_is_added_and_no_other_layer_is_touched():
    (dropout,) = (improvement.recipe for improvement in IMPROVEMENTS if improvement.key == "dropout")
    kept = tuple(layer for layer in dropout.network.layers if not isinstance(layer, Dropout))
    assert kept == SCRIPT_A.network.layers
    assert [layer.rate for layer in dropout.network.layers if isinstance(layer, Dropout)] == [0.25, 0.5]


@pytest.mark.parametrize("improvement", IMPROVEMENTS, ids=lambda improvement: improvement.key)
def test_each_improvement_is_explained_in_sentences_and_by_a_term_of_the_glossary(improvement):
    assert all(text.endswith(".") for text in (improvement.change, improvement.reason, improvement.expectation))
    assert improvement.term in TERMS
    assert all(0.8 < accuracy < 1 for accuracy in improvement.measured)


def test_the_path_to_a_better_model_changes_only_the_learning_rate():
    assert differences(SCRIPT_A_QUICK) == {"data"}
    assert differences(BETTER) == {"schedule", "optimizer"}
    assert differences(BETTER_QUICK) == {"data", "schedule", "optimizer"}
    assert BETTER_QUICK.data == SCRIPT_A_QUICK.data
    assert all(from_link(to_link(recipe)) == recipe for recipe in (SCRIPT_A_QUICK, BETTER_QUICK, BETTER))

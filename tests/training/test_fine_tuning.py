import numpy as np
import pytest

from core.digits.augmentation import Augmentation
from core.insight.metrics import accuracy
from core.networks.model import pretrained
from core.networks.presets import PRESETS
from core.networks.recipe import Cosine, parse_recipe
from core.training.checkpoint import Paused
from core.training.fine_tuning import (
    DRAWINGS_SHARE,
    MAX_HANDWRITING,
    FineTuning,
    fine_tuned_name,
    fine_tuning_data,
    fine_tuning_recipe,
)
from core.training.fit import fit
from tests.training import tiny


@pytest.fixture(scope="module")
def start():
    return fit(tiny.RECIPE, tiny.data(training=3000)).model


def misread(model, count):
    """Digits of the test set that a model misreads; it has never been trained on these."""
    test = tiny.data(test=1000).test
    return test[np.flatnonzero(model.probabilities(test.images).argmax(axis=1) != test.labels)[:count]]


def right(model, digits):
    return accuracy(model.probabilities(digits.images), digits.labels)


def test_fine_tuning_teaches_the_drawings_and_hardly_anything_is_forgotten(start):
    drawings = misread(start, 4)
    fine_tuning = FineTuning(start, drawings)
    data = fine_tuning_data(tiny.data(training=3000, test=1000), fine_tuning)
    tuned = fit(fine_tuning_recipe(start.recipe), data, start=fine_tuning.start).model
    assert right(start, drawings) == 0
    assert right(tuned, drawings) == 1
    assert right(tuned, data.validation) > right(start, data.validation) - 0.02


def test_drawings_make_up_a_tenth_of_the_training_images_and_nothing_else_changes():
    data, drawings = tiny.data(), misread(pretrained(), 3)
    mixed = fine_tuning_data(data, FineTuning(pretrained(), drawings))
    added = mixed.training[len(data.training) :]
    assert len(added) / len(mixed.training) == pytest.approx(DRAWINGS_SHARE, abs=0.001)
    np.testing.assert_array_equal(mixed.training[: len(data.training)].images, data.training.images)
    np.testing.assert_array_equal(added.images[:6], np.concatenate([drawings.images] * 2))
    np.testing.assert_array_equal(added.labels[:6], np.concatenate([drawings.labels] * 2))
    assert (mixed.validation, mixed.test, mixed.source) == (data.validation, data.test, data.source)
    assert not mixed.training.images.flags.writeable


def test_every_drawing_is_used_even_where_they_are_more_than_a_tenth():
    data = tiny.data(training=100)
    many = tiny.data(test=200).test
    assert len(fine_tuning_data(data, FineTuning(pretrained(), many)).training) == 300


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_fine_tuned_in_a_short_run_with_a_low_learning_rate(preset):
    recipe = PRESETS[preset]
    tuned = fine_tuning_recipe(recipe)
    assert tuned.network == recipe.network
    assert (tuned.data.size, tuned.epochs, tuned.schedule) == ("quick", 1, Cosine())
    assert (tuned.data.source, tuned.data.validation) == (recipe.data.source, recipe.data.validation)
    assert tuned.data.handwriting <= MAX_HANDWRITING
    assert (tuned.data.handwriting > 0) == (recipe.data.handwriting > 0)
    assert tuned.optimizer.learning_rate == pytest.approx(recipe.optimizer.learning_rate / 5)
    assert tuned.monitor is None
    assert tuned.name == f"{recipe.name}, taught"
    assert parse_recipe(tuned.to_json()) == tuned


def test_a_model_that_is_fine_tuned_twice_is_named_taught_once():
    assert fine_tuned_name(fine_tuned_name("Fast")) == "Fast, taught"
    assert len(fine_tuned_name("x" * 60)) == 60
    assert fine_tuning_recipe(fine_tuning_recipe(PRESETS["fast"])).name == "Fast, taught"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_second_fine_tuning_has_the_learning_rate_of_the_first(preset):
    first = fine_tuning_recipe(preset)
    assert fine_tuning_recipe(first) == first
    replay = first.model_copy(update={"name": f"{first.name}, batch size 32"[:60]})
    assert fine_tuning_recipe(replay).optimizer == first.optimizer


def test_fine_tuning_data_is_restored_from_its_bytes_and_damaged_bytes_are_refused():
    fine_tuning = FineTuning(pretrained(), tiny.data().test[:3])
    content = fine_tuning.to_bytes()
    again = FineTuning.from_bytes(content)
    np.testing.assert_array_equal(again.drawings.images, fine_tuning.drawings.images)
    np.testing.assert_array_equal(again.drawings.labels, fine_tuning.drawings.labels)
    assert (again.start.recipe, again.start.scores) == (fine_tuning.start.recipe, fine_tuning.start.scores)
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 1
    for bad in (b"", content[:1000], bytes(damaged)):
        with pytest.raises(ValueError, match="damaged fine-tuning data"):
            FineTuning.from_bytes(bad)


def test_a_fine_tuning_that_was_paused_ends_as_an_unbroken_one(start):
    recipe = fine_tuning_recipe(start.recipe).model_copy(update={"batch_size": 10})
    data = fine_tuning_data(tiny.data(training=3000), FineTuning(start, misread(start, 4)))
    whole = fit(recipe, data, start=start)
    requested_actions = iter(["", "", "pause"])
    with pytest.raises(Paused) as pause:
        fit(recipe, data, requested_action=lambda: next(requested_actions, "pause"), start=start)
    assert pause.value.checkpoint.step > 0
    rest = fit(recipe, data, checkpoint=pause.value.checkpoint, start=start)
    for name, weights in whole.model.weights.items():
        np.testing.assert_array_equal(rest.model.weights[name], weights)


def test_fine_tuning_augments_as_the_recipe_of_the_model_does(start):
    recipe = start.recipe.model_copy(update={"augmentation": Augmentation(rotation=10.0)})
    assert fine_tuning_recipe(recipe).augmentation == recipe.augmentation

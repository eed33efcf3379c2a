import numpy as np
import pytest
import tensorflow as tf

from core.digits.augmentation import Augmentation, augmented
from core.training import batches
from core.training.batches import training_batches
from tests.training import tiny

DATA = tiny.data(training=230)
CHANGES = Augmentation(rotation=10.0, shift=0.1, zoom=0.1, shear=10.0, elastic=2.0, thickness=0.4)


def epoch_of(recipe, number):
    epoch = tf.Variable(number, dtype=tf.int32)
    batches = list(training_batches(DATA.training, recipe, epoch))
    return np.concatenate([x for x, _ in batches]), np.concatenate([y for _, y in batches])


def test_each_epoch_has_every_image_once_in_an_order_of_its_own():
    first, _ = epoch_of(tiny.RECIPE, 0)
    second, _ = epoch_of(tiny.RECIPE, 1)
    everything = sorted(image.tobytes() for image in (DATA.training.images[..., None] / np.float32(255)))
    assert sorted(image.tobytes() for image in first) == everything
    assert sorted(image.tobytes() for image in second) == everything
    assert not np.array_equal(first, second)


def test_labels_stay_with_their_images():
    images, labels = epoch_of(tiny.RECIPE, 3)
    label_of = {image.tobytes(): label for image, label in zip(DATA.training.images, DATA.training.labels, strict=True)}
    restored = np.round(images[..., 0] * 255).astype(np.uint8)
    assert [label_of[image.tobytes()] for image in restored] == labels.argmax(axis=1).tolist()
    assert (labels.sum(axis=1) == 1).all()


@pytest.mark.parametrize("pipeline", ["arrays", "tf.data"])
def test_each_step_of_each_epoch_has_its_own_augmentation_seed_in_either_pipeline(pipeline):
    plain, _ = epoch_of(tiny.RECIPE, 2)
    changed, labels = epoch_of(tiny.RECIPE.model_copy(update={"augmentation": CHANGES, "pipeline": pipeline}), 2)
    expected = [
        augmented(plain[start : start + 50, ..., 0], CHANGES, [tiny.RECIPE.seed, 2, step])
        for step, start in enumerate(range(0, 230, 50))
    ]
    np.testing.assert_array_equal(changed[..., 0], np.concatenate(expected))
    np.testing.assert_array_equal(labels, epoch_of(tiny.RECIPE, 2)[1])


def test_skipped_steps_do_not_change_the_others():
    recipe = tiny.RECIPE.model_copy(update={"augmentation": CHANGES})
    whole, _ = epoch_of(recipe, 1)
    rest = np.concatenate([x for x, _ in training_batches(DATA.training, recipe, tf.Variable(1, dtype=tf.int32), 3)])
    np.testing.assert_array_equal(rest, whole[150:])


def test_without_augmentation_no_python_function_is_called_for_a_batch(monkeypatch):
    monkeypatch.setattr(batches, "augmented", None)
    epoch_of(tiny.RECIPE, 0)

import numpy as np
import tensorflow as tf

from core.digits.augmentation import Augmentation
from core.training.batches import augmented, evaluation_batches, training_batches
from tests.training import tiny

DATA = tiny.data(training=230)


def epoch_of(recipe, number):
    epoch = tf.Variable(number, dtype=tf.int32)
    batches = list(training_batches(DATA.training, recipe, epoch))
    return np.concatenate([x for x, _ in batches]), np.concatenate([y for _, y in batches])


def bar():
    """One image with an upright bar a little left of the centre."""
    image = np.zeros((1, 28, 28, 1), np.float32)
    image[:, 6:22, 10:13] = 1
    return tf.constant(np.repeat(image, 64, axis=0))


def test_an_epoch_shows_every_image_once_in_another_order_each_time():
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


def test_evaluation_sees_the_images_in_their_order():
    images = np.concatenate([x for x, _ in evaluation_batches(DATA.training)])
    np.testing.assert_allclose(images[..., 0] * 255, DATA.training.images, atol=1e-4)


def test_nothing_switched_on_changes_nothing():
    assert augmented(bar(), Augmentation(), tf.constant([1, 2])) is not None
    np.testing.assert_array_equal(augmented(bar(), Augmentation(), tf.constant([1, 2])), bar())


def test_the_same_seed_draws_the_same_changes_and_another_seed_others():
    everything = Augmentation(rotation=10.0, shift=0.1, zoom=0.1, shear=10.0)
    one, same, other = (augmented(bar(), everything, tf.constant([1, seed])).numpy() for seed in (2, 2, 3))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert len(np.unique(one.sum(axis=(1, 2, 3)).round(3))) > 32  # each image has its own change


def test_a_shift_stays_within_its_range_and_reaches_far_into_it():
    moved = augmented(bar(), Augmentation(shift=0.1), tf.constant([1, 2])).numpy()[..., 0]
    weights = moved / moved.sum(axis=(1, 2), keepdims=True)
    for axis, start in ((1, 13.5), (2, 11.0)):
        places = np.arange(28).reshape((28, 1) if axis == 1 else (1, 28))
        moves = (weights * places).sum(axis=(1, 2)) - start
        assert np.abs(moves).max() <= 2.81
        assert moves.min() < -2
        assert moves.max() > 2


def test_a_rotation_turns_about_the_centre_by_no_more_than_its_range():
    turned = augmented(bar(), Augmentation(rotation=30.0), tf.constant([1, 2])).numpy()[..., 0]
    rows, columns = np.mgrid[:28, :28]
    angles = []
    for image in turned:
        mass = image / image.sum()
        y, x = rows - (mass * rows).sum(), columns - (mass * columns).sum()
        covariance = np.array(
            [[(mass * y * y).sum(), (mass * x * y).sum()], [(mass * x * y).sum(), (mass * x * x).sum()]]
        )
        direction = np.linalg.eigh(covariance)[1][:, 1]
        angles.append(np.degrees(np.arctan(direction[1] / direction[0])))
    assert np.abs(angles).max() <= 31
    assert max(angles) > 20
    assert min(angles) < -20


def test_zoom_changes_the_amount_of_ink_and_paper_comes_in_at_the_edges():
    zoomed = augmented(bar(), Augmentation(zoom=0.3), tf.constant([1, 2])).numpy()
    ink = zoomed.sum(axis=(1, 2, 3)) / 48
    assert ink.min() < 0.75
    assert ink.max() > 1.4
    assert (zoomed[:, 0] == 0).all()

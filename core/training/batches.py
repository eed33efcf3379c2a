"""The batches of a run, drawn from (seed, epoch, step) alone.

Which images a batch holds and how each is augmented does not depend on what was drawn before, so a run that is taken up
again in its fifth epoch sees what it would have seen, and both pipelines give the same numbers.
"""

import math

import numpy as np
import tensorflow as tf

from core.digits.augmentation import augmented
from core.digits.dataset import Digits
from core.networks.recipe import Recipe

STEPS_AHEAD = 8  # batches that lie ready while the network learns


def training_batches(digits: Digits, recipe: Recipe, epoch: tf.Variable, steps_made: int = 0) -> tf.data.Dataset:
    """One epoch of batches; iterated again, the epoch that the variable then names.

    Args:
        digits: what to train on.
        recipe: says how large a batch is, how it is augmented and prepared, and gives the seed.
        epoch: counted from 0.
        steps_made: so many steps at an epoch's beginning are left out.

    Returns:
        Pairs of (n, 28, 28, 1) float32 images in [0, 1] and (n, 10) float32 one-hot labels.
    """
    images, labels, count = tf.constant(digits.images), tf.constant(digits.labels), len(digits)
    batch_size = min(recipe.batch_size, count)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]  # nothing to convert; looking takes long
    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        places = tf.range(step * batch_size, tf.minimum((step + 1) * batch_size, count))
        order_seed = tf.stack([recipe.seed, tf.cast(epoch, tf.int32)])
        chosen = tf.random.experimental.index_shuffle(places, order_seed, count - 1)
        chosen = tf.ensure_shape(chosen, [None])
        x, y = scaled(tf.gather(images, chosen)), tf.one_hot(tf.gather(labels, chosen), recipe.network.classes)
        if recipe.augmentation.is_on:
            x = tf.ensure_shape(tf.numpy_function(changed, [x, epoch, step], tf.float32), x.shape)
        return x, y

    def changed(x: np.ndarray, epoch: np.integer, step: np.integer) -> np.ndarray:
        return augmented(x[..., 0], recipe.augmentation, [recipe.seed, int(epoch), int(step)])[..., np.newaxis]

    steps = tf.data.Dataset.range(steps_made, math.ceil(count / batch_size), output_type=tf.int32)
    if recipe.pipeline == "arrays":
        batches = steps.map(batch)
    else:
        batches = steps.map(batch, num_parallel_calls=2, deterministic=True).prefetch(STEPS_AHEAD)
    # Autotuning would only find these numbers again, and its thread, asleep between two looks, holds up the end of
    # every epoch: by eight seconds where an epoch takes ten.
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def scaled(images: tf.Tensor) -> tf.Tensor:
    """(n, 28, 28) uint8 divided by 255, with a channel axis, as both of the classic scripts do."""
    return tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0

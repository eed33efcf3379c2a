"""The batches of a run, a function of (seed, epoch, step) alone.

Neither the order of the images nor their augmentation depends on earlier batches. So a run that is resumed in its fifth
epoch sees the batches that it would have seen, and both pipelines give the same numbers.
"""

import math

import numpy as np
import tensorflow as tf

from core.digits.augmentation import augmented
from core.digits.dataset import Digits
from core.networks.recipe import Recipe

PREFETCHED_BATCHES = 8


def training_batches(digits: Digits, recipe: Recipe, epoch: tf.Variable, first_step: int = 0) -> tf.data.Dataset:
    """The batches of one epoch; each iteration gives those of the epoch that the variable names at that moment.

    Args:
        digits: what to train on.
        recipe: gives the batch size, the augmentation, the pipeline and the seed.
        epoch: counted from 0.
        first_step: the step of the epoch to begin with.

    Returns:
        Pairs of (n, 28, 28, 1) float32 images in [0, 1] and (n, classes) float32 one-hot labels.
    """
    images, labels, count = tf.constant(digits.images), tf.constant(digits.labels), len(digits)
    batch_size = min(recipe.batch_size, count)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]  # nothing to convert; analysis is slow
    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        positions = tf.range(step * batch_size, tf.minimum((step + 1) * batch_size, count))
        order_seed = tf.stack([recipe.seed, tf.cast(epoch, tf.int32)])
        chosen = tf.random.experimental.index_shuffle(positions, order_seed, count - 1)
        chosen = tf.ensure_shape(chosen, [None])
        x, y = scaled(tf.gather(images, chosen)), tf.one_hot(tf.gather(labels, chosen), recipe.network.classes)
        if recipe.augmentation.is_on:
            x = tf.ensure_shape(tf.numpy_function(augment, [x, epoch, step], tf.float32), x.shape)
        return x, y

    def augment(x: np.ndarray, epoch: np.integer, step: np.integer) -> np.ndarray:
        return augmented(x[..., 0], recipe.augmentation, [recipe.seed, int(epoch), int(step)])[..., np.newaxis]

    steps = tf.data.Dataset.range(first_step, math.ceil(count / batch_size), output_type=tf.int32)
    if recipe.pipeline == "arrays":
        batches = steps.map(batch)
    else:
        batches = steps.map(batch, num_parallel_calls=2, deterministic=True).prefetch(PREFETCHED_BATCHES)
    # Autotuning would find the same numbers, and its sleeping thread delays the end of every epoch: by eight seconds
    # where an epoch takes ten.
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def scaled(images: tf.Tensor) -> tf.Tensor:
    """(n, 28, 28) uint8 as (n, 28, 28, 1) float32, divided by 255 as both of the classic scripts do."""
    return tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0

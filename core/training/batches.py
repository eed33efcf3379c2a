"""The batches of a run, drawn from (seed, epoch, step) alone.

Which images a batch holds and how each is augmented does not depend on what was drawn before, so a run that is taken up
again in its fifth epoch sees what it would have seen, and both pipelines give the same numbers.
"""

import math

import tensorflow as tf

from core.digits.augmentation import Augmentation
from core.digits.dataset import Digits
from core.networks.network import CLASSES
from core.networks.recipe import Recipe

EVALUATION_BATCH = 500  # images; divides 5,000 and 10,000, so that one graph serves


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

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        places = tf.range(step * batch_size, tf.minimum((step + 1) * batch_size, count))
        order_seed = tf.stack([recipe.seed, tf.cast(epoch, tf.int32)])
        chosen = tf.random.experimental.index_shuffle(places, order_seed, count - 1)
        chosen = tf.ensure_shape(chosen, [None])
        augmentation_seed = tf.stack([recipe.seed, tf.cast(epoch, tf.int32) * 100_000 + tf.cast(step, tf.int32)])
        x, y = prepared(tf.gather(images, chosen), tf.gather(labels, chosen))
        return augmented(x, recipe.augmentation, augmentation_seed), y

    steps = tf.data.Dataset.range(steps_made, math.ceil(count / batch_size), output_type=tf.int32)
    if recipe.pipeline == "arrays":
        return steps.map(batch)
    return steps.map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(tf.data.AUTOTUNE)


def evaluation_batches(digits: Digits) -> tf.data.Dataset:
    """All digits in their order, as `training_batches` gives them but never augmented."""
    return tf.data.Dataset.from_tensor_slices((digits.images, digits.labels)).batch(EVALUATION_BATCH).map(prepared)


def prepared(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Images divided by 255 with a channel axis, labels one-hot, as both of the classic scripts do."""
    return tf.cast(images, tf.float32)[..., tf.newaxis] / 255.0, tf.one_hot(labels, CLASSES)


def augmented(images: tf.Tensor, augmentation: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Each image turned, slanted, stretched and moved by its own draw; bilinear, with paper coming in at the edges.

    Args:
        images: (n, side, side, 1) float32.
        augmentation: the ranges.
        seed: (2,) int32; the same seed draws the same changes.
    """
    if not augmentation.is_on:
        return images
    count, side = tf.shape(images)[0], images.shape[1]
    draws = tf.random.stateless_uniform([6, count], seed, -1.0, 1.0)
    turn = draws[0] * math.radians(augmentation.rotation)
    slant = tf.tan(draws[1] * math.radians(augmentation.shear))
    stretch_x, stretch_y = 1 + draws[2] * augmentation.zoom, 1 + draws[3] * augmentation.zoom
    move_x, move_y = draws[4] * augmentation.shift * side, draws[5] * augmentation.shift * side
    # Output pixel -> input pixel: about the centre, turn * slant * stretch, then move.
    cosine, sine = tf.cos(turn), tf.sin(turn)
    xx, xy = cosine * stretch_x, (cosine * slant - sine) * stretch_y
    yx, yy = sine * stretch_x, (sine * slant + cosine) * stretch_y
    centre = (side - 1) / 2
    zeros = tf.zeros_like(turn)
    transforms = [
        *(xx, xy, centre - xx * centre - xy * centre + move_x),
        *(yx, yy, centre - yx * centre - yy * centre + move_y),
        *(zeros, zeros),
    ]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack(transforms, axis=1),
        output_shape=[side, side],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )

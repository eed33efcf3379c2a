"""A recipe's network as a Keras model, compiled once for all recipes that share its graph."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.networks.network import IMAGE_SHAPE
from core.networks.recipe import Cosine, OneCycle, Recipe
from core.training import kernels
from core.training.batches import scaled

STEPS_PER_EXECUTION = 16  # steps between two calls of the callback; halves what Keras adds to small steps
EXECUTION_MULTIPLY_ADDS = 8_000_000_000  # about a third of a second on two cores, so that Stop takes effect in time
MAX_COMPILED_MODELS = 2  # that a worker keeps: the default recipe's and the latest run's

# Grappler's passes save networks this small nothing, and cost a first run a quarter of a second.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def keras_model(recipe: Recipe, layer_classes: Any = keras.layers) -> keras.Model:
    """Build the recipe's network with fresh weights, not compiled, its layers named as in `Network.named_layers`.

    Args:
        recipe: gives the layers and the seed of their weights.
        layer_classes: a namespace with a class for each layer, such as `keras.layers`.
    """
    regularizer = keras.regularizers.L1L2(recipe.l1, recipe.l2) if recipe.l1 or recipe.l2 else None
    layers = [keras.Input(IMAGE_SHAPE)]
    for index, (name, layer) in enumerate(recipe.network.named_layers()):
        options = layer.model_dump(exclude={"layer"})
        seed = (recipe.seed * 1000 + index) % 2**31
        if layer.layer in ("Conv2D", "Dense"):
            options |= {"kernel_initializer": keras.initializers.GlorotUniform(seed), "kernel_regularizer": regularizer}
        elif layer.layer == "Dropout":
            options["seed"] = seed
        layers.append(getattr(layer_classes, layer.layer)(name=name, **options))
    return keras.Sequential(layers, name="inkling")


class _CosineSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """One-cycle or cosine: a linear rise until the step `warmup`, then half a cosine down until the step `total`.

    Its numbers are variables, so that a compiled model can be used for a recipe with other numbers.
    """

    def __init__(self) -> None:
        self._numbers = [tf.Variable(0.0, trainable=False) for _ in range(5)]

    def set_recipe(self, recipe: Recipe, steps: int) -> None:
        """Use the numbers of a recipe, given the steps in one of its epochs."""
        peak, total = recipe.optimizer.learning_rate, recipe.epochs * steps
        warmup = max(1, round(total * recipe.schedule.warmup)) if isinstance(recipe.schedule, OneCycle) else 0
        for number, value in zip(self._numbers, (peak / 25, peak, peak / 1000, warmup, total), strict=True):
            number.assign(value)

    def __call__(self, step: Any) -> tf.Tensor:
        """The learning rate at a step, counted from 0."""
        start, peak, end, warmup, total = self._numbers
        step = tf.cast(step, tf.float32)
        rising = start + (peak - start) * step / tf.maximum(warmup, 1.0)
        share = tf.clip_by_value((step - warmup) / tf.maximum(total - warmup, 1.0), 0.0, 1.0)
        falling = end + (peak - end) * (1.0 + tf.cos(math.pi * share)) / 2.0
        return tf.where(step < warmup, rising, falling)

    def get_config(self) -> dict[str, Any]:
        """Empty, as models are saved without their optimizer."""
        return {}


# By the recipe's graph: the model, and its optimizer's variables as they were before any step.
_compiled: OrderedDict[str, tuple[keras.Model, tuple[np.ndarray, ...]]] = OrderedDict()


def compiled_model(recipe: Recipe, steps: int) -> keras.Model:
    """The recipe's network, compiled, with fresh weights and a fresh optimizer.

    TensorFlow takes over a second to trace a new model, so one that was traced for a recipe with the same graph is used
    again: whatever differs between the two recipes is in variables, and all of them are reset.

    Args:
        recipe: what to compile.
        steps: in an epoch, for the learning-rate schedule.
    """
    step_cost = 3 * recipe.batch_size * recipe.network.multiply_adds  # once forward, twice backward
    steps_per_execution = max(1, min(STEPS_PER_EXECUTION, EXECUTION_MULTIPLY_ADDS // step_cost))
    fresh = keras_model(recipe, kernels.LAYERS)
    has_schedule = isinstance(recipe.schedule, OneCycle | Cosine)
    options = recipe.optimizer.model_dump(exclude={"kind", "learning_rate"})
    graph = (recipe.network, recipe.optimizer.kind, options, has_schedule, steps_per_execution)
    key = repr((graph, recipe.label_smoothing, recipe.l1, recipe.l2))
    if key not in _compiled:
        rate = _CosineSchedule() if has_schedule else recipe.optimizer.learning_rate
        fresh.compile(
            optimizer=getattr(kernels.OPTIMIZERS, recipe.optimizer.kind)(learning_rate=rate, **options),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
            metrics=["accuracy"],
            steps_per_execution=steps_per_execution,
        )
        fresh.optimizer.build(fresh.trainable_variables)
        # Keras creates a metric's variables at the first batch; a run resumed within an epoch sets them before.
        nothing = np.zeros((1, recipe.network.classes), np.float32)
        fresh.compute_metrics(None, nothing, nothing)
        fresh.reset_metrics()
        _compiled[key] = fresh, tuple(variable.numpy().copy() for variable in fresh.optimizer.variables)
    _compiled.move_to_end(key)
    while len(_compiled) > MAX_COMPILED_MODELS:
        _compiled.popitem(last=False)
    model, optimizer_start = _compiled[key]
    if model is not fresh:
        for variable, start in zip(model.variables, fresh.variables, strict=True):
            variable.assign(start)
        for variable, value in zip(model.optimizer.variables, optimizer_start, strict=True):
            variable.assign(value)
    if has_schedule:
        model.optimizer._learning_rate.set_recipe(recipe, steps)
    else:
        model.optimizer.learning_rate = recipe.optimizer.learning_rate
    return model


def named_weights(model: keras.Model) -> Iterator[tuple[str, keras.Variable]]:
    """A model's weights with their names in `Network.weight_specs`."""
    for layer in model.layers:
        for weight in layer.weights:
            yield f"{layer.name}/{weight.name}", weight


def predicted(model: keras.Model, images: np.ndarray) -> tf.Tensor:
    """The model's probabilities for (n, 28, 28) uint8 images: (n, classes) float32. One graph, kept with the model."""
    if not hasattr(model, "inkling_predict"):
        any_images = tf.TensorSpec((None, *IMAGE_SHAPE[:2]), tf.uint8)
        model.inkling_predict = tf.function(
            lambda x: model(scaled(x), training=False), input_signature=[any_images], autograph=False
        )
    return model.inkling_predict(tf.constant(images))

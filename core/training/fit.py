"""Where Keras lives: build a network, fit it with a Keras callback, evaluate it, hand it over as data.

`fit` is a function of recipe, data and seed. Order, augmentation and dropout are drawn from explicit seeds, so the same
call gives the same curve, and a run taken up from one of its checkpoints goes on as if it had never stopped.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the import: TensorFlow greets with a page of its own

import keras
import numpy as np
import tensorflow as tf

from core.digits.dataset import Dataset
from core.errors import InklingError
from core.insight.evaluation import accuracy, cross_entropy
from core.networks.model import Model, Scores
from core.networks.network import IMAGE_SHAPE
from core.networks.recipe import Cosine, OneCycle, Recipe, ReduceLROnPlateau
from core.training.batches import evaluation_batches, prepared, training_batches
from core.training.progress import BatchProgress, Checkpoint, EpochProgress, EpochResult, KeptEpoch, TrainedModel

REPORT_SECONDS = 0.25  # between two reports: nobody sees more, and a slow browser would fall behind
STEPS_PER_EXECUTION = 16  # steps between two calls of the callback; halves what Keras adds to small steps
EXECUTION_MULTIPLY_ADDS = 8_000_000_000  # about a third of a second on two cores, so that Stop is heard in time
WATCHED_IMAGES = 500  # validation images that are answered within an epoch
WATCHED_POINTS = 10  # such answers in a run: enough for a curve, a hundredth of the time


class TrainingDiverged(InklingError):
    """The loss stopped being a number before the first epoch was over."""


Report = Callable[[BatchProgress | EpochProgress], None]


def fit(
    recipe: Recipe,
    data: Dataset,
    on_progress: Report = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
    checkpoint: Checkpoint | None = None,
) -> TrainedModel:
    """Train a network by a recipe.

    Args:
        recipe: what to train and how. A batch size above the number of images is cut to it.
        data: what to learn from: `load_dataset` with what the recipe says.
        on_progress: called with where the run is, at most four times a second, and after every epoch.
        should_stop: asked every few batches; once it says True the run ends and keeps what it has learned.
        checkpoint: where to go on, from an earlier call with the same recipe and data.

    Raises:
        TrainingDiverged: the loss became NaN or infinite in the first epoch. Later, the last good epoch is kept.
    """
    steps = math.ceil(len(data.training) / recipe.batch_size)
    epoch = tf.Variable(0, dtype=tf.int32, trainable=False)
    model = _compiled(keras_model(recipe), recipe, steps)
    patience = _patience_callbacks(recipe)
    run = _Run(recipe, data, steps, epoch, patience, on_progress, should_stop)
    run.set_model(model)
    if checkpoint:
        run.take_up(checkpoint)
    try:
        if not run.is_over:
            run.heed_stop()
            model.fit(
                training_batches(data.training, recipe, epoch),
                validation_data=evaluation_batches(data.validation) if data.validation else None,
                epochs=recipe.epochs,
                initial_epoch=len(run.history),
                callbacks=[*patience.values(), run],
                shuffle=False,
                verbose=0,
            )
    except _Leave as reason:
        run.left_because = str(reason)
    return run.result()


def keras_model(recipe: Recipe) -> keras.Model:
    """The recipe's network as a Keras model with fresh weights, not compiled; layers carry our names."""
    regularizer = keras.regularizers.L1L2(recipe.l1, recipe.l2) if recipe.l1 or recipe.l2 else None
    layers = [keras.Input(IMAGE_SHAPE)]
    for place, (name, layer) in enumerate(recipe.network.named_layers()):
        options = layer.model_dump(exclude={"layer"})
        seed = (recipe.seed * 1000 + place) % 2**31
        if layer.layer in ("Conv2D", "Dense"):
            options |= {"kernel_initializer": keras.initializers.GlorotUniform(seed), "kernel_regularizer": regularizer}
        elif layer.layer == "Dropout":
            options["seed"] = seed
        layers.append(getattr(keras.layers, layer.layer)(name=name, **options))
    return keras.Sequential(layers, name="inkling")


def _compiled(model: keras.Model, recipe: Recipe, steps: int) -> keras.Model:
    options = recipe.optimizer.model_dump(exclude={"kind"})
    peak, total = recipe.optimizer.learning_rate, recipe.epochs * steps
    if isinstance(recipe.schedule, OneCycle):
        warmup = max(1, round(total * recipe.schedule.warmup))
        options["learning_rate"] = keras.optimizers.schedules.CosineDecay(
            peak / 25, max(1, total - warmup), alpha=0.001, warmup_target=peak, warmup_steps=warmup
        )
    elif isinstance(recipe.schedule, Cosine):
        options["learning_rate"] = keras.optimizers.schedules.CosineDecay(peak, total, alpha=0.001)
    step_cost = 3 * recipe.batch_size * recipe.network.multiply_adds  # once forwards, twice backwards
    model.compile(
        optimizer=getattr(keras.optimizers, recipe.optimizer.kind)(**options),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=["accuracy"],
        steps_per_execution=max(1, min(STEPS_PER_EXECUTION, EXECUTION_MULTIPLY_ADDS // step_cost)),
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _patience_callbacks(recipe: Recipe) -> dict[str, keras.callbacks.Callback]:
    """Keras' own early stopping and learning-rate cuts, where the recipe has them."""
    callbacks: dict[str, keras.callbacks.Callback] = {}
    if stopping := recipe.early_stopping:
        callbacks["early_stopping"] = keras.callbacks.EarlyStopping(stopping.monitor, patience=stopping.patience)
    if isinstance(recipe.schedule, ReduceLROnPlateau):
        callbacks["plateau"] = keras.callbacks.ReduceLROnPlateau(
            recipe.schedule.monitor,
            factor=recipe.schedule.factor,
            patience=recipe.schedule.patience,
            min_lr=recipe.schedule.min_learning_rate,
        )
    return callbacks


class _Leave(Exception):
    """Leaves Keras' fit at once, without the validation pass that `stop_training` would still wait for."""


class _Run(keras.callbacks.Callback):
    """Follows one run: turns Keras' logs into progress, heeds Stop and NaN, remembers the best epoch."""

    def __init__(
        self,
        recipe: Recipe,
        data: Dataset,
        steps: int,
        epoch: tf.Variable,
        patience: dict[str, keras.callbacks.Callback],
        on_progress: Report,
        should_stop: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.recipe, self.data, self.steps, self.epoch = recipe, data, steps, epoch
        self.patience, self.on_progress, self.should_stop = patience, on_progress, should_stop
        self.history: list[EpochResult] = []
        self.best: KeptEpoch | None = None
        self.last_good: tuple[np.ndarray, ...] = ()
        self.remembered: dict[str, dict[str, float]] = {}
        self.left_because = ""
        self.began = time.monotonic()
        self.watch_every = max(1, steps * recipe.epochs // WATCHED_POINTS)
        self.watched = None
        if data.validation and recipe.epochs < WATCHED_POINTS:
            self.watched = data.validation[:WATCHED_IMAGES]

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train after the checkpoint that was taken up."""
        has_ended_early = self.remembered.get("early_stopping", {}).get("stopped_epoch", 0) > 0
        return has_ended_early or len(self.history) >= self.recipe.epochs

    def heed_stop(self) -> None:
        if self.should_stop():
            raise _Leave("stopped")

    def take_up(self, checkpoint: Checkpoint) -> None:
        self.history = list(checkpoint.history)
        self.best, self.remembered = checkpoint.best, checkpoint.patience
        self.began -= checkpoint.seconds
        for variable, value in zip(self._variables(), checkpoint.variables, strict=True):
            variable.assign(value)
        self.last_good = tuple(self.model.get_weights())

    def on_train_begin(self, logs: Any = None) -> None:
        # Keras' callbacks have just forgotten everything in their own on_train_begin; this one comes after them.
        for name, state in self.remembered.items():
            vars(self.patience[name]).update(state)
        self.answer = tf.function(lambda images: self.model(images, training=False))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch.assign(epoch)
        self.reported_at, self.reported_images, self.reported_sums = time.monotonic(), 0, np.zeros(2)
        self.next_watch = self.watch_every

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        means = np.array([float(logs["loss"]), float(logs["accuracy"])]) if logs else np.full(2, math.nan)
        if not np.isfinite(means).all():
            raise _Leave("diverged")
        self.heed_stop()
        now, step = time.monotonic(), min(batch + 1, self.steps)
        is_first = self.reported_images == 0
        if not is_first and now - self.reported_at < REPORT_SECONDS:
            return
        images = min(step * self.recipe.batch_size, len(self.data.training))
        loss, accuracy_since = (means * images - self.reported_sums) / (images - self.reported_images)
        speed = (images - self.reported_images) / max(now - self.reported_at, 1e-6)
        self.on_progress(
            BatchProgress(
                epoch=len(self.history) + 1,
                step=step,
                steps=self.steps,
                loss=float(loss),
                accuracy=float(accuracy_since),
                learning_rate=self._learning_rate(),
                images_per_second=speed,
                **self._watched_values(step),
            )
        )
        self.reported_at, self.reported_images, self.reported_sums = time.monotonic(), images, means * images

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values = {name: float(value) for name, value in (logs or {}).items()}
        if not all(math.isfinite(value) for value in values.values()):
            raise _Leave("diverged")
        result = EpochResult(
            epoch + 1,
            values["loss"],
            values["accuracy"],
            values.get("learning_rate", self._learning_rate()),
            values.get("val_loss"),
            values.get("val_accuracy"),
        )
        self.history.append(result)
        self.last_good = tuple(self.model.get_weights())
        if monitor := self.recipe.monitor:
            value, sign = values[monitor], -1 if monitor == "val_loss" else 1
            if self.best is None or sign * value > sign * self.best.value:
                self.best = KeptEpoch(epoch + 1, value, self.last_good)
        self.on_progress(EpochProgress(result, self._checkpoint()))
        self.heed_stop()

    def result(self) -> TrainedModel:
        """Evaluate the weights that are kept, and say why it is these."""
        epoch, why, weights = self._kept()
        model = keras_model(self.recipe)  # without optimizer, so that the file holds the network alone
        model.set_weights(weights)
        test = self.data.test
        probabilities = model.predict(evaluation_batches(test).map(lambda images, labels: images), verbose=0)
        chosen = self.history[epoch - 1] if 0 < epoch <= len(self.history) else None
        scores = Scores(
            data_source=self.data.source,
            test_accuracy=accuracy(probabilities, test.labels),
            test_images=len(test),
            test_loss=cross_entropy(probabilities, test.labels),
            validation_accuracy=chosen.validation_accuracy if chosen else None,
            kept_epoch=epoch,
            kept_because=why,
            epochs=max(len(self.history), epoch),
            seconds=round(time.monotonic() - self.began, 2),
        )
        named = {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}
        return TrainedModel(
            model=Model(self.recipe, named, scores, _summary(model)),
            history=tuple(self.history),
            test_probabilities=probabilities,
            keras_file=_keras_file(model),
            was_stopped=self.left_because == "stopped",
        )

    def _kept(self) -> tuple[int, str, Sequence[np.ndarray]]:
        """Epoch, reason and weights of what becomes the model."""
        if self.best:
            return self.best.epoch, f"best {self.recipe.monitor}: {self.best.value:.4f}", self.best.weights
        if self.left_because == "diverged":
            if not self.history:
                raise TrainingDiverged("The loss is no longer a number. Train again with a lower learning rate.")
            return len(self.history), "last epoch before the loss stopped being a number", self.last_good
        if self.left_because == "stopped":
            return min(len(self.history) + 1, self.recipe.epochs), "stopped here", self.model.get_weights()
        return len(self.history), "last epoch", self.model.get_weights()

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _checkpoint(self) -> Checkpoint:
        memory = ("wait", "best", "stopped_epoch", "cooldown_counter")
        return Checkpoint(
            history=tuple(self.history),
            variables=tuple(variable.numpy().copy() for variable in self._variables()),
            best=self.best,
            patience={
                name: {field: value for field, value in vars(callback).items() if field in memory}
                for name, callback in self.patience.items()
            },
            seconds=time.monotonic() - self.began,
        )

    def _learning_rate(self) -> float:
        return float(self.model.optimizer.learning_rate)

    def _watched_values(self, step: int) -> dict[str, float]:
        """Validation values within an epoch, whenever they are due."""
        if self.watched is None or step < self.next_watch:
            return {}
        self.next_watch = step + self.watch_every
        # Not model.evaluate: inside a callback it would reset the training metrics.
        probabilities = self.answer(prepared(self.watched.images, self.watched.labels)[0]).numpy()
        return {
            "validation_loss": cross_entropy(probabilities, self.watched.labels),
            "validation_accuracy": accuracy(probabilities, self.watched.labels),
        }


def _summary(model: keras.Model) -> str:
    lines: list[str] = []
    model.summary(line_length=88, print_fn=lines.append)
    return "\n".join(lines)


def _keras_file(model: keras.Model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()

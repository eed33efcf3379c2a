"""Train a network with Keras, evaluate it, and return it as data.

`fit` is a function of recipe, data and seed. Order, augmentation and dropout are drawn from explicit seeds, so the same
call gives the same curve, and a run that is resumed from a checkpoint ends as if it had never stopped.
"""

from __future__ import annotations

import logging
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.digits.dataset import Dataset, Digits, drawn_digits
from core.errors import InklingError
from core.insight.metrics import accuracy, cross_entropy, fitted_temperature
from core.insight.prediction import on_one_thread
from core.networks.history import BatchProgress, EpochResult
from core.networks.model import Model, Scores, tempered
from core.networks.recipe import Recipe, ReduceLROnPlateau
from core.networks.snapshots import NO_SNAPSHOTS, Snapshots, with_snapshot
from core.training.batches import training_batches
from core.training.checkpoint import (
    SAMPLE_IMAGES,
    Action,
    Checkpoint,
    EpochProgress,
    KeptEpoch,
    OtherCheckpoint,
    Paused,
    TrainedModel,
)
from core.training.keras_models import compiled_model, keras_model, named_weights, predicted

REPORT_SECONDS = 0.25  # between two reports: nobody sees more, and a slow browser would fall behind
EVALUATION_BATCH = 500  # images; more of them would not fit into the processor's cache
VALIDATION_IMAGES = 500  # for the validations within an epoch
VALIDATIONS = 10  # of that kind in a run: enough for a curve, a hundredth of the time

_log = logging.getLogger("inkling.worker")


class TrainingDiverged(InklingError):
    """The loss stopped being a number before the first epoch was over."""


OnProgress = Callable[[BatchProgress | EpochProgress], None]


def fit(
    recipe: Recipe,
    data: Dataset,
    on_progress: OnProgress = lambda progress: None,
    requested_action: Callable[[], Action] = lambda: "",
    checkpoint: Checkpoint | None = None,
    start: Model | None = None,
    drawing: Callable[[], np.ndarray | None] = lambda: None,
) -> TrainedModel:
    """Train a network by a recipe.

    Args:
        recipe: what to train and how. A batch size above the number of images is cut to it.
        data: what `load_dataset` returns for `recipe.data`.
        on_progress: called at most four times a second within an epoch, and after every epoch.
        requested_action: called every few batches. "stop" ends the run and keeps what it has learned; "pause" raises
            `Paused`.
        checkpoint: from an earlier call with the same recipe and data; training resumes there.
        start: a model of the same network, whose weights to start from instead of fresh ones.
        drawing: called at every report; returns an image to classify, (28, 28) float32 in [0, 1], or None.

    Raises:
        TrainingDiverged: the loss became NaN or infinite in the first epoch. Later, the last good epoch is kept.
        Paused: a pause was requested; the exception holds the checkpoint to resume from.
    """
    model = compiled_model(recipe, math.ceil(len(data.training) / recipe.batch_size))
    if start:
        for name, variable in named_weights(model):
            variable.assign(start.weights[name])
    run = _RunCallback(recipe, data, model, on_progress, requested_action, drawing)
    if checkpoint:
        run.restore(checkpoint)
    else:
        run.add_snapshot()
    try:
        run.check_requested_action()
        while not run.is_over:  # at most twice: the rest of an epoch that was begun, then the other epochs
            model.fit(
                training_batches(data.training, recipe, run.epoch, run.step),
                epochs=len(run.history) + 1 if run.step else recipe.epochs,
                initial_epoch=len(run.history),
                callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=run.validate), *run.patience.values(), run],
                shuffle=False,
                verbose=0,
            )
    except _EndOfFit as reason:
        run.end_reason = str(reason)
    if run.end_reason == "pause":
        raise Paused(run.checkpoint())
    return run.result()


def warm_up(recipe: Recipe, data: Dataset) -> None:
    """Train a recipe's network for a moment, so that later runs of it need not wait for TensorFlow to trace it."""
    few = Dataset(data.training[:1000], data.training[:500], data.test[:500], data.source)
    fit(recipe.model_copy(update={"epochs": 1, "early_stopping": None, "checkpoint": None}), few)


def _patience_callbacks(recipe: Recipe) -> dict[str, keras.callbacks.Callback]:
    """Keras' callbacks for early stopping and learning-rate reduction, where the recipe asks for them."""
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


_PATIENCE_FIELDS = ("wait", "best", "stopped_epoch", "cooldown_counter")  # the state of Keras' callbacks


class _EndOfFit(Exception):
    """Leaves Keras' fit at once; `stop_training` would first run the validation. Its text is the reason."""


class _RunCallback(keras.callbacks.Callback):
    """The state of one run: reports Keras' logs as progress, obeys requests, detects NaN, keeps the best epoch."""

    def __init__(
        self,
        recipe: Recipe,
        data: Dataset,
        model: keras.Model,
        on_progress: OnProgress,
        requested_action: Callable[[], Action],
        drawing: Callable[[], np.ndarray | None],
    ) -> None:
        super().__init__()
        self.set_model(model)
        self.recipe, self.data, self.on_progress, self.requested_action = recipe, data, on_progress, requested_action
        self.drawing = drawing
        self.patience = _patience_callbacks(recipe)
        self.epoch = tf.Variable(0, dtype=tf.int32, trainable=False)
        self.steps = math.ceil(len(data.training) / recipe.batch_size)  # in an epoch
        self.step = 0  # made in this epoch
        self.history: list[EpochResult] = []
        self.snapshots: Snapshots = NO_SNAPSHOTS
        self.best: KeptEpoch | None = None
        self.last_good: tuple[np.ndarray, ...] = ()
        self.metrics: tuple[np.ndarray, ...] = ()  # of an epoch that was begun before a pause
        self.patience_state: dict[str, dict[str, float | None]] = {}  # of the callbacks in `patience`
        self.end_reason = self.notice = ""
        self.validation_probabilities: np.ndarray | None = None  # with the weights after the latest epoch
        self.started = time.monotonic()
        self.validate_every = max(1, self.steps * recipe.epochs // VALIDATIONS)
        self.next_validation = self.validate_every  # in steps of the whole run

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train."""
        has_ended_early = (self.patience_state.get("early_stopping", {}).get("stopped_epoch") or 0) > 0
        return has_ended_early or len(self.history) >= self.recipe.epochs

    @property
    def seconds(self) -> float:
        """Trained so far, in this process and before the run was resumed."""
        return time.monotonic() - self.started

    def check_requested_action(self) -> None:
        """End Keras' fit where a stop or a pause is requested."""
        if requested_action := self.requested_action():
            raise _EndOfFit(requested_action)

    def check_for_stop(self) -> None:
        """End Keras' fit where a stop is requested; a pause waits for the end of the epoch."""
        if self.requested_action() == "stop":
            raise _EndOfFit("stop")

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore the state that the checkpoint holds."""
        self.history, self.best = list(checkpoint.history), checkpoint.best
        self.metrics, self.patience_state = checkpoint.metrics, checkpoint.patience
        self.snapshots = checkpoint.snapshots
        self.started -= checkpoint.seconds
        self.step = checkpoint.step
        self.epoch.assign(len(self.history))
        self.next_validation += len(self.history) * self.steps + self.step
        self._restore_variables(checkpoint)
        self.last_good = tuple(self.model.get_weights())
        if self.best and [array.shape for array in self.best.weights] != [array.shape for array in self.last_good]:
            self.best = None

    def _restore_variables(self, checkpoint: Checkpoint) -> None:
        """Set network and optimizer as they were; where another version kept other variables, the network at least.

        Raises:
            OtherCheckpoint: the network's weights are others too.
        """
        own, kept = self._variables(), checkpoint.variables
        if set(kept) == {str(index) for index in range(len(own))}:  # numbered by an earlier version
            kept = {name: kept[str(index)] for index, name in enumerate(own)}
        fitting = {name for name in own if name in kept and kept[name].shape == tuple(own[name].shape)}
        if not {name for name, _ in named_weights(self.model)} <= fitting:
            raise OtherCheckpoint
        if not (set(own) == fitting == set(kept)):
            fitting = {name for name in fitting if not name.startswith("optimizer/") or name == "optimizer/iteration"}
            self.notice = (
                "Another version of Inkling had begun it: the optimizer started again from where the network was."
            )
        for name in fitting:
            own[name].assign(kept[name])
        if self.step and len(self.metrics) != len(self.model.metrics_variables):
            self.step, self.metrics = 0, ()

    def checkpoint(self) -> Checkpoint:
        """The state of the run at this step."""
        return Checkpoint(
            history=tuple(self.history),
            step=self.step,
            variables={name: variable.numpy().copy() for name, variable in self._variables().items()},
            metrics=tuple(variable.numpy().copy() for variable in self.model.metrics_variables) if self.step else (),
            best=self.best,
            patience=self.patience_state,
            seconds=self.seconds,
            snapshots=self.snapshots,
        )

    def add_snapshot(self) -> None:
        """Record the weights after the latest epoch, or before the first."""
        weights = {name: variable.numpy() for name, variable in named_weights(self.model)}
        samples = self.data.test[:SAMPLE_IMAGES].images
        self.snapshots = with_snapshot(self.snapshots, len(self.history), self.recipe.network, weights, samples)

    def on_train_begin(self, logs: Any = None) -> None:
        # Keras' callbacks have just reset themselves in their own on_train_begin; this callback comes after them.
        for name, state in self.patience_state.items():
            vars(self.patience[name]).update(state)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch.assign(epoch)
        self.first_step = self.step
        self.reported_at, self.reported_images, self.reported_sums = time.monotonic(), 0, np.zeros(2)
        if self.step:  # resumed within the epoch; Keras has just reset its metrics
            for variable, value in zip(self.model.metrics_variables, self.metrics, strict=True):
                variable.assign(value)
            self.reported_images = self.step * self.recipe.batch_size
            self.reported_sums = self._means(self.model.get_metrics_result()) * self.reported_images

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.step = min(self.first_step + batch + 1, self.steps)
        means = self._means(logs or {})
        if not np.isfinite(means).all():
            raise _EndOfFit("diverged")
        now = time.monotonic()
        is_due = now - self.reported_at >= REPORT_SECONDS
        if is_due or self.step <= self.model.steps_per_execution:
            if not _are_numbers(self.model.get_weights()):
                raise _EndOfFit("diverged")
            images = min(self.step * self.recipe.batch_size, len(self.data.training))
            new = max(images - self.reported_images, 1)
            loss, accuracy_since = (means * images - self.reported_sums) / new
            self.on_progress(
                BatchProgress(
                    epoch=len(self.history) + 1,
                    step=self.step,
                    steps=self.steps,
                    loss=float(loss),
                    accuracy=float(accuracy_since),
                    learning_rate=self._learning_rate(),
                    images_per_second=new / max(now - self.reported_at, 1e-6),
                    seconds=self.seconds,
                    drawing_probabilities=self._drawing_probabilities(),
                    **self._validation_values(),
                )
            )
            self.reported_at, self.reported_images, self.reported_sums = time.monotonic(), images, means * images
        if self.step < self.steps:  # a pause after the last step waits for the end of the epoch
            self.check_requested_action()

    def validate(self, epoch: int, logs: dict[str, float]) -> None:
        """Add the validation loss and accuracy to an epoch's logs, before the other callbacks read them.

        Keras' own validation needs a graph of its own, which TensorFlow would take half a second to trace.
        """
        if validation := self.data.validation:
            self.validation_probabilities = self.probabilities(validation, after_each=self.check_for_stop)
            logs["val_loss"], logs["val_accuracy"] = self.loss_and_accuracy(self.validation_probabilities, validation)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values = {name: float(value) for name, value in (logs or {}).items()}
        weights = tuple(self.model.get_weights())
        if not (all(math.isfinite(value) for value in values.values()) and _are_numbers(weights)):
            raise _EndOfFit("diverged")
        result = EpochResult(
            epoch + 1,
            values["loss"],
            values["accuracy"],
            values.get("learning_rate", self._learning_rate()),
            values.get("val_loss"),
            values.get("val_accuracy"),
        )
        self.history.append(result)
        self.step = 0
        self.patience_state = {
            name: {field: value for field, value in vars(callback).items() if field in _PATIENCE_FIELDS}
            for name, callback in self.patience.items()
        }
        self.last_good = weights
        if monitor := self.recipe.monitor:
            value, sign = values[monitor], -1 if monitor == "val_loss" else 1
            if self.best is None or sign * value > sign * self.best.value:
                self.best = KeptEpoch(epoch + 1, value, self.last_good)
        self.add_snapshot()
        self.on_progress(EpochProgress(result, self.checkpoint()))
        if len(self.history) < self.recipe.epochs:
            self.check_requested_action()

    def result(self) -> TrainedModel:
        """Evaluate the weights that are kept, and build the trained model of them."""
        epoch, reason, weights = self._kept()
        is_last = epoch == len(self.history) and self.step == 0
        self.model.set_weights(weights)
        test, drawn, validation = self.data.test, drawn_digits(), self.data.validation
        temperature = 1.0
        if validation and self.recipe.data.validation == "split":  # never fitted on the test set
            if self.validation_probabilities is None or not is_last:
                self.validation_probabilities = self.probabilities(validation)
            temperature = fitted_temperature(self.validation_probabilities, validation.labels)
        probabilities = tempered(self.probabilities(test), temperature)
        kept = self.history[epoch - 1] if 0 < epoch <= len(self.history) else None
        scores = Scores(
            data_source=self.data.source,
            test_accuracy=accuracy(probabilities, test.labels),
            test_images=len(test),
            test_loss=cross_entropy(probabilities, test.labels),
            drawn_accuracy=accuracy(self.probabilities(drawn), drawn.labels),
            validation_accuracy=kept.validation_accuracy if kept else None,
            temperature=temperature,
            kept_epoch=epoch,
            kept_because=reason,
            epochs=max(len(self.history), epoch),
            seconds=round(self.seconds, 2),
        )
        plain = keras_model(self.recipe)  # not compiled, so that the file holds the network alone
        plain.set_weights(weights)
        named = {name: variable.numpy() for name, variable in named_weights(plain)}
        return TrainedModel(
            model=Model(self.recipe, named, scores, _summary(plain)),
            history=tuple(self.history),
            test_probabilities=probabilities,
            keras_file=_keras_file(plain),
            was_stopped=self.end_reason == "stop",
            notice=self.notice,
        )

    def probabilities(self, digits: Digits, after_each: Callable[[], None] = lambda: None) -> np.ndarray:
        """The model's predictions, (n, classes) float32; `after_each` is called after each batch."""
        batches = []
        for start in range(0, len(digits), EVALUATION_BATCH):
            batches.append(predicted(self.model, digits.images[start : start + EVALUATION_BATCH]).numpy())
            after_each()
        return np.concatenate(batches)

    def loss_and_accuracy(self, probabilities: np.ndarray, digits: Digits) -> tuple[float, float]:
        """As in Keras' own validation: the loss includes label smoothing and penalties."""
        targets = tf.one_hot(digits.labels, self.recipe.network.classes)
        loss = float(self.model.loss(targets, probabilities)) + float(sum(self.model.losses))
        return loss, accuracy(probabilities, digits.labels)

    def _kept(self) -> tuple[int, str, Sequence[np.ndarray]]:
        """Epoch and weights of what becomes the model, and why these."""
        if self.best:
            return self.best.epoch, f"best {self.recipe.monitor}: {self.best.value:.4f}", self.best.weights
        weights = self.model.get_weights()
        if self.end_reason == "diverged" or not _are_numbers(weights):
            if not self.history:
                raise TrainingDiverged("The loss is no longer a number. Train again with a lower learning rate.")
            return len(self.history), "last epoch before the loss stopped being a number", self.last_good
        if self.end_reason == "stop":
            return len(self.history) + (self.step > 0), "stopped here", weights
        return len(self.history), "last epoch", weights

    def _variables(self) -> dict[str, keras.Variable]:
        """All variables by names that no counter of Keras' is part of."""
        named, seeds = dict(named_weights(self.model)), count()
        weights = {id(variable) for variable in named.values()}
        named |= {f"random/{next(seeds)}": one for one in self.model.variables if id(one) not in weights}
        return named | {f"optimizer/{one.path.partition('/')[2]}": one for one in self.model.optimizer.variables}

    def _means(self, logs: dict[str, Any]) -> np.ndarray:
        """Keras' running means of loss and accuracy in this epoch."""
        return np.array([float(logs["loss"]), float(logs["accuracy"])])

    def _learning_rate(self) -> float:
        return float(self.model.optimizer.learning_rate)

    def _drawing_probabilities(self) -> tuple[float, ...]:
        """In NumPy: TensorFlow would have to trace a graph for a single image first."""
        image = self.drawing()
        if image is None:
            return ()
        weights = {name: variable.numpy() for name, variable in named_weights(self.model)}
        with on_one_thread():
            probabilities = self.recipe.network.probabilities(weights, image[np.newaxis])[0]
        return tuple(round(float(value), 4) for value in probabilities) if np.isfinite(probabilities).all() else ()

    def _validation_values(self) -> dict[str, Any]:
        """Where a validation within the epoch is due: its loss and accuracy, and the digits read in the samples."""
        reached = len(self.history) * self.steps + self.step
        if reached < self.next_validation:
            return {}
        self.next_validation = reached + self.validate_every
        # Not model.evaluate: inside a callback it would reset the training metrics.
        samples = self.probabilities(self.data.test[:SAMPLE_IMAGES])
        values: dict[str, Any] = {"sample_answers": tuple(samples.argmax(axis=1).tolist())}
        if self.data.validation:
            some = self.data.validation[:VALIDATION_IMAGES]
            values["validation_loss"], values["validation_accuracy"] = self.loss_and_accuracy(
                self.probabilities(some), some
            )
        return values


def _are_numbers(weights: Sequence[np.ndarray]) -> bool:
    """Whether all weights are finite. The loss may be finite all the same, as a fused ReLU turns NaN into 0."""
    return all(np.isfinite(array).all() for array in weights)


def _summary(model: keras.Model) -> str:
    lines: list[str] = []
    model.summary(line_length=80, print_fn=lines.append)
    return "\n".join(lines)


def _keras_file(model: keras.Model) -> bytes | None:
    """The content of a `.keras` file; None where the temporary folder has no room, as a run must not end with that."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            return path.read_bytes()
    except OSError:
        _log.exception("event=no_keras_file")
        return None

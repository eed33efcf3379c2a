"""Where Keras lives: build a network, fit it with a Keras callback, evaluate it, hand it over as data.

`fit` is a function of recipe, data and seed. Order, augmentation and dropout are drawn from explicit seeds, so the same
call gives the same curve, and a run taken up from one of its checkpoints goes on as if it had never stopped.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the import: TensorFlow greets with a page of its own

import keras
import numpy as np
import tensorflow as tf

from core.digits.dataset import Dataset, Digits, drawn_digits
from core.errors import InklingError
from core.insight.metrics import accuracy, cross_entropy, fitted_temperature
from core.insight.prediction import on_one_thread
from core.networks.history import BatchProgress, EpochResult
from core.networks.model import Model, Scores, tempered
from core.networks.network import IMAGE_SHAPE
from core.networks.recipe import Cosine, OneCycle, Recipe, ReduceLROnPlateau
from core.networks.snapshots import NO_SNAPSHOTS, Snapshots, with_snapshot
from core.training import kernels
from core.training.batches import scaled, training_batches
from core.training.checkpoint import (
    SAMPLE_IMAGES,
    Action,
    Checkpoint,
    EpochProgress,
    KeptEpoch,
    Paused,
    TrainedModel,
)

# What it would make of a graph saves networks this small nothing, and takes a first run a quarter of a second.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

REPORT_SECONDS = 0.25  # between two reports: nobody sees more, and a slow browser would fall behind
STEPS_PER_EXECUTION = 16  # steps between two calls of the callback; halves what Keras adds to small steps
EXECUTION_MULTIPLY_ADDS = 8_000_000_000  # about a third of a second on two cores, so that Stop is heard in time
EVALUATION_BATCH = 500  # images that are answered at a time; more of them fall out of the processor's cache
WATCHED_IMAGES = 500  # validation images that are answered within an epoch
WATCHED_POINTS = 10  # such answers in a run: enough for a curve, a hundredth of the time
WARM_MODELS = 2  # compiled models that a worker keeps: the default recipe's and the last one's


class TrainingDiverged(InklingError):
    """The loss stopped being a number before the first epoch was over."""


Report = Callable[[BatchProgress | EpochProgress], None]


def fit(
    recipe: Recipe,
    data: Dataset,
    on_progress: Report = lambda progress: None,
    requested_action: Callable[[], Action] = lambda: "",
    checkpoint: Checkpoint | None = None,
    start: Model | None = None,
    drawing: Callable[[], np.ndarray | None] = lambda: None,
) -> TrainedModel:
    """Train a network by a recipe.

    Args:
        recipe: what to train and how. A batch size above the number of images is cut to it.
        data: what to learn from: `load_dataset` with what the recipe says.
        on_progress: called with where the run is, at most four times a second, and after every epoch.
        requested_action: asked every few batches. "stop" ends the run and keeps what it has learned; "pause": see
            below.
        checkpoint: where to go on, from an earlier call with the same recipe and data.
        start: a model of the same network, whose weights to begin with instead of fresh ones.
        drawing: asked at every report for an image to answer, (28, 28) float32 in [0, 1], if there is one.

    Raises:
        TrainingDiverged: the loss became NaN or infinite in the first epoch. Later, the last good epoch is kept.
        Paused: a pause was wished for; the error brings the checkpoint to go on from.
    """
    model = _model_for(recipe, math.ceil(len(data.training) / recipe.batch_size))
    if start:
        for name, variable in _named_weights(model):
            variable.assign(start.weights[name])
    run = _Run(recipe, data, model, on_progress, requested_action, drawing)
    if checkpoint:
        run.take_up(checkpoint)
    else:
        run.film_weights()
    try:
        run.take_requested_action()
        while not run.is_over:  # twice at most: what is left of an epoch that was begun, then the others
            model.fit(
                training_batches(data.training, recipe, run.epoch, run.step),
                epochs=len(run.history) + 1 if run.step else recipe.epochs,
                initial_epoch=len(run.history),
                callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=run.validate), *run.patience.values(), run],
                shuffle=False,
                verbose=0,
            )
    except _Leave as reason:
        run.left_because = str(reason)
    if run.left_because == "pause":
        raise Paused(run.checkpoint())
    return run.result()


def warm_up(recipe: Recipe, data: Dataset) -> None:
    """Train a recipe's network for a moment, so that a later run with it need not wait for TensorFlow to trace it."""
    few = Dataset(data.training[:1000], data.training[:500], data.test[:500], data.source)
    fit(recipe.model_copy(update={"epochs": 1, "early_stopping": None, "checkpoint": None}), few)


def keras_model(recipe: Recipe, layer_classes: Any = keras.layers) -> keras.Model:
    """The recipe's network as a Keras model with fresh weights, not compiled; layers carry our names.

    Args:
        recipe: says which layers, and gives the seed of their weights.
        layer_classes: `keras.layers`, or what stands in for it.
    """
    regularizer = keras.regularizers.L1L2(recipe.l1, recipe.l2) if recipe.l1 or recipe.l2 else None
    layers = [keras.Input(IMAGE_SHAPE)]
    for place, (name, layer) in enumerate(recipe.network.named_layers()):
        options = layer.model_dump(exclude={"layer"})
        seed = (recipe.seed * 1000 + place) % 2**31
        if layer.layer in ("Conv2D", "Dense"):
            options |= {"kernel_initializer": keras.initializers.GlorotUniform(seed), "kernel_regularizer": regularizer}
        elif layer.layer == "Dropout":
            options["seed"] = seed
        layers.append(getattr(layer_classes, layer.layer)(name=name, **options))
    return keras.Sequential(layers, name="inkling")


class _Curve(keras.optimizers.schedules.LearningRateSchedule):
    """One cycle or a cosine, whose numbers are variables, so that a traced model can follow another recipe.

    Up a straight line until the step `warmup`, then down half a cosine until the step `total`.
    """

    def __init__(self) -> None:
        self._numbers = [tf.Variable(0.0, trainable=False) for _ in range(5)]

    def follow(self, recipe: Recipe, steps: int) -> None:
        """Take on a recipe's numbers, whose epochs have so many steps."""
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
        """Nothing: models are saved without their optimizer."""
        return {}


_traced: OrderedDict[str, tuple[keras.Model, tuple[np.ndarray, ...]]] = OrderedDict()


def _model_for(recipe: Recipe, steps: int) -> keras.Model:
    """A compiled model with the recipe's own fresh weights.

    TensorFlow takes over a second to trace a new model. One that was traced for a recipe of the same graph is used
    again: whatever differs between the two lives in variables, and all variables start anew.
    """
    step_cost = 3 * recipe.batch_size * recipe.network.multiply_adds  # once forwards, twice backwards
    steps_per_execution = max(1, min(STEPS_PER_EXECUTION, EXECUTION_MULTIPLY_ADDS // step_cost))
    fresh = keras_model(recipe, kernels.LAYERS)
    has_curve = isinstance(recipe.schedule, OneCycle | Cosine)
    options = recipe.optimizer.model_dump(exclude={"kind", "learning_rate"})
    graph = (recipe.network, recipe.optimizer.kind, options, has_curve, steps_per_execution)
    key = repr((graph, recipe.label_smoothing, recipe.l1, recipe.l2))
    if key not in _traced:
        rate = _Curve() if has_curve else recipe.optimizer.learning_rate
        fresh.compile(
            optimizer=getattr(kernels.OPTIMIZERS, recipe.optimizer.kind)(learning_rate=rate, **options),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
            metrics=["accuracy"],
            steps_per_execution=steps_per_execution,
        )
        fresh.optimizer.build(fresh.trainable_variables)
        # Keras makes a metric's variables at the first batch; a run taken up in mid-epoch sets them before.
        nothing = np.zeros((1, recipe.network.classes), np.float32)
        fresh.compute_metrics(None, nothing, nothing)
        fresh.reset_metrics()
        _traced[key] = fresh, tuple(variable.numpy().copy() for variable in fresh.optimizer.variables)
    _traced.move_to_end(key)
    while len(_traced) > WARM_MODELS:
        _traced.popitem(last=False)
    model, optimizer_start = _traced[key]
    if model is not fresh:
        for variable, start in zip(model.variables, fresh.variables, strict=True):
            variable.assign(start)
        for variable, value in zip(model.optimizer.variables, optimizer_start, strict=True):
            variable.assign(value)
    if has_curve:
        model.optimizer._learning_rate.follow(recipe, steps)
    else:
        model.optimizer.learning_rate = recipe.optimizer.learning_rate
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


_PATIENCE_FIELDS = ("wait", "best", "stopped_epoch", "cooldown_counter")  # in which Keras' callbacks keep their state


class _Leave(Exception):
    """Leaves Keras' fit at once, without the validation pass that `stop_training` would still wait for."""


class _Run(keras.callbacks.Callback):
    """Follows one run: turns Keras' logs into progress, heeds wishes and NaN, remembers the best epoch."""

    def __init__(
        self,
        recipe: Recipe,
        data: Dataset,
        model: keras.Model,
        on_progress: Report,
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
        self.step = 0  # of them made in this epoch
        self.history: list[EpochResult] = []
        self.snapshots: Snapshots = NO_SNAPSHOTS
        self.best: KeptEpoch | None = None
        self.last_good: tuple[np.ndarray, ...] = ()
        self.metrics: tuple[np.ndarray, ...] = ()  # of an epoch that was begun before
        self.remembered: dict[str, dict[str, float | None]] = {}  # by the callbacks in `patience`
        self.left_because = ""
        self.validation_answers: np.ndarray | None = None  # by the weights at the end of the latest epoch
        self.began = time.monotonic()
        self.watched = data.validation[:WATCHED_IMAGES] if data.validation else data.test[:0]
        self.watch_every = max(1, self.steps * recipe.epochs // WATCHED_POINTS)
        self.next_watch = self.watch_every  # in steps of the whole run

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train."""
        has_ended_early = (self.remembered.get("early_stopping", {}).get("stopped_epoch") or 0) > 0
        return has_ended_early or len(self.history) >= self.recipe.epochs

    @property
    def seconds(self) -> float:
        """Spent so far, in this process and before."""
        return time.monotonic() - self.began

    def take_requested_action(self) -> None:
        """Leave where somebody wishes so."""
        if requested_action := self.requested_action():
            raise _Leave(requested_action)

    def heed_stop(self) -> None:
        """Leave where somebody wishes to stop; a pause waits for the end of the epoch."""
        if self.requested_action() == "stop":
            raise _Leave("stop")

    def take_up(self, checkpoint: Checkpoint) -> None:
        """Stand where the checkpoint was made."""
        self.history, self.best = list(checkpoint.history), checkpoint.best
        self.metrics, self.remembered = checkpoint.metrics, checkpoint.patience
        self.snapshots = checkpoint.snapshots
        self.began -= checkpoint.seconds
        self.step = checkpoint.step
        self.epoch.assign(len(self.history))
        self.next_watch += len(self.history) * self.steps + self.step
        for variable, value in zip(self._variables(), checkpoint.variables, strict=True):
            variable.assign(value)
        self.last_good = tuple(self.model.get_weights())

    def checkpoint(self) -> Checkpoint:
        """All that is needed to go on from here."""
        return Checkpoint(
            history=tuple(self.history),
            step=self.step,
            variables=tuple(variable.numpy().copy() for variable in self._variables()),
            metrics=tuple(variable.numpy().copy() for variable in self.model.metrics_variables) if self.step else (),
            best=self.best,
            patience=self.remembered,
            seconds=self.seconds,
            snapshots=self.snapshots,
        )

    def film_weights(self) -> None:
        """Add a frame of the weights as they are after the last finished epoch, or before the first."""
        weights = {name: variable.numpy() for name, variable in _named_weights(self.model)}
        samples = self.data.test[:SAMPLE_IMAGES].images
        self.snapshots = with_snapshot(self.snapshots, len(self.history), self.recipe.network, weights, samples)

    def on_train_begin(self, logs: Any = None) -> None:
        # Keras' callbacks have just forgotten everything in their own on_train_begin; this one comes after them.
        for name, state in self.remembered.items():
            vars(self.patience[name]).update(state)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch.assign(epoch)
        self.first_step = self.step
        self.reported_at, self.reported_images, self.reported_sums = time.monotonic(), 0, np.zeros(2)
        if self.step:  # in the middle of an epoch; Keras has just reset its metrics
            for variable, value in zip(self.model.metrics_variables, self.metrics, strict=True):
                variable.assign(value)
            self.reported_images = self.step * self.recipe.batch_size
            self.reported_sums = self._means(self.model.get_metrics_result()) * self.reported_images

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.step = min(self.first_step + batch + 1, self.steps)
        means = self._means(logs or {})
        if not np.isfinite(means).all():
            raise _Leave("diverged")
        now = time.monotonic()
        is_due = now - self.reported_at >= REPORT_SECONDS
        if is_due or self.step <= self.model.steps_per_execution:
            if not _are_numbers(self.model.get_weights()):
                raise _Leave("diverged")
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
                    drawing_probabilities=self._drawing_answer(),
                    **self._watched_answers(),
                )
            )
            self.reported_at, self.reported_images, self.reported_sums = time.monotonic(), images, means * images
        if self.step < self.steps:  # after the last step the epoch is ended first: nothing would be left to go on with
            self.take_requested_action()

    def validate(self, epoch: int, logs: dict[str, float]) -> None:
        """Add the validation values to an epoch's logs, before the other callbacks read them.

        Not by Keras' own validation, whose graph would take TensorFlow half a second to trace.
        """
        if validation := self.data.validation:
            self.validation_answers = self.answers(validation, between=self.heed_stop)
            logs["val_loss"], logs["val_accuracy"] = self.loss_and_accuracy(self.validation_answers, validation)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values = {name: float(value) for name, value in (logs or {}).items()}
        weights = tuple(self.model.get_weights())
        if not (all(math.isfinite(value) for value in values.values()) and _are_numbers(weights)):
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
        self.step = 0
        self.remembered = {
            name: {field: value for field, value in vars(callback).items() if field in _PATIENCE_FIELDS}
            for name, callback in self.patience.items()
        }
        self.last_good = weights
        if monitor := self.recipe.monitor:
            value, sign = values[monitor], -1 if monitor == "val_loss" else 1
            if self.best is None or sign * value > sign * self.best.value:
                self.best = KeptEpoch(epoch + 1, value, self.last_good)
        self.film_weights()
        self.on_progress(EpochProgress(result, self.checkpoint()))
        if len(self.history) < self.recipe.epochs:
            self.take_requested_action()

    def result(self) -> TrainedModel:
        """Evaluate the weights that are kept, and say why it is these."""
        epoch, why, weights = self._kept()
        is_last = epoch == len(self.history) and self.step == 0
        self.model.set_weights(weights)
        test, drawn, validation = self.data.test, drawn_digits(), self.data.validation
        temperature = 1.0
        if validation and self.recipe.data.validation == "split":  # never on the test set, which is for measuring
            if self.validation_answers is None or not is_last:
                self.validation_answers = self.answers(validation)
            temperature = fitted_temperature(self.validation_answers, validation.labels)
        probabilities = tempered(self.answers(test), temperature)
        chosen = self.history[epoch - 1] if 0 < epoch <= len(self.history) else None
        scores = Scores(
            data_source=self.data.source,
            test_accuracy=accuracy(probabilities, test.labels),
            test_images=len(test),
            test_loss=cross_entropy(probabilities, test.labels),
            drawn_accuracy=accuracy(self.answers(drawn), drawn.labels),
            validation_accuracy=chosen.validation_accuracy if chosen else None,
            temperature=temperature,
            kept_epoch=epoch,
            kept_because=why,
            epochs=max(len(self.history), epoch),
            seconds=round(self.seconds, 2),
        )
        plain = keras_model(self.recipe)  # without optimizer, so that the file holds the network alone
        plain.set_weights(weights)
        named = {name: variable.numpy() for name, variable in _named_weights(plain)}
        return TrainedModel(
            model=Model(self.recipe, named, scores, _summary(plain)),
            history=tuple(self.history),
            test_probabilities=probabilities,
            keras_file=_keras_file(plain),
            was_stopped=self.left_because == "stop",
        )

    def answers(self, digits: Digits, between: Callable[[], None] = lambda: None) -> np.ndarray:
        """The model's probabilities for all digits; `between` is called after each portion."""
        portions = []
        for start in range(0, len(digits), EVALUATION_BATCH):
            portions.append(_answers(self.model, digits.images[start : start + EVALUATION_BATCH]).numpy())
            between()
        return np.concatenate(portions)

    def loss_and_accuracy(self, probabilities: np.ndarray, digits: Digits) -> tuple[float, float]:
        """As Keras' own validation has them: the loss with label smoothing and penalties."""
        targets = tf.one_hot(digits.labels, self.recipe.network.classes)
        loss = float(self.model.loss(targets, probabilities)) + float(sum(self.model.losses))
        return loss, accuracy(probabilities, digits.labels)

    def _kept(self) -> tuple[int, str, Sequence[np.ndarray]]:
        """Epoch, reason and weights of what becomes the model."""
        if self.best:
            return self.best.epoch, f"best {self.recipe.monitor}: {self.best.value:.4f}", self.best.weights
        weights = self.model.get_weights()
        if self.left_because == "diverged" or not _are_numbers(weights):
            if not self.history:
                raise TrainingDiverged("The loss is no longer a number. Train again with a lower learning rate.")
            return len(self.history), "last epoch before the loss stopped being a number", self.last_good
        if self.left_because == "stop":
            return len(self.history) + (self.step > 0), "stopped here", weights
        return len(self.history), "last epoch", weights

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _means(self, logs: dict[str, Any]) -> np.ndarray:
        """Keras' running means of loss and accuracy over this epoch."""
        return np.array([float(logs["loss"]), float(logs["accuracy"])])

    def _learning_rate(self) -> float:
        return float(self.model.optimizer.learning_rate)

    def _drawing_answer(self) -> tuple[float, ...]:
        """In NumPy: a graph for a single image would have to be traced first."""
        image = self.drawing()
        if image is None:
            return ()
        weights = {name: variable.numpy() for name, variable in _named_weights(self.model)}
        with on_one_thread():
            answer = self.recipe.network.probabilities(weights, image[np.newaxis])[0]
        return tuple(round(float(probability), 4) for probability in answer) if np.isfinite(answer).all() else ()

    def _watched_answers(self) -> dict[str, Any]:
        """Validation values and the answers to the sample images, whenever they are due."""
        reached = len(self.history) * self.steps + self.step
        if reached < self.next_watch:
            return {}
        self.next_watch = reached + self.watch_every
        # Not model.evaluate: inside a callback it would reset the training metrics.
        answers: dict[str, Any] = {
            "sample_answers": tuple(self.answers(self.data.test[:SAMPLE_IMAGES]).argmax(axis=1).tolist())
        }
        if len(self.watched):
            loss, share = self.loss_and_accuracy(self.answers(self.watched), self.watched)
            answers |= {"validation_loss": loss, "validation_accuracy": share}
        return answers


def _are_numbers(weights: Sequence[np.ndarray]) -> bool:
    """Whether all weights are finite. The loss need not show it: a fused ReLU makes zeros of what is no number."""
    return all(np.isfinite(array).all() for array in weights)


def _named_weights(model: keras.Model) -> Iterator[tuple[str, keras.Variable]]:
    """A model's weights with the names by which `Network.weight_specs` knows them."""
    for layer in model.layers:
        for weight in layer.weights:
            yield f"{layer.name}/{weight.name}", weight


def _answers(model: keras.Model, images: np.ndarray) -> tf.Tensor:
    """The model's answers to (n, 28, 28) uint8, through one graph for any n, which is kept with the model."""
    if not hasattr(model, "inkling_answers"):
        any_images = tf.TensorSpec((None, *IMAGE_SHAPE[:2]), tf.uint8)
        model.inkling_answers = tf.function(
            lambda x: model(scaled(x), training=False), input_signature=[any_images], autograph=False
        )
    return model.inkling_answers(tf.constant(images))


def _summary(model: keras.Model) -> str:
    lines: list[str] = []
    model.summary(line_length=80, print_fn=lines.append)
    return "\n".join(lines)


def _keras_file(model: keras.Model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()

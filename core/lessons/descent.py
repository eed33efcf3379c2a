"""Small trainings, computed on the spot: what scaling, optimisers, batches and too few images do to gradient descent.

All of it runs in NumPy within a second, on built-in handwriting, so that it needs neither MNIST nor a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.digits.dataset import Digits
from core.digits.synthetic.handwriting import handwriting
from core.insight.prediction import on_one_thread
from core.networks.network import CLASSES, IMAGE_SHAPE

Points = NDArray[np.float64]  # (n, 2) x and y
Floats = NDArray[np.float32]
Optimizer = Literal["SGD", "momentum", "Adam"]

# All this is small work: a second thread gains nothing, and waits for its turn while a training has the cores.

PRACTICE_DIGITS, PRACTICE_SEED = 1_200, 21  # no network trains on these

OPTIMIZERS: tuple[Optimizer, ...] = ("SGD", "momentum", "Adam")
STEEPNESS = 10.0  # how much steeper the valley is across than along
START = (-4.0, 1.2)  # of every walk through it
WALK_STEPS = 60
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Adam's, with Keras' defaults


@cache
def practice_digits() -> Digits:
    """1,200 built-in digits, drawn once: (1200, 28, 28) uint8 with their labels."""
    images, labels = handwriting(PRACTICE_DIGITS, PRACTICE_SEED)
    images.flags.writeable = labels.flags.writeable = False
    return Digits(images, labels)


# Optimisers in a valley


def valley(points: Points) -> NDArray[np.float64]:
    """The height of the valley (x squared + 10 y squared) / 2 at (..., 2) points; its floor is at (0, 0)."""
    return np.asarray((points[..., 0] ** 2 + STEEPNESS * points[..., 1] ** 2) / 2)


def walk(
    optimizer: Optimizer,
    learning_rate: float,
    momentum: float = 0.9,
    steps: int = WALK_STEPS,
    start: tuple[float, float] = START,
) -> Points:
    """Walk down the valley with an optimiser's own update rule, as Keras has it.

    Args:
        optimizer: plain SGD, SGD with momentum, or Adam.
        learning_rate: above 0.
        momentum: share of the last step that is kept; only the second one has it.
        steps: 0 or more.
        start: x and y.

    Returns:
        (steps + 1, 2) float64, the start first.

    Sources: Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Kingma & Ba, "Adam"
    (2014), algorithm 1 in the form at the end of its section 2.
    """
    place = np.array(start, np.float64)
    velocity, mean, mean_square = np.zeros(2), np.zeros(2), np.zeros(2)
    path = [place]
    for step in range(1, steps + 1):
        gradient = place * (1.0, STEEPNESS)
        if optimizer == "Adam":
            mean = BETA_1 * mean + (1 - BETA_1) * gradient
            mean_square = BETA_2 * mean_square + (1 - BETA_2) * gradient**2
            rate = learning_rate * np.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
            place = place - rate * mean / (np.sqrt(mean_square) + EPSILON)
        else:
            velocity = (momentum if optimizer == "momentum" else 0.0) * velocity - learning_rate * gradient
            place = place + velocity
        path.append(place)
    return np.array(path)


def contour(height: float, points: int = 49) -> Points:
    """The closed line along which the valley has this height: (points, 2), the last one the first."""
    angle = np.linspace(0, 2 * np.pi, points)
    circle = np.stack([np.cos(angle), np.sin(angle) / np.sqrt(STEEPNESS)], axis=1)
    return np.asarray(np.sqrt(2 * height) * circle)


# Scaled and unscaled pixels

SCALING_IMAGES, SCALING_UNITS, SCALING_STEPS = 200, 16, 100
GUESSING = float(np.log(CLASSES))  # loss of who gives each digit a tenth: 2.30


def scaling_losses(learning_rate: float, is_scaled: bool, steps: int = SCALING_STEPS) -> NDArray[np.float64]:
    """Losses of a small network, 16 units between pixels and answers, that learns 200 digits by plain gradient descent.

    Args:
        learning_rate: above 0.
        is_scaled: whether pixels go from 0 to 1; else from 0 to 255.
        steps: with all 200 images each.

    Returns:
        (steps + 1,) mean cross-entropy before the first step and after each.
    """
    x, wanted = _practice(slice(SCALING_IMAGES))
    x = x if is_scaled else x * np.float32(255)
    weights = _start(SCALING_UNITS)
    losses = []
    with on_one_thread():
        for _ in range(steps + 1):
            loss, gradients = _loss_and_gradients(weights, x, wanted)
            losses.append(loss)
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= np.float32(learning_rate) * gradient
    return np.array(losses)


# Batches


class Steps(NamedTuple):
    """Where gradients of batches point.

    Attributes:
        full: (2,) the gradient of all images.
        batches: (n, 2) those of batches.
        spread: how far those are from the full one, at the root of the mean square.
    """

    full: NDArray[np.float64]
    batches: Points
    spread: float


def steps_per_epoch(images: int, batch_size: int) -> int:
    """How many steps an epoch has; the last batch may be smaller."""
    return -(-images // batch_size)


def batch_gradients(batch_size: int, batches: int = 60) -> Steps:
    """Gradients of a network of two weights that is to tell ones from zeros, before its first step.

    Its two inputs are the ink in the image's middle and in a ring around it. Images are drawn with replacement, as from
    a training set far larger than a batch.
    """
    digits = practice_digits()
    chosen = digits.labels < 2
    images, is_one = digits.images[chosen] / 255, digits.labels[chosen]
    height, width = np.mgrid[:28, :28] - 13.5
    distance = np.hypot(height, width)
    ring = (distance > 5) & (distance < 9)
    x = np.stack([images[:, part].mean(axis=1) for part in (distance < 3, ring)], axis=1)
    gradients = (0.5 - is_one)[:, None] * x  # a sigmoid of weights that are zero says 0.5
    full = gradients.mean(axis=0)
    drawn = np.random.default_rng(PRACTICE_SEED).integers(len(x), size=(batches, batch_size))
    of_batches = gradients[drawn].mean(axis=1)
    return Steps(full, of_batches, float(np.sqrt(((of_batches - full) ** 2).sum(axis=1).mean())))


# Too few images

OVERFIT_STEPS, OVERFIT_EVERY = 200, 4
OVERFIT_VALIDATION = 400
OVERFIT_RATE = 0.003


@dataclass(frozen=True)
class Overfitting:
    """What a small network did on few images.

    Attributes:
        steps: at which it was measured.
        training: loss on the images that it learned from.
        validation: loss on others.
        best: the step at which the validation loss was lowest.
    """

    steps: NDArray[np.intp]
    training: NDArray[np.float64]
    validation: NDArray[np.float64]
    best: int

    @property
    def rise(self) -> float:
        """How many times its lowest value the validation loss is at the end."""
        return float(self.validation[-1] / self.validation.min())


def overfit(images: int, units: int) -> Overfitting:
    """Train a network with one hidden layer on few digits, with Adam and all of them at each step.

    Args:
        images: how many it learns from, at most 800; 400 others validate it.
        units: of the hidden layer.
    """
    x, wanted = _practice(slice(images))
    others, others_wanted = _practice(slice(-OVERFIT_VALIDATION, None))
    weights = _start(units)
    means = [np.zeros_like(weight) for weight in weights]
    squares = [np.zeros_like(weight) for weight in weights]
    steps, training, validation = [], [], []
    with on_one_thread():
        for step in range(OVERFIT_STEPS + 1):
            loss, gradients = _loss_and_gradients(weights, x, wanted)
            if step % OVERFIT_EVERY == 0:
                steps.append(step)
                training.append(loss)
                validation.append(_cross_entropy(_logits(weights, others)[1], others_wanted)[0])
            rate = np.float32(OVERFIT_RATE * np.sqrt(1 - BETA_2 ** (step + 1)) / (1 - BETA_1 ** (step + 1)))
            for weight, mean, square, gradient in zip(weights, means, squares, gradients, strict=True):
                mean += np.float32(1 - BETA_1) * (gradient - mean)
                square += np.float32(1 - BETA_2) * (gradient**2 - square)
                weight -= rate * mean / (np.sqrt(square) + np.float32(EPSILON))
    best = steps[int(np.argmin(validation))]
    return Overfitting(np.array(steps), np.array(training), np.array(validation), best)


# The network of the last two: pixels, a hidden layer with ReLU, ten answers; its weights are a list of four arrays


def _practice(chosen: slice) -> tuple[Floats, Floats]:
    digits = practice_digits()[chosen]
    pixels = digits.images.reshape(len(digits), -1).astype(np.float32) / np.float32(255)
    return pixels, np.eye(CLASSES, dtype=np.float32)[digits.labels]


def _start(units: int) -> list[Floats]:
    """Weights as Keras starts dense layers with: Glorot's uniform ones, and no bias."""
    random = np.random.default_rng(PRACTICE_SEED)
    shapes = ((IMAGE_SHAPE[0] * IMAGE_SHAPE[1], units), (units, CLASSES))
    limits = [(6 / sum(shape)) ** 0.5 for shape in shapes]
    weights = [random.uniform(-limit, limit, shape) for limit, shape in zip(limits, shapes, strict=True)]
    return [array.astype(np.float32) for array in (*weights, np.zeros(units), np.zeros(CLASSES))]


def _logits(weights: list[Floats], x: Floats) -> tuple[Floats, Floats]:
    """What the hidden layer and the last one put out."""
    first, second, first_bias, second_bias = weights
    hidden = np.maximum(x @ first + first_bias, 0)
    return hidden, hidden @ second + second_bias


def _loss_and_gradients(weights: list[Floats], x: Floats, wanted: Floats) -> tuple[float, list[Floats]]:
    hidden, logits = _logits(weights, x)
    loss, slope = _cross_entropy(logits, wanted)
    back = (slope @ weights[1].T) * (hidden > 0)
    return loss, [x.T @ back, hidden.T @ slope, back.sum(axis=0), slope.sum(axis=0)]


def _cross_entropy(logits: Floats, wanted: Floats) -> tuple[float, Floats]:
    """Mean cross-entropy of logits, and its gradient with respect to them."""
    logits = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = float(-(wanted * log_probabilities).sum(axis=1).mean())
    return loss, (np.exp(log_probabilities) - wanted) / np.float32(len(logits))

"""Small trainings, computed on the spot: how scaling, optimisers, batches and too few images affect gradient descent.

They run in NumPy within a second, on built-in handwriting, and need neither MNIST nor a worker. They run on one thread:
on work this small a second one gains nothing, and would wait for its turn while a training has the cores.
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

PRACTICE_DIGITS, PRACTICE_SEED = 1_200, 21  # no network trains on these

OPTIMIZERS: tuple[Optimizer, ...] = ("SGD", "momentum", "Adam")
STEEPNESS = 10.0  # how much steeper the valley is across than along
START = (-4.0, 1.2)  # x and y at which every walk begins
WALK_STEPS = 60
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Adam's, with Keras' defaults


@cache
def practice_digits() -> Digits:
    """1,200 built-in digits, the same at every call: (1200, 28, 28) uint8 with their labels."""
    images, labels = handwriting(PRACTICE_DIGITS, PRACTICE_SEED)
    images.flags.writeable = labels.flags.writeable = False
    return Digits(images, labels)


# Optimisers in a valley


def valley(points: Points) -> NDArray[np.float64]:
    """The height of the valley, (x squared + 10 y squared) / 2, at (..., 2) points; lowest at (0, 0)."""
    return np.asarray((points[..., 0] ** 2 + STEEPNESS * points[..., 1] ** 2) / 2)


def walk(optimizer: Optimizer, learning_rate: float, momentum: float) -> Points:
    """Walk down the valley with an optimiser's update rule, as Keras implements it.

    Args:
        optimizer: plain SGD, SGD with momentum, or Adam.
        learning_rate: above 0.
        momentum: share of the last step that SGD with momentum keeps.

    Returns:
        (`WALK_STEPS` + 1, 2) float64, from `START` on.

    Sources: Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Kingma & Ba, "Adam"
    (2014), algorithm 1 in the form at the end of its section 2.
    """
    position = np.array(START, np.float64)
    velocity, mean, mean_square = np.zeros(2), np.zeros(2), np.zeros(2)
    path = [position]
    for step in range(1, WALK_STEPS + 1):
        gradient = position * (1.0, STEEPNESS)
        if optimizer == "Adam":
            mean = BETA_1 * mean + (1 - BETA_1) * gradient
            mean_square = BETA_2 * mean_square + (1 - BETA_2) * gradient**2
            rate = learning_rate * np.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
            position = position - rate * mean / (np.sqrt(mean_square) + EPSILON)
        else:
            velocity = (momentum if optimizer == "momentum" else 0.0) * velocity - learning_rate * gradient
            position = position + velocity
        path.append(position)
    return np.array(path)


def contour(height: float, points: int) -> Points:
    """The closed line on which the valley has this height: (points, 2), the last point equal to the first."""
    angle = np.linspace(0, 2 * np.pi, points)
    circle = np.stack([np.cos(angle), np.sin(angle) / np.sqrt(STEEPNESS)], axis=1)
    return np.asarray(np.sqrt(2 * height) * circle)


# Scaled and unscaled pixels

SCALING_IMAGES, SCALING_UNITS, SCALING_STEPS = 200, 16, 100
GUESSING = float(np.log(CLASSES))  # loss where each digit gets a probability of 0.1: 2.30


def scaling_losses(learning_rate: float, is_scaled: bool) -> NDArray[np.float64]:
    """Losses of a network with 16 hidden units that learns 200 digits by plain gradient descent.

    Args:
        learning_rate: above 0.
        is_scaled: whether pixels go from 0 to 1; else from 0 to 255.

    Returns:
        (`SCALING_STEPS` + 1,) mean cross-entropy before the first step and after each.
    """
    x, targets = _practice(slice(SCALING_IMAGES))
    x = x if is_scaled else x * np.float32(255)
    weights = _start(SCALING_UNITS)
    losses = []
    with on_one_thread():
        for _ in range(SCALING_STEPS + 1):
            loss, gradients = _loss_and_gradients(weights, x, targets)
            losses.append(loss)
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= np.float32(learning_rate) * gradient
    return np.array(losses)


# Batches


class BatchGradients(NamedTuple):
    """Gradients of batches around the gradient of all images.

    Attributes:
        full: (2,) the gradient of all images.
        batches: (n, 2) the gradients of batches.
        spread: root mean square distance of those from the full gradient.
    """

    full: NDArray[np.float64]
    batches: Points
    spread: float


def steps_per_epoch(images: int, batch_size: int) -> int:
    """How many steps an epoch has; the last batch may be smaller."""
    return -(-images // batch_size)


def batch_gradients(batch_size: int, batches: int = 60) -> BatchGradients:
    """Gradients of a network of two weights that tells ones from zeros, before its first step.

    Its two inputs are the ink in the middle of the image and in a ring around it. Images are sampled with replacement,
    as from a training set far larger than a batch.
    """
    digits = practice_digits()
    chosen = digits.labels < 2
    images, is_one = digits.images[chosen] / 255, digits.labels[chosen]
    height, width = np.mgrid[:28, :28] - 13.5
    distance = np.hypot(height, width)
    ring = (distance > 5) & (distance < 9)
    x = np.stack([images[:, part].mean(axis=1) for part in (distance < 3, ring)], axis=1)
    gradients = (0.5 - is_one)[:, None] * x  # with weights of zero the sigmoid gives 0.5
    full = gradients.mean(axis=0)
    sampled = np.random.default_rng(PRACTICE_SEED).integers(len(x), size=(batches, batch_size))
    of_batches = gradients[sampled].mean(axis=1)
    return BatchGradients(full, of_batches, float(np.sqrt(((of_batches - full) ** 2).sum(axis=1).mean())))


# Too few images

OVERFIT_STEPS, OVERFIT_EVERY = 200, 4
OVERFIT_VALIDATION = 400
OVERFIT_RATE = 0.003


@dataclass(frozen=True)
class Overfitting:
    """The losses of a small network that learned from few images.

    Attributes:
        steps: the steps at which they were measured.
        training: loss on the training images, at each of these steps.
        validation: loss on other images.
        best: the step with the lowest validation loss.
    """

    steps: NDArray[np.intp]
    training: NDArray[np.float64]
    validation: NDArray[np.float64]
    best: int

    @property
    def rise(self) -> float:
        """The last validation loss divided by the lowest."""
        return float(self.validation[-1] / self.validation.min())


def overfit(images: int, units: int) -> Overfitting:
    """Train a network with one hidden layer on few digits, by Adam, with all of them at each step.

    Args:
        images: number of training images, at most 800; 400 others are for validation.
        units: number of units in the hidden layer.
    """
    x, targets = _practice(slice(images))
    others, others_targets = _practice(slice(-OVERFIT_VALIDATION, None))
    weights = _start(units)
    means = [np.zeros_like(weight) for weight in weights]
    squares = [np.zeros_like(weight) for weight in weights]
    steps, training, validation = [], [], []
    with on_one_thread():
        for step in range(OVERFIT_STEPS + 1):
            loss, gradients = _loss_and_gradients(weights, x, targets)
            if step % OVERFIT_EVERY == 0:
                steps.append(step)
                training.append(loss)
                validation.append(_cross_entropy(_logits(weights, others)[1], others_targets)[0])
            rate = np.float32(OVERFIT_RATE * np.sqrt(1 - BETA_2 ** (step + 1)) / (1 - BETA_1 ** (step + 1)))
            for weight, mean, square, gradient in zip(weights, means, squares, gradients, strict=True):
                mean += np.float32(1 - BETA_1) * (gradient - mean)
                square += np.float32(1 - BETA_2) * (gradient**2 - square)
                weight -= rate * mean / (np.sqrt(square) + np.float32(EPSILON))
    best = steps[int(np.argmin(validation))]
    return Overfitting(np.array(steps), np.array(training), np.array(validation), best)


# The network of `scaling_losses` and `overfit`: pixels, a hidden layer with ReLU, ten answers; four arrays of weights


def _practice(chosen: slice) -> tuple[Floats, Floats]:
    digits = practice_digits()[chosen]
    pixels = digits.images.reshape(len(digits), -1).astype(np.float32) / np.float32(255)
    return pixels, np.eye(CLASSES, dtype=np.float32)[digits.labels]


def _start(units: int) -> list[Floats]:
    """Initial weights as in Keras' dense layers: Glorot uniform, and zeros for the biases."""
    random = np.random.default_rng(PRACTICE_SEED)
    shapes = ((IMAGE_SHAPE[0] * IMAGE_SHAPE[1], units), (units, CLASSES))
    limits = [(6 / sum(shape)) ** 0.5 for shape in shapes]
    weights = [random.uniform(-limit, limit, shape) for limit, shape in zip(limits, shapes, strict=True)]
    return [array.astype(np.float32) for array in (*weights, np.zeros(units), np.zeros(CLASSES))]


def _logits(weights: list[Floats], x: Floats) -> tuple[Floats, Floats]:
    """The outputs of the hidden layer and of the last one."""
    first, second, first_bias, second_bias = weights
    hidden = np.maximum(x @ first + first_bias, 0)
    return hidden, hidden @ second + second_bias


def _loss_and_gradients(weights: list[Floats], x: Floats, targets: Floats) -> tuple[float, list[Floats]]:
    hidden, logits = _logits(weights, x)
    loss, slope = _cross_entropy(logits, targets)
    back = (slope @ weights[1].T) * (hidden > 0)
    return loss, [x.T @ back, hidden.T @ slope, back.sum(axis=0), slope.sum(axis=0)]


def _cross_entropy(logits: Floats, targets: Floats) -> tuple[float, Floats]:
    """Mean cross-entropy of logits, and its gradient with respect to them."""
    logits = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = float(-(targets * log_probabilities).sum(axis=1).mean())
    return loss, (np.exp(log_probabilities) - targets) / np.float32(len(logits))

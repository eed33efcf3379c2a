"""How far digits may be changed before a model no longer reads them: noise, blur, rotation, shift, inversion.

Random changes come from a fixed seed, so a curve is the same each time, and a larger amount scales the same change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.digits.augmentation import Floats, resampled
from core.digits.dataset import Digits
from core.digits.preprocessing import IMAGE_SIZE
from core.formatting import percent
from core.insight.metrics import accuracy
from core.insight.stored_predictions import predicted
from core.networks.model import Model

IMAGES = 500  # test digits that a point of a curve is measured on: half a second for the largest shipped network
SEED = 5
READABLE = 0.9  # accuracy below which the sentence says that the model no longer reads
_PERCENT = ".0%"  # in the notation of d3-format


@dataclass(frozen=True)
class Change:
    """One way to change a digit.

    Attributes:
        name: as a label has it.
        title: of the axis of its strength, with the unit.
        what: what it does, in a sentence.
        amounts: the strengths at which it is measured, in order; 0, which changes nothing, is among them.
        apply: changes (n, 28, 28) float32 in [0, 1] by a strength.
        text: a strength as people read it, such as "30 degrees left", "10 % noise".
        ticks: how the axis writes a strength, in the notation of d3-format.
    """

    name: str
    title: str
    what: str
    amounts: tuple[float, ...]
    apply: Callable[[Floats, float], Floats]
    text: Callable[[float], str]
    ticks: str = "~f"


def chosen_digits(digits: Digits) -> Digits:
    """The digits that curves are measured on: `IMAGES`, spread evenly, as the two halves of MNIST's test set differ."""
    return digits[np.linspace(0, len(digits) - 1, min(IMAGES, len(digits))).round().astype(np.intp)]


def sample_digits(digits: Digits) -> Digits:
    """The first image of each digit, to be shown with its change."""
    return digits[np.unique(digits.labels, return_index=True)[1]]


def changed(images: np.ndarray, change: Change, amount: float) -> np.ndarray:
    """Change (n, 28, 28) uint8 digits by an amount; which change an image gets depends on its index alone."""
    if amount == 0:
        return images
    new = change.apply((images / np.float32(255)).astype(np.float32), amount)
    return np.asarray((np.clip(new, 0, 1) * 255).round().astype(np.uint8))


def accuracy_at(model: Model, digits: Digits, change: Change, amount: float) -> float:
    """The accuracy of a model on digits that are changed by an amount."""
    return accuracy(predicted(model, changed(digits.images, change, amount)), digits.labels)


def curve_sentence(change: Change, curve: Mapping[float, float], now: float) -> str:
    """What a curve shows at a strength, and from where on the model can no longer read.

    Args:
        change: what was changed.
        curve: accuracy by strength, for all of `change.amounts`.
        now: the strength to speak of.
    """
    far = ""
    if curve[0] >= READABLE:
        lost = [amount for amount in change.amounts if curve[amount] < READABLE]
        nearest = [max((a for a in lost if a < 0), default=0), min((a for a in lost if a > 0), default=0)]
        amounts = " and at ".join(change.text(amount) for amount in nearest if amount)
        verb = f"falls below {percent(READABLE, 0)}"
        far = f" It {verb} at {amounts}." if amounts else f" It never {verb} here."
    if now == 0:
        return f"Unchanged, it reads {percent(curve[0])} of the digits.{far}"
    return f"At {change.text(now)} it reads {percent(curve[now])} of the digits, unchanged {percent(curve[0])}.{far}"


def _noisy(images: Floats, amount: float) -> Floats:
    noise = np.random.default_rng(SEED).standard_normal(images.shape, np.float32)
    return images + np.float32(amount) * noise


def _blurred(images: Floats, sigma: float) -> Floats:
    """Each row and each column averaged with a bell of this width; beyond the edges is paper."""
    pixels = np.arange(IMAGE_SIZE)
    reach = math.ceil(4 * sigma)
    total = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2)).sum()
    bell = (np.exp(-((pixels[:, None] - pixels) ** 2) / (2 * sigma**2)) / total).astype(np.float32)
    return np.asarray(bell @ images @ bell)


def _turned(images: Floats, degrees: float) -> Floats:
    """Turned about the centre, to the right where degrees are positive."""
    turn = math.radians(degrees)
    away = np.arange(IMAGE_SIZE, dtype=np.float32) - (IMAGE_SIZE - 1) / 2
    centre = (IMAGE_SIZE - 1) / 2
    x = centre + math.cos(turn) * away[None, :] + math.sin(turn) * away[:, None]
    y = centre - math.sin(turn) * away[None, :] + math.cos(turn) * away[:, None]
    return _taken(images, np.broadcast_to(x, images.shape), np.broadcast_to(y, images.shape))


def _moved(images: Floats, pixels: float) -> Floats:
    """Moved, each image in a direction of its own."""
    angle = np.random.default_rng(SEED).random(len(images)) * 2 * math.pi
    centres = np.arange(IMAGE_SIZE)
    x = centres[None, None, :] - (pixels * np.cos(angle))[:, None, None]
    y = centres[None, :, None] - (pixels * np.sin(angle))[:, None, None]
    return _taken(images, np.broadcast_to(x, images.shape), np.broadcast_to(y, images.shape))


def _inverted(images: Floats, amount: float) -> Floats:
    return images + np.float32(amount) * (1 - 2 * images)


def _taken(images: Floats, x: np.ndarray, y: np.ndarray) -> Floats:
    return resampled(images, x.astype(np.float32), y.astype(np.float32))


def _steps(first: float, last: float, step: float) -> tuple[float, ...]:
    return tuple(round(first + index * step, 6) for index in range(round((last - first) / step) + 1))


def _percents(of: str) -> Callable[[float], str]:
    return lambda amount: f"{amount * 100:g}\N{THIN SPACE}% {of}"


def _pixels(amount: float) -> str:
    return f"{amount:g} pixel{'s' * (amount != 1)}"


def _degrees(amount: float) -> str:
    return f"{abs(amount):g} degrees{' left' if amount < 0 else ' right' if amount > 0 else ''}"


CHANGES = {
    change.name: change
    for change in (
        Change(
            "Noise",
            "noise (standard deviation, % of full ink)",
            "Each pixel becomes lighter or darker by chance.",
            _steps(0, 0.4, 0.05),
            _noisy,
            _percents("noise"),
            _PERCENT,
        ),
        Change(
            "Blur",
            "blur (standard deviation, pixels)",
            "Each pixel is averaged with its neighbours.",
            _steps(0, 3, 0.5),
            _blurred,
            _pixels,
        ),
        Change(
            "Rotation",
            "rotation (degrees, to the right)",
            "The digit is turned about the centre of the image.",
            _steps(-60, 60, 15),
            _turned,
            _degrees,
        ),
        Change(
            "Shift",
            "shift (pixels)",
            "The digit is moved, each one in a direction of its own.",
            _steps(0, 8, 1),
            _moved,
            _pixels,
        ),
        Change(
            "Inversion",
            "inversion (% of the way to the negative)",
            "Ink turns into paper and paper into ink; half way all is one grey.",
            _steps(0, 1, 0.125),
            _inverted,
            _percents("inversion"),
            _PERCENT,
        ),
    )
}

"""Train the detector, which tells digits from what is no digit: `python -m core detector OUT.safetensors`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.digits.dataset import MIXED_SEED, Dataset, Digits, joined, load_dataset
from core.digits.synthetic.cache import load_handwriting
from core.digits.synthetic.doodles import doodles as draw_doodles
from core.networks.detector import NETWORK, Detector
from core.networks.model import Scores
from core.networks.recipe import Adam, OneCycle, Recipe

if TYPE_CHECKING:
    from core.training.fit import OnProgress

HANDWRITING = 60_000  # built-in digits among the training images
DOODLES = 90_000  # drawings that are no digit among the training images
HELD_OUT_DOODLES = 5_000  # for validation, and as many for the test
DOODLES_SEED = 4

# No augmentation: drawings that nobody has made yet are as cheap as changed ones.
RECIPE = Recipe(
    name="Detector",
    network=NETWORK,
    epochs=5,
    optimizer=Adam(learning_rate=0.005),
    schedule=OneCycle(),
    pipeline="tf.data",
)


def detector_data(handwriting: int = HANDWRITING, doodles: int = DOODLES, held_out: int = HELD_OUT_DOODLES) -> Dataset:
    """MNIST with built-in digits, and with drawings that are no digit in its training, validation and test images.

    Args:
        handwriting: built-in digits to learn from. They deviate further from their styles than those that other models
            learn from: only so does the detector learn how far a digit may stray.
        doodles: drawings to learn from that are no digit.
        held_out: such drawings among the validation images, and as many among the test images.
    """
    digits = load_dataset(validation="split")
    added = Digits(*draw_doodles(doodles + 2 * held_out, DOODLES_SEED))
    return replace(
        digits,
        training=joined(digits.training, Digits(*load_handwriting(handwriting, MIXED_SEED)), added[2 * held_out :]),
        validation=joined(digits.validation or added[:0], added[:held_out]),
        test=joined(digits.test, added[held_out : 2 * held_out]),
    )


def train_detector(data: Dataset, on_progress: OnProgress) -> tuple[Detector, Scores]:
    """Train on what `detector_data` returns; takes about eight minutes on two cores.

    Returns:
        The detector and its scores on the test images, each counted as right where its class of thirteen is.
    """
    from core.training.fit import fit

    model = fit(RECIPE, data, on_progress).model
    return Detector(model.weights, model.scores.temperature), model.scores

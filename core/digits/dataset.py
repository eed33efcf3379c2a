"""The digits a network learns from: MNIST, or the built-in handwriting where MNIST cannot be had."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np

from core.digits import mnist
from core.digits.mnist import TEST_IMAGES, TRAINING_IMAGES, NoMnist
from core.digits.synthetic.cache import load_handwriting, load_handwriting_part

Source = Literal["mnist", "handwriting"]
SOURCE_NAMES = {"mnist": "MNIST", "handwriting": "built-in handwriting"}
Size = Literal["full", "quick"]
Validation = Literal["split", "test", "none"]

QUICK_IMAGES = 10_000
VALIDATION_IMAGES = 5_000
SHOWN_IMAGES = 1_000  # training images from which pages choose what they show
DRAWN_DIGITS = 5_000
COMPARED_DIGITS = 2_000  # built-in digits to compare a drawing with
EVERYDAY_SPREAD = 0.7  # of `handwriting`: what people draw when they mean to be read
SPLIT_SEED = 1998
HANDWRITING_SEED, MIXED_SEED, DRAWN_SEED, COMPARED_SEED = 1, 2, 3, 5  # no digit is used for two purposes

log = logging.getLogger("inkling.dataset")


@dataclass(frozen=True)
class Digits:
    """Images with their labels: (n, 28, 28) uint8, 0 is paper and 255 ink; (n,) uint8 in 0..9. Both read-only."""

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        """Make both arrays contiguous and read-only."""
        for name in ("images", "labels"):
            array = np.ascontiguousarray(getattr(self, name)).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: np.ndarray | slice) -> Digits:
        return Digits(self.images[chosen], self.labels[chosen])


def joined(*parts: Digits) -> Digits:
    """All digits of these parts, in their order."""
    return Digits(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))


@dataclass(frozen=True)
class Dataset:
    """What one run works with.

    Attributes:
        training: what gradients are computed from.
        validation: what the run is watched and its weights are chosen on; None where the recipe wants none. It is
            the test set itself where the recipe says so (script A does).
        test: 10,000 images, for one measurement at the end.
        source: where the images came from, which is not always where the recipe wanted them from.
        notice: a sentence for the page when that is so, else "".
    """

    training: Digits
    validation: Digits | None
    test: Digits
    source: Source
    notice: str = field(default="", compare=False)


def load_dataset(
    source: Source = "mnist", size: Size = "full", validation: Validation = "split", handwriting: int = 0
) -> Dataset:
    """Load the digits that a recipe asks for, or the built-in handwriting with a notice.

    The validation split is stratified (each digit has its share) and always the same, whatever a run's seed, so that
    runs can be compared. The quick size takes a stratified sixth of the training images, the split included.

    Args:
        source: where the images come from.
        size: "full" or "quick".
        validation: what a run is watched on.
        handwriting: how many built-in digits are mixed into the training images; into no others.
    """
    notice = ""
    if source == "mnist":
        try:
            training, test = load_mnist()
        except NoMnist as problem:
            source, notice = "handwriting", f"{problem} Training uses Inkling's built-in handwriting instead."
            log.warning("event=no_mnist instead=handwriting because=%r", str(problem))
    if source == "handwriting":
        training, test = _built_in_handwriting()
    training, held_out = _split(training, size, validation, handwriting)
    return Dataset(training, test if validation == "test" else held_out, test, source, notice)


def made_digits(size: Size, validation: Validation, handwriting: int) -> dict[str, np.ndarray]:
    """The digits of `load_dataset` from the built-in handwriting, which nobody can download.

    Returns:
        "x_train", "y_train", "x_test", "y_test", and "x_val" and "y_val" of a split: images (n, 28, 28) and labels
        (n,), uint8.
    """
    # Made without the cache, so that a process that makes them once does not hold them.
    training, test = _built_in_handwriting.__wrapped__()
    training, held_out = _split(training, size, validation, handwriting)
    parts = {"train": training, "val": held_out, "test": test}
    return {
        f"{axis}_{kind}": values
        for kind, digits in parts.items()
        if digits
        for axis, values in (("x", digits.images), ("y", digits.labels))
    }


def _split(training: Digits, size: Size, validation: Validation, handwriting: int) -> tuple[Digits, Digits | None]:
    """Choose what is trained on and, where the validation is a split, what is held out, from all training images."""
    wanted = QUICK_IMAGES if size == "quick" else len(training)
    order = _stratified_order(training.labels)[:wanted]
    held_out = min(VALIDATION_IMAGES, wanted // 5) if validation == "split" else 0
    kept = training[order[held_out:]]
    if handwriting:
        kept = joined(kept, Digits(*load_handwriting(handwriting, MIXED_SEED, spread=EVERYDAY_SPREAD)))
    return kept, training[order[:held_out]] if held_out else None


def _stratified_order(labels: np.ndarray) -> np.ndarray:
    """An order of which every beginning holds each digit in its share of the whole; random within that."""
    random = np.random.default_rng(SPLIT_SEED)
    shuffled = random.permutation(len(labels))
    position = np.empty(len(labels))
    for digit in np.unique(labels):
        own = shuffled[labels[shuffled] == digit]
        position[own] = (np.arange(len(own)) + random.random()) / len(own)
    return np.argsort(position, kind="stable")


@cache
def load_mnist() -> tuple[Digits, Digits]:
    """MNIST's 60,000 training and 10,000 test digits.

    Raises:
        NoMnist: it is not on this machine and cannot be downloaded.
    """
    training, test = mnist.load()
    return Digits(*training), Digits(*test)


@cache
def _built_in_handwriting() -> tuple[Digits, Digits]:
    digits = Digits(*load_handwriting(TRAINING_IMAGES + TEST_IMAGES, HANDWRITING_SEED))
    return digits[:TRAINING_IMAGES], digits[TRAINING_IMAGES:]


@cache
def drawn_digits() -> Digits:
    """5,000 built-in digits as people draw them on the board, all with one pen; no model is trained on these."""
    return Digits(*load_handwriting(DRAWN_DIGITS, DRAWN_SEED, spread=EVERYDAY_SPREAD, even_pen=True))


@cache
def unseen_digits(source: Source) -> Digits:
    """The 10,000 digits that no network learns from and all are measured on, read without the training images.

    Raises:
        NoMnist: MNIST is not on this machine; nothing is downloaded.
    """
    if source == "handwriting":
        everything = TRAINING_IMAGES + TEST_IMAGES
        return Digits(*load_handwriting_part(everything, HANDWRITING_SEED, TRAINING_IMAGES, everything))
    return Digits(*mnist.read_test_images())


def training_sample(source: Source) -> Digits:
    """The first thousand training images of a source; a recipe may hold some of them back to validate on.

    Raises:
        NoMnist: as `unseen_digits`.
    """
    if source == "handwriting":
        return Digits(*load_handwriting_part(TRAINING_IMAGES + TEST_IMAGES, HANDWRITING_SEED, 0, SHOWN_IMAGES))
    images, labels = mnist.read_first_images()
    return Digits(images[:SHOWN_IMAGES], labels[:SHOWN_IMAGES])


def mnist_sample() -> Digits:
    """Eighty-two images that training with MNIST sees, whatever the recipe's size and validation.

    Raises:
        NoMnist: as `unseen_digits`.
    """
    # Beyond these some recipes hold images out, and the quick size leaves them out.
    return _first_trained(QUICK_IMAGES, SHOWN_IMAGES)


def compared_digits(source: Source = "mnist") -> tuple[Digits, Source]:
    """Up to 2,000 digits of the kind that a model has learned from, to compare a drawing with, and their source.

    MNIST's are those of its first 2,000 training images that the validation split leaves in the training set. Where
    MNIST is not on this machine they are built-in digits; nothing is downloaded.
    """
    if source == "mnist":
        try:
            return _first_trained(TRAINING_IMAGES, mnist.FIRST_IMAGES), "mnist"
        except NoMnist:
            pass
    return Digits(*load_handwriting(COMPARED_DIGITS, COMPARED_SEED)), "handwriting"


@cache
def _first_trained(size: int, most: int) -> Digits:
    """Those of MNIST's first `most` training images that a split of so many images trains on."""
    images, labels = mnist.read_first_images()
    indices = np.sort(_stratified_order(labels)[VALIDATION_IMAGES:size])
    indices = indices[indices < most]
    return Digits(images[indices], labels[indices])

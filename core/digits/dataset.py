"""The digits a network learns from: MNIST, or the built-in handwriting where MNIST cannot be had.

MNIST is the work of LeCun, Cortes and Burges (1998). Its arrays are recognised by their own hashes, whatever archive
they came in, so a damaged or foreign file is never taken for it.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import logging
import queue
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from core import config
from core.digits.synthetic.cache import load_handwriting, load_handwriting_part
from core.errors import InklingError
from core.storage import home, write_whole

Source = Literal["mnist", "handwriting"]
SOURCE_NAMES = {"mnist": "MNIST", "handwriting": "built-in handwriting"}
Size = Literal["full", "quick"]
Validation = Literal["split", "test", "none"]

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"  # where Keras gets it
MNIST_SHA256 = {  # of the raw array bytes
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
MNIST_BEGINNING = 1_000  # training images at the archive's beginning
MNIST_BEGINNING_SHA256 = "2304e0137aea1f236247daacc2dcaf275996895e40c4bb0760c448434d361d1a"
SAMPLE_IMAGES = 2_000  # training images to compare a drawing with
SAMPLE_SHA256 = "4d1e2862007bab5908d814e74806c6c8f7c4a4f32b5875d195406d4d1dbe4946"
MNIST_BYTES = 60_000_000  # the four arrays together hold 54.95 MB; an archive that claims more is none of ours
PIECE_BYTES = 65_536  # of a download
PIECE_SECONDS = 4.0  # until the next has come; a proxy that hangs must not delay the built-in handwriting
DOWNLOAD_SECONDS = 120.0  # for the whole
UNREACHABLE_SECONDS = 600.0  # in which a download that failed is not tried again, so that not every run waits for it
TRAINING_IMAGES = 60_000
TEST_IMAGES = 10_000
QUICK_IMAGES = 10_000
VALIDATION_IMAGES = 5_000
DRAWN_DIGITS = 5_000
EVERYDAY_SPREAD = 0.7  # of `handwriting`: what people draw when they mean to be read
SPLIT_SEED = 1998
HANDWRITING_SEED, MIXED_SEED, DRAWN_SEED, SAMPLE_SEED = 1, 2, 3, 5  # no digit is used for two purposes

log = logging.getLogger("inkling.dataset")


class NoMnist(InklingError):
    """MNIST is neither on this machine nor to be downloaded; the message says what was tried."""


@dataclass(frozen=True)
class Digits:
    """Images with their labels: (n, 28, 28) uint8, 0 is paper and 255 ink; (n,) uint8 in 0..9. Both read-only."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: np.ndarray | slice) -> Digits:
        return _frozen(self.images[chosen], self.labels[chosen])


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
    source: Source = "mnist",
    size: Size = "full",
    validation: Validation = "split",
    handwriting: int = 0,
) -> Dataset:
    """Find the digits that a recipe asks for, or the built-in handwriting with a notice.

    The validation split is stratified (each digit has its share) and always the same, whatever a run's seed, so that
    runs can be compared. The quick size takes a stratified sixth of the training images, the split included.

    Args:
        source: where the images come from.
        size: "full" or "quick".
        validation: what a run is watched on.
        handwriting: so many built-in digits are mixed into the training images, and only there.
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
    training, watched, test = _assembled(training, test, size, validation, handwriting)
    return Dataset(training, watched, test, source, notice)


def made_digits(
    source: Source = "mnist",
    size: Size = "full",
    validation: Validation = "split",
    handwriting: int = 0,
) -> dict[str, np.ndarray]:
    """What Inkling itself makes of the digits that `load_dataset` gives: what no download has.

    All of them, in their order, where the source is the built-in handwriting; else what is mixed into MNIST's.

    Args:
        source: as all of these in `load_dataset`.
        size: "full" or "quick".
        validation: what a run is watched on.
        handwriting: built-in digits that are mixed in.

    Returns:
        "x_train" and "y_train", and "x_val", "y_val", "x_test" and "y_test" where there are such: images (n, 28, 28)
        and labels (n,), uint8.
    """
    # Made without the cache, so that a process that makes them once does not keep them.
    training, test = _built_in_handwriting.__wrapped__() if source == "handwriting" else (_NOTHING, _NOTHING)
    training, watched, test = _assembled(training, test, size, validation, handwriting)
    parts = {"train": training, "val": watched if validation == "split" else None, "test": test}
    return {
        f"{axis}_{kind}": values
        for kind, digits in parts.items()
        if digits
        for axis, values in (("x", digits.images), ("y", digits.labels))
    }


def _assembled(
    training: Digits, test: Digits, size: Size, validation: Validation, handwriting: int
) -> tuple[Digits, Digits | None, Digits]:
    """What is trained on, watched and tested, from all training and test images of a source."""
    wanted = QUICK_IMAGES if size == "quick" else len(training)
    order = _stratified_order(training.labels)[:wanted]
    held_out = min(VALIDATION_IMAGES, wanted // 5) if validation == "split" else 0
    kept_back, training = training[order[:held_out]], training[order[held_out:]]
    if handwriting:
        training = joined(training, Digits(*load_handwriting(handwriting, MIXED_SEED, spread=EVERYDAY_SPREAD)))
    watched = {"split": kept_back, "test": test, "none": None}[validation]
    return training, watched, test


@cache
def drawn_digits() -> Digits:
    """5,000 built-in digits as people draw them on the board, all with one pen; no model is trained on these."""
    return _frozen(*load_handwriting(DRAWN_DIGITS, DRAWN_SEED, spread=EVERYDAY_SPREAD, even_pen=True))


@cache
def load_mnist() -> tuple[Digits, Digits]:
    """MNIST's 60,000 training and 10,000 test digits.

    Looked for in the file that `INKLING_MNIST` names, then in Inkling's and Keras' own caches, then on the network.

    Raises:
        NoMnist: none of them has it.
    """
    for path in _mnist_files():
        if not path.is_file():
            if path == config.mnist():
                log.warning("event=no_file named_by=INKLING_MNIST file=%r", str(path))
            continue
        try:
            if path.stat().st_size > MNIST_BYTES:
                raise ValueError("it is larger than MNIST")
            return _parsed(path.read_bytes())
        except (OSError, ValueError) as problem:
            log.warning("event=not_mnist file=%r because=%r", str(path), str(problem))
    return _downloaded()


def mnist_sample() -> Digits:
    """Eighty-two images that training with MNIST sees, whatever the recipe's size and validation.

    Read from the beginning of an archive on this machine, in a fiftieth of a second and without the 55 MB of the whole.

    Raises:
        NoMnist: there is none on this machine; nothing is downloaded.
    """
    beginning, labels = _mnist_beginning(MNIST_BEGINNING, MNIST_BEGINNING_SHA256)
    # Held out at most up to the first place, trained on at least up to the second.
    places = np.sort(_stratified_order(labels)[VALIDATION_IMAGES:QUICK_IMAGES])
    return beginning[places[places < MNIST_BEGINNING]]


def training_sample(source: Source) -> Digits:
    """The first thousand training images of a source; a recipe may hold some of them back to validate on.

    Raises:
        NoMnist: as `mnist_sample`.
    """
    if source == "mnist":
        return _mnist_beginning(MNIST_BEGINNING, MNIST_BEGINNING_SHA256)[0]
    return _frozen(*load_handwriting_part(TRAINING_IMAGES + TEST_IMAGES, HANDWRITING_SEED, 0, MNIST_BEGINNING))


def compared_digits(source: Source = "mnist") -> tuple[Digits, Source]:
    """Up to 2,000 digits of the kind that a model has learned from, to compare a drawing with, and what they are.

    MNIST's are those of its first 2,000 training images that the validation split leaves in the training set. Where
    there is no MNIST on this machine they are built-in digits; nothing is downloaded, and never is the whole loaded.
    """
    if source == "mnist":
        try:
            return _mnist_training_sample(), "mnist"
        except NoMnist:
            pass
    return _frozen(*load_handwriting(SAMPLE_IMAGES, SAMPLE_SEED)), "handwriting"


@cache
def _mnist_training_sample() -> Digits:
    beginning, labels = _mnist_beginning(SAMPLE_IMAGES, SAMPLE_SHA256)
    places = np.sort(_stratified_order(labels)[VALIDATION_IMAGES:])
    places = places[places < SAMPLE_IMAGES]
    return beginning[places]


@cache
def unseen_digits(source: Source) -> Digits:
    """The 10,000 digits that no network learns from and all are measured on, read without the training images.

    Raises:
        NoMnist: as `mnist_sample`.
    """
    if source == "handwriting":
        everything = TRAINING_IMAGES + TEST_IMAGES
        return _frozen(*load_handwriting_part(everything, HANDWRITING_SEED, TRAINING_IMAGES, everything))
    size = TEST_IMAGES * 784
    images, labels = _mnist_parts(
        _Part("x_test", size, size, MNIST_SHA256["x_test"]),
        _Part("y_test", TEST_IMAGES, TEST_IMAGES, MNIST_SHA256["y_test"]),
    )
    return _frozen(images.reshape(-1, 28, 28), labels)


def _mnist_beginning(count: int, sha256: str) -> tuple[Digits, np.ndarray]:
    """The first so many training images, whose pixels have this hash, and the labels of all."""
    images, labels = _mnist_parts(
        _Part("x_train", TRAINING_IMAGES * 784, count * 784, sha256),
        _Part("y_train", TRAINING_IMAGES, TRAINING_IMAGES, MNIST_SHA256["y_train"]),
    )
    return _frozen(images.reshape(-1, 28, 28), labels[:count]), labels


class _Part(NamedTuple):
    """The first `wanted` bytes of an array that has `size`, and their hash."""

    name: str
    size: int
    wanted: int
    sha256: str


def _mnist_parts(*parts: _Part) -> list[np.ndarray]:
    """Parts of MNIST from an archive on this machine, or NoMnist."""
    for path in _mnist_files():
        try:
            with zipfile.ZipFile(path) as archive:
                contents = [_beginning(archive, part) for part in parts]
        except Exception:  # as many kinds as in `_parsed`; there, a log entry says which
            continue
        if [hashlib.sha256(content).hexdigest() for content in contents] == [part.sha256 for part in parts]:
            return [np.frombuffer(content, np.uint8) for content in contents]
    raise NoMnist("MNIST is not on this machine yet.")


def _beginning(archive: zipfile.ZipFile, part: _Part) -> bytes:
    """A part of an .npz archive in which nothing but a header stands before the array."""
    member = archive.getinfo(f"{part.name}.npy")
    header = member.file_size - part.size
    if not 0 < header < 1000:
        raise ValueError(f"its {part.name} has another size")
    with archive.open(member) as content:
        return content.read(header + part.wanted)[header:]


def _mnist_files() -> Iterator[Path]:
    if named := config.mnist():
        yield named
    yield home() / "cache" / "mnist.npz"
    yield config.keras_home() / "datasets" / "mnist.npz"


_failed_at: dict[str, float] = {}  # when a download from this address failed last, on this process' own clock


def _downloaded() -> tuple[Digits, Digits]:
    refusal = NoMnist("MNIST is not on this machine and could not be downloaded.")
    if time.monotonic() - _failed_at.get(MNIST_URL, -UNREACHABLE_SECONDS) < UNREACHABLE_SECONDS:
        raise refusal
    try:
        content = _fetched(MNIST_URL)
        digits = _parsed(content)
    except (OSError, ValueError, http.client.HTTPException) as problem:
        log.warning("event=not_downloaded url=%s because=%r", MNIST_URL, str(problem))
        _failed_at[MNIST_URL] = time.monotonic()
        raise refusal from None
    try:
        write_whole(home() / "cache" / "mnist.npz", content)
    except OSError as problem:
        log.warning("event=not_kept what=mnist because=%r", str(problem))
    return digits


def _fetched(url: str) -> bytes:
    """What lies at an address; raises TimeoutError where it does not come, or stops coming, for some seconds.

    In a thread, because no time-out of a socket's covers the look-up of the name, a second address, or a server that
    sends a byte now and then.
    """
    pieces: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def fetch() -> None:
        try:
            with urllib.request.urlopen(url, timeout=PIECE_SECONDS) as answer:
                while piece := answer.read(PIECE_BYTES):
                    pieces.put(piece)
            pieces.put(b"")
        except Exception as problem:
            pieces.put(problem)

    threading.Thread(target=fetch, daemon=True).start()
    deadline = time.monotonic() + DOWNLOAD_SECONDS
    content = bytearray()
    while time.monotonic() < deadline and len(content) <= MNIST_BYTES:
        try:
            piece = pieces.get(timeout=PIECE_SECONDS)
        except queue.Empty:
            break
        if isinstance(piece, Exception):
            raise piece
        if not piece:
            return bytes(content)
        content += piece
    raise TimeoutError("nothing came, too slowly, or too much")


def _parsed(content: bytes) -> tuple[Digits, Digits]:
    """Read an .npz archive of MNIST, or raise ValueError saying what is wrong with it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MNIST_BYTES:
                raise ValueError("it holds more than MNIST does")
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in MNIST_SHA256}
    except Exception as problem:  # zipfile, its decompressors and NumPy have a dozen errors for a damaged archive
        raise ValueError(f"it is damaged ({problem})") from None
    for name, expected in MNIST_SHA256.items():
        if hashlib.sha256(arrays[name].tobytes()).hexdigest() != expected:
            raise ValueError(f"its {name} is not MNIST's")
    return _frozen(arrays["x_train"], arrays["y_train"]), _frozen(arrays["x_test"], arrays["y_test"])


@cache
def _built_in_handwriting() -> tuple[Digits, Digits]:
    images, labels = load_handwriting(TRAINING_IMAGES + TEST_IMAGES, HANDWRITING_SEED)
    digits = _frozen(images, labels)
    return digits[:TRAINING_IMAGES], digits[TRAINING_IMAGES:]


def joined(*parts: Digits) -> Digits:
    """All images of these parts, in their order, with their labels."""
    return _frozen(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))


def _stratified_order(labels: np.ndarray) -> np.ndarray:
    """An order of which every beginning holds each digit in its share of the whole; random within that."""
    random = np.random.default_rng(SPLIT_SEED)
    shuffled = random.permutation(len(labels))
    place = np.empty(len(labels))
    for digit in np.unique(labels):
        own = shuffled[labels[shuffled] == digit]
        place[own] = (np.arange(len(own)) + random.random()) / len(own)
    return np.argsort(place, kind="stable")


def _frozen(images: np.ndarray, labels: np.ndarray) -> Digits:
    images, labels = np.ascontiguousarray(images), np.ascontiguousarray(labels)
    images.flags.writeable = labels.flags.writeable = False
    return Digits(images, labels)


_NOTHING = _frozen(np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8))

"""MNIST: found on this machine or downloaded, and recognised by the hashes of its arrays.

A damaged or foreign file is never taken for it, and it may come in any archive that holds the same arrays. MNIST is the
work of LeCun, Cortes and Burges (1998).
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
from math import prod
from pathlib import Path

import numpy as np

from core import environment
from core.errors import InklingError
from core.files import home, write_whole

TRAINING_IMAGES = 60_000
TEST_IMAGES = 10_000
FIRST_IMAGES = 2_000  # training images that can be read without the others
URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"  # where Keras gets it
SHA256 = {  # of the raw array bytes
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
FIRST_IMAGES_SHA256 = "4d1e2862007bab5908d814e74806c6c8f7c4a4f32b5875d195406d4d1dbe4946"
MAX_BYTES = 60_000_000  # the four arrays together hold 54.95 MB; an archive that claims more is not MNIST
CHUNK_BYTES = 65_536  # of a download
CHUNK_SECONDS = 4.0  # to wait for a chunk; a proxy that hangs must not delay a training
DOWNLOAD_SECONDS = 120.0  # for the whole
RETRY_SECONDS = 600.0  # after a failed download until the next attempt, so that not every run waits for it

Labelled = tuple[np.ndarray, np.ndarray]  # images (n, 28, 28) uint8 and labels (n,) uint8

log = logging.getLogger("inkling.dataset")


class NoMnist(InklingError):
    """MNIST is not on this machine and cannot be downloaded; the message says what was tried."""


def load() -> tuple[Labelled, Labelled]:
    """MNIST's 60,000 training and 10,000 test digits.

    Looked for in the file that `INKLING_MNIST` names, then in Inkling's and Keras' own caches, then on the network.

    Raises:
        NoMnist: none of these has it.
    """
    for path in _files():
        if not path.is_file():
            if path == environment.mnist():
                log.warning("event=no_file named_by=INKLING_MNIST file=%r", str(path))
            continue
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError("it is larger than MNIST")
            return _parse(path.read_bytes())
        except (OSError, ValueError) as problem:
            log.warning("event=not_mnist file=%r because=%r", str(path), str(problem))
    return _download()


def read_first_images() -> Labelled:
    """The first 2,000 training images, and the labels of all 60,000.

    Read from the beginning of an archive on this machine, in a fiftieth of a second and without its 55 MB.

    Raises:
        NoMnist: there is none on this machine; nothing is downloaded.
    """
    return _read(("x_train", FIRST_IMAGES, FIRST_IMAGES_SHA256), ("y_train", TRAINING_IMAGES, SHA256["y_train"]))


def read_test_images() -> Labelled:
    """The 10,000 test images and their labels, read from this machine without the training images.

    Raises:
        NoMnist: as `read_first_images`.
    """
    return _read(("x_test", TEST_IMAGES, SHA256["x_test"]), ("y_test", TEST_IMAGES, SHA256["y_test"]))


def _files() -> Iterator[Path]:
    if named := environment.mnist():
        yield named
    yield home() / "cache" / "mnist.npz"
    yield environment.keras_home() / "datasets" / "mnist.npz"


def _read(*parts: tuple[str, int, str]) -> Labelled:
    """Read images and their labels from an archive on this machine: an array's name, how many of it, their SHA-256.

    Raises:
        NoMnist: no archive has them.
    """
    for path in _files():
        try:
            with zipfile.ZipFile(path) as archive:
                images, labels = (_beginning(archive, name, count) for name, count, _ in parts)
        except Exception:  # as many kinds as in `_parse`, which logs them
            continue
        if [_sha256(images), _sha256(labels)] == [expected for _, _, expected in parts]:
            return images, labels
    raise NoMnist("MNIST is not on this machine yet.")


def _beginning(archive: zipfile.ZipFile, name: str, count: int) -> np.ndarray:
    """The first images or labels of an array in an .npz archive."""
    shape = (count, 28, 28) if name.startswith("x") else (count,)
    with archive.open(f"{name}.npy") as content:
        np.lib.format.read_magic(content)
        np.lib.format.read_array_header_1_0(content)
        return np.frombuffer(content.read(prod(shape)), np.uint8).reshape(shape)


def _sha256(array: np.ndarray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def _parse(content: bytes) -> tuple[Labelled, Labelled]:
    """Read an .npz archive of MNIST, or raise ValueError saying what is wrong with it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                raise ValueError("it holds more than MNIST does")
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in SHA256}
    except Exception as problem:  # zipfile, its decompressors and NumPy have a dozen errors for a damaged archive
        raise ValueError(f"it is damaged ({problem})") from None
    for name, expected in SHA256.items():
        if _sha256(arrays[name]) != expected:
            raise ValueError(f"its {name} is not MNIST's")
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


_failed_at: dict[str, float] = {}  # when the last download from this URL failed, by `time.monotonic`


def _download() -> tuple[Labelled, Labelled]:
    refusal = NoMnist("MNIST is not on this machine and could not be downloaded.")
    if time.monotonic() - _failed_at.get(URL, -RETRY_SECONDS) < RETRY_SECONDS:
        raise refusal
    try:
        content = _fetch(URL)
        arrays = _parse(content)
    except (OSError, ValueError, http.client.HTTPException) as problem:
        log.warning("event=not_downloaded url=%s because=%r", URL, str(problem))
        _failed_at[URL] = time.monotonic()
        raise refusal from None
    try:
        write_whole(home() / "cache" / "mnist.npz", content)
    except OSError as problem:
        log.warning("event=not_kept what=mnist because=%r", str(problem))
    return arrays


def _fetch(url: str) -> bytes:
    """Download a file; raises TimeoutError where nothing comes for some seconds, or too much.

    In a thread, because no socket's timeout covers the look-up of the name, a second address, or a server that sends a
    byte now and then.
    """
    chunks: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def fetch() -> None:
        try:
            with urllib.request.urlopen(url, timeout=CHUNK_SECONDS) as response:
                while chunk := response.read(CHUNK_BYTES):
                    chunks.put(chunk)
            chunks.put(b"")
        except Exception as problem:
            chunks.put(problem)

    threading.Thread(target=fetch, daemon=True).start()
    deadline = time.monotonic() + DOWNLOAD_SECONDS
    content = bytearray()
    while time.monotonic() < deadline and len(content) <= MAX_BYTES:
        try:
            chunk = chunks.get(timeout=CHUNK_SECONDS)
        except queue.Empty:
            break
        if isinstance(chunk, Exception):
            raise chunk
        if not chunk:
            return bytes(content)
        content += chunk
    raise TimeoutError("nothing came, too slowly, or too much")

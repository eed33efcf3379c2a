"""Built-in handwriting on disk: made once, checked whenever it is read, and made again where it is damaged."""

import os
import subprocess
import sys
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path

import numpy as np

from core.digits.preprocessing import IMAGE_SIZE
from core.digits.synthetic.handwriting import VERSION, Bytes, handwriting
from core.files import home, write_whole

KEPT_FILES = 2  # of a seed: one for training by a recipe, one for fine-tuning
DIGEST_SIZE = sha256().digest_size  # bytes at a file's beginning, before its images and labels


def load_handwriting(count: int, seed: int, *, spread: float = 1.0, even_pen: bool = False) -> tuple[Bytes, Bytes]:
    """Return what `handwriting` does, kept in `cache` in Inkling's home; older files of this seed are removed.

    Where nothing can be written, the digits are made again each time.

    Args:
        count: how many digits, 0 or more.
        seed: 0 or more.
        spread: as in `handwriting`.
        even_pen: as in `handwriting`.

    Returns:
        images: (count, 28, 28) uint8; labels: (count,) uint8; both read-only.
    """
    path = _path(count, seed, spread, even_pen)
    kept = _read(path, count, 0, count)
    if kept:
        return kept
    images, labels = handwriting(count, seed, spread=spread, even_pen=even_pen)
    images.flags.writeable = labels.flags.writeable = False
    with suppress(OSError):
        _write(path, images, labels)
        _remove_older(path, seed)
    return images, labels


def load_handwriting_part(count: int, seed: int, start: int, stop: int) -> tuple[Bytes, Bytes]:
    """Return the digits from `start` to before `stop` of `load_handwriting(count, seed)`.

    Where they are not on disk yet, a process of its own makes them all, so that this one never holds more than the
    part, unless nothing can be written.
    """
    path = _path(count, seed)
    part = _read(path, count, start, stop)
    if part is None:
        _make_in_another_process(count, seed)
        part = _read(path, count, start, stop)
    if part is None:
        images, labels = load_handwriting(count, seed)
        part = images[start:stop].copy(), labels[start:stop].copy()
    return part


def _path(count: int, seed: int, spread: float = 1.0, even_pen: bool = False) -> Path:
    hand = f"{spread:g}{'-even' * even_pen}"
    return home() / "cache" / f"handwriting-v{VERSION}-{count}-{seed}-{hand}.bin"


def _read(path: Path, count: int, start: int, stop: int) -> tuple[Bytes, Bytes] | None:
    """Read the digits from `start` to before `stop` of `count`, or nothing where the file is missing or damaged."""
    image_bytes = IMAGE_SIZE**2
    with suppress(OSError), path.open("rb") as file:
        expected = file.read(DIGEST_SIZE)
        is_whole = file_digest(file, "sha256").digest() == expected
        if is_whole and file.tell() == DIGEST_SIZE + count * (image_bytes + 1):
            file.seek(DIGEST_SIZE + start * image_bytes)
            images = np.fromfile(file, np.uint8, (stop - start) * image_bytes)
            file.seek(DIGEST_SIZE + count * image_bytes + start)
            labels = np.fromfile(file, np.uint8, stop - start)
            images.flags.writeable = labels.flags.writeable = False
            return images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE), labels
    return None


def _write(path: Path, images: Bytes, labels: Bytes) -> None:
    parts = [values.ravel().data for values in (images, labels)]
    digest = sha256()
    for part in parts:
        digest.update(part)
    write_whole(path, b"".join([digest.digest(), *parts]))


def _remove_older(path: Path, seed: int) -> None:
    """Keep this file of a seed and the latest others, `KEPT_FILES` together.

    Another process that is reading one of the rest reads it to its end; Windows does not let it be removed.
    """
    others = [other for other in path.parent.glob(f"handwriting-v*-*-{seed}-*.bin") if other != path]
    newest_first = sorted(others, key=lambda other: other.stat().st_mtime_ns, reverse=True)
    for other in newest_first[KEPT_FILES - 1 :]:
        other.unlink(missing_ok=True)


def _make_in_another_process(count: int, seed: int) -> None:
    """Make digits and keep them on disk; 70,000 of them take four times their 55 MB while they are made."""
    paths = os.pathsep.join(filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")]))
    with suppress(OSError):
        subprocess.run(
            [sys.executable, "-c", f"from {__name__} import load_handwriting; load_handwriting({count}, {seed})"],
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            check=False,
        )

"""A model's answers to all test digits: read from where they are kept, or worked out in the background.

A run's answers are kept with the run. Those of the shipped model lie beside it; those of any other model are worked out
once, in NumPy, and kept in Inkling's cache by the model's fingerprint.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.digits.dataset import TEST_IMAGES, Source, unseen_digits
from core.errors import InklingError
from core.insight.prediction import on_one_thread
from core.networks.model import PRETRAINED, Model
from core.networks.network import BATCH, CLASSES
from core.storage import home, sealed, unsealed, write_whole

PRETRAINED_ANSWERS = PRETRAINED.with_suffix(".answers.safetensors")
LEAST_LOG = -17.0  # of a probability, about 4e-8
KEPT_FILES = 40  # of 200 kB in the cache; the ones unused for longest go
KEPT_TASKS = 8
AT_ONCE = 32  # images in one forward pass; with 128 the shipped network takes 60 MB

_log = logging.getLogger("inkling.answers")
_one_at_a_time = threading.Lock()


def answered(model: Model, images: np.ndarray) -> np.ndarray:
    """`Model.probabilities` of many images, in little memory: a page's process has others to serve."""
    with on_one_thread():
        parts = [model.probabilities(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]
    return np.concatenate(parts)


class Answering:
    """A model that reads the test digits in a thread of its own, so that no page waits for it.

    Attributes:
        answered: digits that it has read so far.
        probabilities: (n, 10) float32 once it has read all, else None.
        problem: why it ended without, in a sentence, else "".
    """

    def __init__(self, model: Model, source: Source, run: str = "") -> None:
        """Begin.

        Args:
            model: that reads.
            source: whose test digits.
            run: that left the model, for the log; "" where it is no run's.
        """
        self.answered = 0
        self.probabilities: np.ndarray | None = None
        self.problem = ""
        self._model, self._source, self._run = model, source, run
        self._thread = threading.Thread(target=self._work, name="answering", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Return when it is over."""
        self._thread.join()

    def _work(self) -> None:
        try:
            with _one_at_a_time:  # two would take as long, and leave less of the processor to the pages
                images = unseen_digits(self._source).images
                parts = []
                for start in range(0, len(images), BATCH):
                    parts.append(answered(self._model, images[start : start + BATCH]))
                    self.answered = min(start + BATCH, len(images))
            probabilities = np.concatenate(parts)
            keep(self._model, self._source, probabilities)
            self.probabilities = probabilities
        except InklingError as problem:
            self.problem = str(problem)
        except Exception:
            fingerprint = self._model.fingerprint[:12]  # a model from a file has no run
            _log.exception("event=not_answered run=%s model=%s source=%s", self._run, fingerprint, self._source)
            self.problem = "The test digits could not be read, and it is our fault. Reload the page to try again."


_tasks: OrderedDict[tuple[str, Source], Answering] = OrderedDict()
_tasks_lock = threading.Lock()


def answering(model: Model, source: Source, run: str = "") -> Answering:
    """The work on these answers, begun now if it has not begun before in this process. Takes what `Answering` does."""
    with _tasks_lock:
        key = (model.fingerprint, source)
        if key not in _tasks or _tasks[key].problem:
            _tasks[key] = Answering(model, source, run)
        _tasks.move_to_end(key)
        while len(_tasks) > KEPT_TASKS:
            _tasks.popitem(last=False)
        return _tasks[key]


def kept(model: Model, source: Source) -> np.ndarray | None:
    """The answers of a model to a source's test digits, (10000, 10) float32, where they are kept; else None."""
    for path in (PRETRAINED_ANSWERS, _cached_at(model, source)):
        probabilities = read_answers(path, model, source)
        if probabilities is not None:
            return probabilities
    return None


def keep(model: Model, source: Source, probabilities: np.ndarray) -> None:
    """Keep the answers for the next time; a disk that is full costs the time of working them out again, no more."""
    path = _cached_at(model, source)
    with suppress(OSError):
        write_whole(path, sealed(to_bytes(model, source, probabilities)))
        files = sorted(path.parent.glob("answers-*.sealed"), key=lambda file: file.stat().st_mtime)
        for old in files[:-KEPT_FILES]:
            old.unlink(missing_ok=True)


def to_bytes(model: Model, source: Source, probabilities: np.ndarray) -> bytes:
    """Answers as the content of a file: 20 bytes for an image.

    Logarithms, because a float16 has its digits near zero, and most probabilities lie near 1 or near 0: no
    probability changes by more than 0.0003.
    """
    logs = np.log(np.maximum(probabilities, np.exp(LEAST_LOG))).astype(np.float16)
    return save({"log_probabilities": logs}, {"model": model.fingerprint, "source": source})


def read_answers(path: Path, model: Model, source: Source) -> np.ndarray | None:
    """What `to_bytes` wrote into a file, if it is whole and about this model and source; else None.

    In the cache it was sealed first.
    """
    try:
        content = path.read_bytes()
        content = unsealed(content) if path.suffix == ".sealed" else content
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        if header["__metadata__"] != {"model": model.fingerprint, "source": source}:
            return None
        logs = load(content)["log_probabilities"]
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):  # Damaged is one
        return None
    if logs.shape != (TEST_IMAGES, CLASSES) or logs.dtype != np.float16 or not bool((logs <= 0).all()):
        return None
    probabilities = np.exp(logs.astype(np.float32))
    sums = probabilities.sum(axis=1, keepdims=True)
    return np.asarray(probabilities / sums) if bool((np.abs(sums - 1) < 0.01).all()) else None


def _cached_at(model: Model, source: Source) -> Path:
    return home() / "cache" / f"answers-{source}-{model.fingerprint[:32]}.sealed"

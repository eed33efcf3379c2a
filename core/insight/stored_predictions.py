"""A model's probabilities for all test digits: read from a file, or computed in the background.

Those of a run are stored with the run, those of the pretrained model lie beside it. For any other model they are
computed once, in NumPy, and saved in Inkling's cache under the model's fingerprint.
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

from core.digits.dataset import Source, unseen_digits
from core.digits.mnist import TEST_IMAGES
from core.errors import InklingError
from core.files import home, sealed, unsealed, write_whole
from core.insight.prediction import on_one_thread
from core.networks.model import PRETRAINED, Model
from core.networks.network import BATCH, CLASSES

PRETRAINED_ANSWERS = PRETRAINED.with_suffix(".answers.safetensors")
LEAST_LOG = -17.0  # of a probability, about 4e-8
MAX_CACHED_FILES = 40  # of 200 kB each; the oldest are deleted
MAX_TASKS = 8
AT_ONCE = 32  # images in one forward pass; with 128 the shipped network takes 60 MB

_log = logging.getLogger("inkling.answers")
_one_at_a_time = threading.Lock()


def predicted(model: Model, images: np.ndarray) -> np.ndarray:
    """`Model.probabilities` of many images in little memory, as the web process serves others too."""
    with on_one_thread():
        parts = [model.probabilities(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]
    return np.concatenate(parts)


class PredictionTask:
    """A thread that computes a model's probabilities for the test digits, so that no page waits for them.

    Attributes:
        count: of the digits read so far.
        probabilities: (n, 10) float32 once all are read, else None.
        problem: a sentence that says why the thread failed, else "".
    """

    def __init__(self, model: Model, source: Source, run: str = "") -> None:
        """Start the thread.

        Args:
            model: that reads the digits.
            source: of the test digits.
            run: id of the run that made the model, for the log; "" if none did.
        """
        self.count = 0
        self.probabilities: np.ndarray | None = None
        self.problem = ""
        self._model, self._source, self._run = model, source, run
        self._thread = threading.Thread(target=self._work, name="test_predictions", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _work(self) -> None:
        try:
            with _one_at_a_time:  # two would be no faster, and leave less of the processor to the pages
                images = unseen_digits(self._source).images
                parts = []
                for start in range(0, len(images), BATCH):
                    parts.append(predicted(self._model, images[start : start + BATCH]))
                    self.count = min(start + BATCH, len(images))
            probabilities = np.concatenate(parts)
            save_predictions(self._model, self._source, probabilities)
            self.probabilities = probabilities
        except InklingError as problem:
            self.problem = str(problem)
        except Exception:
            fingerprint = self._model.fingerprint[:12]  # a model from a file has no run
            _log.exception(
                "event=test_predictions_failed run=%s model=%s source=%s", self._run, fingerprint, self._source
            )
            self.problem = "The test digits could not be read, which is our fault. Reload the page to try again."


_tasks: OrderedDict[tuple[str, Source], PredictionTask] = OrderedDict()
_tasks_lock = threading.Lock()


def prediction_task(model: Model, source: Source, run: str = "") -> PredictionTask:
    """The task of this process for a model and a source, started if there is none; arguments as `PredictionTask`."""
    with _tasks_lock:
        key = (model.fingerprint, source)
        if key not in _tasks or _tasks[key].problem:
            _tasks[key] = PredictionTask(model, source, run)
        _tasks.move_to_end(key)
        while len(_tasks) > MAX_TASKS:
            _tasks.popitem(last=False)
        return _tasks[key]


def saved_predictions(model: Model, source: Source) -> np.ndarray | None:
    """A model's saved probabilities for a source's test digits, (10000, 10) float32; None if there are none."""
    for path in (PRETRAINED_ANSWERS, _cached_at(model, source)):
        probabilities = read_predictions(path, model, source)
        if probabilities is not None:
            return probabilities
    return None


def save_predictions(model: Model, source: Source, probabilities: np.ndarray) -> None:
    """Save probabilities in the cache; if the disk is full, they are merely computed again the next time."""
    path = _cached_at(model, source)
    with suppress(OSError):
        write_whole(path, sealed(to_bytes(model, source, probabilities)))
        files = sorted(path.parent.glob("answers-*.sealed"), key=lambda file: file.stat().st_mtime)
        for old in files[:-MAX_CACHED_FILES]:
            old.unlink(missing_ok=True)


def to_bytes(model: Model, source: Source, probabilities: np.ndarray) -> bytes:
    """Probabilities as the content of a file, 20 bytes for an image.

    They are kept as logarithms in float16, which changes none by more than 0.0003: most lie near 0 or 1, and a float16
    is most precise near 0.
    """
    logs = np.log(np.maximum(probabilities, np.exp(LEAST_LOG))).astype(np.float16)
    return save({"log_probabilities": logs}, {"model": model.fingerprint, "source": source})


def read_predictions(path: Path, model: Model, source: Source) -> np.ndarray | None:
    """Read a file of `to_bytes`, sealed if its suffix says so; None if it is damaged or of another model or source."""
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

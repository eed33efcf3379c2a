"""What runs in a worker process: TensorFlow kept warm, and one run at a time.

`python -m dask worker --preload core.training.worker` loads this module into each worker. The web process imports it
too, to name `train` to Dask; so TensorFlow is imported inside functions only.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import secrets
import threading
import time
from contextlib import suppress
from typing import Any

import numpy as np
import psutil
from distributed import get_worker
from sqlalchemy.exc import SQLAlchemyError

from core.digits.dataset import Dataset, load_dataset
from core.errors import InklingError
from core.networks.history import BatchProgress
from core.networks.recipe import FAST, Recipe
from core.training.lesson import lesson_data
from core.training.progress import SAMPLE_IMAGES, Checkpoint, EpochProgress, Paused, Wish
from core.training.runs import MAX_POINTS, RunState, RunStore, run_store

NICENESS = 10  # the pages come first
WARM_UP_SECONDS = 600  # after which a warm-up is taken to hang
MAX_GROWTH = 150e6  # bytes; every model that Keras builds leaves some 5 MB behind, so the process is renewed in time

_log = logging.getLogger("inkling.worker")
_warm = threading.Event()
_bytes_after_first_run = 0


def dask_setup(worker: Any) -> None:
    """Dask calls this in each new worker process: give way to the pages, and warm up beside Dask's own thread."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()


def train(run_id: str) -> None:
    """Train a claimed run and keep everything in the store. Nothing is returned, and nothing raised."""
    store = run_store()
    try:
        begun = store.begin(run_id)
    except Exception:  # the database is away, or the checkpoint damaged: the engine finds the run silent, and says so
        _log.exception("Run %s could not be begun", run_id)
        return
    if begun is None:
        return
    recipe, checkpoint, attempt = begun
    follower = _Follower(store, run_id, attempt, has_checkpoint=checkpoint is not None)
    try:
        wish = follower.wait_for(_warm)
        if wish == "pause" or (wish == "stop" and checkpoint is None):
            state = RunState.PAUSED if wish == "pause" else RunState.STOPPED
            store.leave(run_id, attempt, state, "" if wish == "pause" else "Stopped before it began.")
            return
        data = load_dataset(**dict(recipe.data))
        store.keep_samples(run_id, attempt, data.test[:SAMPLE_IMAGES])
        if lesson := store.lesson(run_id):
            data = lesson_data(data, lesson)
        follower.spread_points(recipe, data)

        from core.training.fit import fit

        start = lesson.start if lesson else store.start(run_id)
        trained = fit(recipe, data, follower.hear, follower.wish, checkpoint, start, follower.drawing)
        store.finish(run_id, attempt, trained, data.notice)
    except Paused as pause:
        store.pause(run_id, attempt, pause.checkpoint)
    except InklingError as problem:
        store.leave(run_id, attempt, RunState.FAILED, str(problem))
    except Exception:
        incident = secrets.token_hex(4)
        _log.exception("Run %s failed, incident %s", run_id, incident)
        follower.give_up(f"Training failed, and it is our fault; the log calls it {incident}.")
    _renew_if_grown()


class _Follower:
    """Carries a run's reports into the store, and its owner's wishes out of it."""

    def __init__(self, store: RunStore, run_id: str, attempt: int, *, has_checkpoint: bool) -> None:
        self._store, self._run_id, self._attempt = store, run_id, attempt
        self._wish: Wish = ""
        self._drawing: np.ndarray | None = None
        self._has_checkpoint = has_checkpoint
        self._asked_at = 0.0
        self._steps_per_point, self._next_point = 1, 0

    def wait_for(self, warm: threading.Event) -> Wish:
        """Wait until the worker is warm, and hear what the owner wishes meanwhile.

        Nothing is begun before, as the warm-up has the models in its hands. Signs of life end after a while, so that a
        warm-up that hangs is found like a run that does.
        """
        deadline = time.monotonic() + WARM_UP_SECONDS
        while not warm.wait(0.25):
            if time.monotonic() < deadline and self.wish() == "pause":
                return "pause"
        return self.wish()

    def give_up(self, notice: str) -> None:
        """Set the run aside after a fault; one that has a checkpoint can be resumed."""
        state = RunState.INTERRUPTED if self._has_checkpoint else RunState.FAILED
        advice = "Resume goes on from the last epoch." if self._has_checkpoint else "Train again."
        with suppress(SQLAlchemyError):
            self._store.leave(self._run_id, self._attempt, state, f"{notice} {advice}")

    def spread_points(self, recipe: Recipe, data: Dataset) -> None:
        """Spread the curve's points over the whole run."""
        steps = -(-len(data.training) // recipe.batch_size) * recipe.epochs
        self._steps_per_point = -(-steps // (MAX_POINTS - 20))  # those with validation values come on top

    def hear(self, progress: BatchProgress | EpochProgress) -> None:
        """Keep what a run reports."""
        if isinstance(progress, EpochProgress):
            self._commit(progress.checkpoint)
            return
        step = (progress.epoch - 1) * progress.steps + progress.step
        is_point = step >= self._next_point or progress.validation_loss is not None
        if is_point:
            self._next_point = step + self._steps_per_point
        self._report(progress, is_point)

    def wish(self) -> Wish:
        """What the owner wishes; asked of the store a few times a second."""
        if time.monotonic() - self._asked_at > 0.25:
            self._report(None, False)
        return self._wish

    def drawing(self) -> np.ndarray | None:
        """The owner's drawing to be answered, as heard with the last wish: (28, 28) float32 in [0, 1]."""
        return None if self._drawing is None else self._drawing.astype(np.float32) / 255

    def _commit(self, checkpoint: Checkpoint) -> None:
        """Keep an epoch; a database that is away for a moment is waited for."""
        for pause in (0.5, 1.0, 2.0, 4.0, None):
            try:
                self._store.commit_epoch(self._run_id, self._attempt, checkpoint)
                self._has_checkpoint = True
                return
            except SQLAlchemyError:
                if pause is None:
                    raise
                time.sleep(pause)

    def _report(self, progress: BatchProgress | None, is_point: bool) -> None:
        try:
            asked = self._store.report(self._run_id, self._attempt, progress, as_point=is_point)
        except SQLAlchemyError:
            _log.warning("A report of run %s was not kept", self._run_id, exc_info=True)
            self._asked_at = time.monotonic()
            return
        self._wish = asked.wish if asked else "stop"  # a run that is gone need not go on
        self._drawing = asked.drawing if asked else None
        self._asked_at = time.monotonic()


def _warm_up() -> None:
    """Import TensorFlow, load the digits, trace the default model: what the first run would otherwise wait for."""
    try:
        from core.training.fit import warm_up

        warm_up(FAST, load_dataset(**dict(FAST.data)))
    except Exception:
        _log.exception("Warming up failed; the first run will take longer")
    finally:
        _warm.set()


def _renew_if_grown() -> None:
    """Let Dask's nanny start a fresh process in this one's place when it has grown since its first run."""
    global _bytes_after_first_run
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # what C's allocator keeps for later is not growth
    resident = psutil.Process().memory_info().rss
    _bytes_after_first_run = _bytes_after_first_run or resident
    growth = resident - _bytes_after_first_run
    if growth > MAX_GROWTH:
        _log.info("Renewing the worker after %.0f MB of growth", growth / 1e6)
        worker = get_worker()
        worker.loop.add_callback(worker.close_gracefully, restart=True)

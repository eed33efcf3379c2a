"""What runs in a worker process: TensorFlow kept warm, and one run at a time.

`python -m dask worker --nthreads 1 --preload core.engine.worker` loads this module into each worker; one that was
started without the preload warms up at its first run. The web process imports this module too, to name `train` to Dask;
so TensorFlow is imported inside functions only.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from core import config, logs
from core.digits.dataset import Dataset, load_dataset
from core.errors import InklingError
from core.formatting import duration
from core.networks.history import BatchProgress
from core.networks.recipe import FAST, Recipe
from core.store import limits
from core.store.database import DatabaseTrouble
from core.store.runs import MAX_POINTS, RunState, RunStore, forget_rescued, rescue, run_store
from core.training.checkpoint import SAMPLE_IMAGES, Action, Checkpoint, EpochProgress, Paused, TrainedModel
from core.training.fine_tuning import fine_tuning_data

NICENESS = 10  # the pages come first
WARM_UP_SECONDS = 600  # after which a warm-up is taken to hang
KEEPING_SECONDS = 3600.0  # in which a model is held that the disk does not take
KEEPING_EVERY = 2.0  # seconds between two attempts
MAX_GROWTH = 150e6  # bytes; every model that Keras builds leaves some 5 MB behind, so the process is renewed in time

_log = logging.getLogger("inkling.worker")
_warm = threading.Event()
_bytes_after_first_run = 0


def dask_setup(worker: Any) -> None:
    """Dask calls this in each new worker process: give way to the pages, and warm up beside Dask's own thread."""
    logs.to_stderr()
    if hasattr(os, "nice") and config.gives_way():
        os.nice(NICENESS)
    _begin_warm_up()


def train(run_id: str) -> None:
    """Train a claimed run and keep everything in the store. Nothing is returned, and nothing raised."""
    try:
        store = run_store()
        begun = store.begin(run_id)
    except Exception:  # the database is away: the engine finds the run silent, and says so
        _log.exception("event=not_begun run=%s", run_id)
        return
    if begun is None:
        return
    recipe, checkpoint, attempt = begun
    if not _warm.is_set():
        _begin_warm_up()
    after = len(checkpoint.history) if checkpoint else 0
    _log.info("event=begun run=%s attempt=%d after_epoch=%d epochs=%d", run_id, attempt, after, recipe.epochs)
    follower = _Follower(store, run_id, attempt, has_checkpoint=checkpoint is not None)
    try:
        requested_action = follower.wait_for(_warm)
        if requested_action == "pause" or (requested_action == "stop" and checkpoint is None):
            state = RunState.PAUSED if requested_action == "pause" else RunState.STOPPED
            store.leave(run_id, attempt, state, "" if requested_action == "pause" else "Stopped before it began.")
            return
        data = load_dataset(**dict(recipe.data))
        follower.keep("samples", lambda: store.keep_samples(run_id, attempt, data.test[:SAMPLE_IMAGES]))
        if fine_tuning := store.fine_tuning(run_id):
            data = fine_tuning_data(data, fine_tuning)
        follower.spread_points(recipe, data)

        from core.training.fit import fit

        start = fine_tuning.start if fine_tuning else store.start(run_id)
        trained = fit(recipe, data, follower.hear, follower.requested_action, checkpoint, start, follower.drawing)
        notice = " ".join(filter(None, [data.notice, _cut(recipe, data), follower.notice]))
        follower.finish(trained, notice)
    except Paused as pause:
        paused = pause.checkpoint
        if follower.keep("pause", lambda: store.pause(run_id, attempt, paused), seconds=KEEPING_SECONDS):
            _log.info("event=paused run=%s after_epoch=%d", run_id, len(paused.history))
    except InklingError as problem:
        said = str(problem)
        _log.warning("event=failed run=%s because=%r", run_id, said)
        follower.keep("leave", lambda: store.leave(run_id, attempt, RunState.FAILED, said), seconds=KEEPING_SECONDS)
    except Exception:
        incident = secrets.token_hex(4)
        _log.exception("event=failed run=%s incident=%s", run_id, incident)
        follower.give_up(f"Training failed, and it is our fault; the log calls it {incident}.")
    _renew_if_grown()


def _cut(recipe: Recipe, data: Dataset) -> str:
    """What is said where a batch would hold more images than there are; "" where it does not."""
    images = len(data.training)
    if recipe.batch_size <= images:
        return ""
    return f"A batch of {recipe.batch_size:,} is more than the {images:,} training images: each epoch was one batch."


class _Follower:
    """Carries a run's reports into the store, and its owner's wishes out of it."""

    def __init__(self, store: RunStore, run_id: str, attempt: int, *, has_checkpoint: bool) -> None:
        self._store, self._run_id, self._attempt = store, run_id, attempt
        self._requested_action: Action = ""
        self._drawing: np.ndarray | None = None
        self._has_checkpoint = has_checkpoint
        self._asked_at = 0.0
        self._steps_per_point, self._next_point = 1, 0
        self._most_seconds = limits.limits().seconds
        self._unkept: Checkpoint | None = None  # the last epoch, where the disk would not take it
        self.notice = ""  # what happened to the run, for its end

    def wait_for(self, warm: threading.Event) -> Action:
        """Wait until the worker is warm, and hear what the owner wishes meanwhile.

        Nothing is begun before, as the warm-up has the models in its hands. Signs of life end after a while, so that a
        warm-up that hangs is found like a run that does.
        """
        deadline = time.monotonic() + WARM_UP_SECONDS
        while not warm.wait(0.25):
            requested_action = self.requested_action() if time.monotonic() < deadline else ""
            if requested_action == "pause" or (requested_action == "stop" and not self._has_checkpoint):
                return requested_action  # nothing was learned that would have to be measured first
        return self.requested_action()

    def give_up(self, notice: str) -> None:
        """Set the run aside after a fault; one that has a checkpoint can be resumed."""
        state = RunState.INTERRUPTED if self._has_checkpoint else RunState.FAILED
        advice = "Resume goes on from the last epoch." if self._has_checkpoint else "Train again."
        said = f"{notice} {advice}"
        self.keep("leave", lambda: self._store.leave(self._run_id, self._attempt, state, said))

    def keep(self, what: str, write: Callable[[], None], seconds: float = 0.0) -> bool:
        """Write something into the store; says whether it was kept. A disk or database that fails stops no training.

        Args:
            what: it is, for the log.
            write: does it.
            seconds: in which it is tried again and again.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                write()
                return True
            except DatabaseTrouble as problem:
                _log.warning("event=not_kept run=%s what=%s because=%r", self._run_id, what, str(problem))
                if time.monotonic() >= deadline:
                    return False
                time.sleep(KEEPING_EVERY)

    def finish(self, trained: TrainedModel, notice: str) -> None:
        """Keep what the run has left; what the disk will not take lies in memory until it does."""

        def write() -> None:
            self._store.finish(self._run_id, self._attempt, trained, notice)

        scores = trained.model.scores
        if not self.keep("model", write):
            rescue(self._run_id, trained.model.to_bytes())
            if not self.keep("model", write, seconds=KEEPING_SECONDS):
                _log.error("event=given_up run=%s kept='in memory only'", self._run_id)
                return
        forget_rescued(self._run_id)
        _log.info(
            "event=finished run=%s stopped=%s epochs=%d seconds=%.1f test_accuracy=%.4f",
            self._run_id,
            trained.was_stopped,
            scores.epochs,
            scores.seconds,
            scores.test_accuracy,
        )

    def spread_points(self, recipe: Recipe, data: Dataset) -> None:
        """Spread the curve's points over the whole run."""
        steps = -(-len(data.training) // recipe.batch_size) * recipe.epochs
        self._steps_per_point = -(-steps // (MAX_POINTS - 20))  # those with validation values come on top

    def hear(self, progress: BatchProgress | EpochProgress) -> None:
        """Keep what a run reports."""
        if isinstance(progress, EpochProgress):
            self._commit(progress.checkpoint)
            return
        if progress.seconds > self._most_seconds and not self.notice:
            self.notice = f"Stopped after {duration(self._most_seconds)}, as long as a run may take on this server."
        step = (progress.epoch - 1) * progress.steps + progress.step
        is_point = step >= self._next_point or progress.validation_loss is not None
        if is_point:
            self._next_point = step + self._steps_per_point
        self._report(progress, is_point)

    def requested_action(self) -> Action:
        """What the owner wishes; asked of the store a few times a second."""
        if time.monotonic() - self._asked_at > 0.25:
            self._report(None, False)
        return "stop" if self.notice and not self._requested_action else self._requested_action

    def drawing(self) -> np.ndarray | None:
        """The owner's drawing to be answered, as heard with the last wish: (28, 28) float32 in [0, 1]."""
        return None if self._drawing is None else self._drawing.astype(np.float32) / 255

    def _commit(self, checkpoint: Checkpoint) -> None:
        """Keep an epoch; where it cannot be, it is tried again with every report until the next takes its place."""
        self._unkept = checkpoint
        self._keep_epoch()

    def _keep_epoch(self) -> None:
        if checkpoint := self._unkept:
            write = partial(self._store.commit_epoch, self._run_id, self._attempt, checkpoint)
            if self.keep("epoch", write):
                self._has_checkpoint, self._unkept = True, None
                epoch = len(checkpoint.history)
                _log.info("event=epoch run=%s attempt=%d epoch=%d", self._run_id, self._attempt, epoch)

    def _report(self, progress: BatchProgress | None, is_point: bool) -> None:
        try:
            asked = self._store.report(self._run_id, self._attempt, progress, as_point=is_point)
        except DatabaseTrouble as problem:
            _log.warning("event=not_kept run=%s what=report because=%r", self._run_id, str(problem))
            self._asked_at = time.monotonic()
            return
        self._requested_action = asked.requested_action if asked else "stop"  # a run that is gone need not go on
        self._drawing = asked.drawing if asked else None
        self._asked_at = time.monotonic()
        self._keep_epoch()


@cache
def _begin_warm_up() -> None:
    """Warm up beside what else goes on; once, however often it is asked for."""
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()


def _warm_up() -> None:
    """Import TensorFlow, load the digits, trace the default model: what the first run would otherwise wait for."""
    try:
        from core.training.fit import warm_up

        warm_up(FAST, load_dataset(**dict(FAST.data)))
    except Exception:
        _log.exception("event=not_warm")
    finally:
        _warm.set()
        _give_way()


def _give_way() -> None:
    """Let the pages come first in the eyes of Linux, which weighs sessions before it weighs what runs in each.

    Not before it is warm: on a busy machine the first run would wait long for its worker. And only where the session is
    the worker's own, as the engine's are: a terminal's other work is not to give way with it.
    """
    with suppress(OSError, AttributeError):  # another system, or one that weighs no sessions
        if config.gives_way() and os.getsid(0) == os.getppid():
            Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")


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
        from distributed import get_worker

        _log.info("event=renewed megabytes=%.0f", growth / 1e6)
        worker = get_worker()
        worker.loop.add_callback(worker.close_gracefully, restart=True)

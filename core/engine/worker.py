"""What a worker process does: it keeps TensorFlow warm and trains one run at a time.

`python -m dask worker --nthreads 1 --preload core.engine.worker` loads this module into each worker; a worker that was
started without the preload warms up at its first run. The web process imports this module too, to submit `train` to
Dask, so TensorFlow is imported inside functions only.
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

from core import environment, logs
from core.digits.dataset import Dataset, load_dataset
from core.errors import InklingError
from core.formatting import duration
from core.networks.history import BatchProgress
from core.networks.presets import FAST
from core.networks.recipe import Recipe
from core.store import server_limits
from core.store.database import DatabaseTrouble
from core.store.run_tables import RunState
from core.store.runs import MAX_POINTS, RunStore, run_store
from core.store.unsaved_models import drop_model, hold_model
from core.training.checkpoint import SAMPLE_IMAGES, Action, Checkpoint, EpochProgress, Paused, TrainedModel
from core.training.fine_tuning import fine_tuning_data

NICENESS = 10  # of a worker, so that the pages come first
WARM_UP_SECONDS = 600  # after which a warm-up counts as hung
RETRY_SECONDS = 3600.0  # for which a model that cannot be written is kept in memory and tried again
RETRY_EVERY = 2.0  # seconds
MAX_GROWTH = 150e6  # bytes, after which the process is replaced: every model that Keras builds leaks some 5 MB

_log = logging.getLogger("inkling.worker")
_warm = threading.Event()
_bytes_after_first_run = 0


def dask_setup(worker: Any) -> None:
    """Called by Dask in each new worker process: lower its priority, and warm up in a thread."""
    logs.to_stderr()
    if hasattr(os, "nice") and environment.gives_way():
        os.nice(NICENESS)
    _begin_warm_up()


def train(run_id: str) -> None:
    """Train a claimed run, and keep progress, outcome and any failure in the store. Raises nothing."""
    try:
        store = run_store()
        begun = store.begin(run_id)
    except Exception:  # the database is unreachable: the engine will find that the run has no heartbeat
        _log.exception("event=not_begun run=%s", run_id)
        return
    if begun is None:
        return
    recipe, checkpoint, attempt = begun
    if not _warm.is_set():
        _begin_warm_up()
    after = len(checkpoint.history) if checkpoint else 0
    _log.info("event=begun run=%s attempt=%d after_epoch=%d epochs=%d", run_id, attempt, after, recipe.epochs)
    reporter = RunReporter(store, run_id, attempt, has_checkpoint=checkpoint is not None)
    try:
        requested_action = reporter.wait_for(_warm)
        if requested_action == "pause" or (requested_action == "stop" and checkpoint is None):
            state = RunState.PAUSED if requested_action == "pause" else RunState.STOPPED
            store.leave(run_id, attempt, state, "" if requested_action == "pause" else "Stopped before it began.")
            return
        data = load_dataset(**dict(recipe.data))
        reporter.keep("samples", lambda: store.keep_samples(run_id, attempt, data.test[:SAMPLE_IMAGES]))
        if fine_tuning := store.fine_tuning(run_id):
            data = fine_tuning_data(data, fine_tuning)
        reporter.spread_points(recipe, data)

        from core.training.fit import fit

        start = fine_tuning.start if fine_tuning else store.start(run_id)
        trained = fit(recipe, data, reporter.report, reporter.requested_action, checkpoint, start, reporter.drawing)
        notice = " ".join(filter(None, [data.notice, _batch_size_notice(recipe, data), reporter.notice]))
        reporter.finish(trained, notice)
    except Paused as pause:
        paused = pause.checkpoint
        if reporter.keep("pause", lambda: store.pause(run_id, attempt, paused), seconds=RETRY_SECONDS):
            _log.info("event=paused run=%s after_epoch=%d", run_id, len(paused.history))
    except InklingError as problem:
        reason = str(problem)
        _log.warning("event=failed run=%s because=%r", run_id, reason)
        reporter.keep("leave", lambda: store.leave(run_id, attempt, RunState.FAILED, reason), seconds=RETRY_SECONDS)
    except Exception:
        incident = secrets.token_hex(4)
        _log.exception("event=failed run=%s incident=%s", run_id, incident)
        reporter.give_up(f"Training failed, and it is our fault; the log calls it {incident}.")
    _replace_process_if_grown()


def _batch_size_notice(recipe: Recipe, data: Dataset) -> str:
    """What to tell the owner where the batch size was above the number of images; else ""."""
    images = len(data.training)
    if recipe.batch_size <= images:
        return ""
    return f"A batch of {recipe.batch_size:,} is more than the {images:,} training images: each epoch was one batch."


class RunReporter:
    """Writes a run's progress to the store, and reads its owner's requests from it."""

    def __init__(self, store: RunStore, run_id: str, attempt: int, *, has_checkpoint: bool) -> None:
        self._store, self._run_id, self._attempt = store, run_id, attempt
        self._requested_action: Action = ""
        self._drawing: np.ndarray | None = None
        self._has_checkpoint = has_checkpoint
        self._asked_at = 0.0
        self._steps_per_point, self._next_point = 1, 0
        self._most_seconds = server_limits.limits().seconds
        self._unkept: Checkpoint | None = None  # the latest epoch, where it could not be written yet
        self.notice = ""  # what the owner is told at the end of the run

    def wait_for(self, warm: threading.Event) -> Action:
        """Wait until the worker is warm, and return what the owner requests meanwhile.

        The run must not begin before, as the warm-up uses the compiled models. Heartbeats end after `WARM_UP_SECONDS`,
        so that a warm-up that hangs is found like a run that hangs.
        """
        deadline = time.monotonic() + WARM_UP_SECONDS
        while not warm.wait(0.25):
            requested_action = self.requested_action() if time.monotonic() < deadline else ""
            if requested_action == "pause" or (requested_action == "stop" and not self._has_checkpoint):
                return requested_action  # before any training there is nothing to evaluate
        return self.requested_action()

    def give_up(self, notice: str) -> None:
        """End the run after an unexpected error; with a checkpoint it can be resumed."""
        state = RunState.INTERRUPTED if self._has_checkpoint else RunState.FAILED
        advice = "Resume goes on from the last epoch." if self._has_checkpoint else "Train again."
        reason = f"{notice} {advice}"
        self.keep("leave", lambda: self._store.leave(self._run_id, self._attempt, state, reason))

    def keep(self, what: str, write: Callable[[], None], seconds: float = 0.0) -> bool:
        """Write to the store, and return whether it worked. A disk or database that fails stops no training.

        Args:
            what: the name of what is written, for the log.
            write: writes it.
            seconds: for which a failed write is tried again.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                write()
                return True
            except DatabaseTrouble as problem:
                _log.warning("event=not_written run=%s what=%s because=%r", self._run_id, what, str(problem))
                if time.monotonic() >= deadline:
                    return False
                time.sleep(RETRY_EVERY)

    def finish(self, trained: TrainedModel, notice: str) -> None:
        """Write the trained model to the store; while that fails, it can be downloaded from memory."""

        def write() -> None:
            self._store.finish(self._run_id, self._attempt, trained, notice)

        scores = trained.model.scores
        if not self.keep("model", write):
            hold_model(self._run_id, trained.model.to_bytes())
            if not self.keep("model", write, seconds=RETRY_SECONDS):
                _log.error("event=given_up run=%s kept='in memory only'", self._run_id)
                return
        drop_model(self._run_id)
        _log.info(
            "event=finished run=%s stopped=%s epochs=%d seconds=%.1f test_accuracy=%.4f",
            self._run_id,
            trained.was_stopped,
            scores.epochs,
            scores.seconds,
            scores.test_accuracy,
        )

    def spread_points(self, recipe: Recipe, data: Dataset) -> None:
        """Spread the points of the curve over the whole run."""
        steps = -(-len(data.training) // recipe.batch_size) * recipe.epochs
        self._steps_per_point = -(-steps // (MAX_POINTS - 20))  # points with validation values are added to these

    def report(self, progress: BatchProgress | EpochProgress) -> None:
        """Write the progress of the run to the store."""
        if isinstance(progress, EpochProgress):
            self._commit(progress.checkpoint)
            return
        if progress.seconds > self._most_seconds and not self.notice:
            self.notice = f"Stopped after {duration(self._most_seconds)}, as long as a run may take on this server."
        step = (progress.epoch - 1) * progress.steps + progress.step
        is_point = step >= self._next_point or progress.validation_loss is not None
        if is_point:
            self._next_point = step + self._steps_per_point
        self._exchange(progress, is_point)

    def requested_action(self) -> Action:
        """What the owner has requested, by the store's latest answer, at most a quarter of a second old."""
        if time.monotonic() - self._asked_at > 0.25:
            self._exchange(None, False)
        return "stop" if self.notice and not self._requested_action else self._requested_action

    def drawing(self) -> np.ndarray | None:
        """The drawing that the owner watches, by the store's latest answer: (28, 28) float32 in [0, 1], or None."""
        return None if self._drawing is None else self._drawing.astype(np.float32) / 255

    def _commit(self, checkpoint: Checkpoint) -> None:
        """Write an epoch; if that fails, it is tried again with every report until the next epoch replaces it."""
        self._unkept = checkpoint
        self._keep_epoch()

    def _keep_epoch(self) -> None:
        if checkpoint := self._unkept:
            write = partial(self._store.commit_epoch, self._run_id, self._attempt, checkpoint)
            if self.keep("epoch", write):
                self._has_checkpoint, self._unkept = True, None
                epoch = len(checkpoint.history)
                _log.info("event=epoch run=%s attempt=%d epoch=%d", self._run_id, self._attempt, epoch)

    def _exchange(self, progress: BatchProgress | None, is_point: bool) -> None:
        try:
            request = self._store.report(self._run_id, self._attempt, progress, as_point=is_point)
        except DatabaseTrouble as problem:
            _log.warning("event=not_written run=%s what=report because=%r", self._run_id, str(problem))
            self._asked_at = time.monotonic()
            return
        self._requested_action = request.requested_action if request else "stop"  # a deleted run need not go on
        self._drawing = request.drawing if request else None
        self._asked_at = time.monotonic()
        self._keep_epoch()


@cache
def _begin_warm_up() -> None:
    """Warm up in a thread, once per process."""
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()


def _warm_up() -> None:
    """Import TensorFlow, load the digits and trace the default model, so that the first run need not wait for these."""
    try:
        from core.training.fit import warm_up

        warm_up(FAST, load_dataset(**dict(FAST.data)))
    except Exception:
        _log.exception("event=warm_up_failed")
    finally:
        _warm.set()
        _lower_session_priority()


def _lower_session_priority() -> None:
    """Lower the priority of the worker's session: Linux's autogroups share cores among sessions before processes.

    Called once the worker is warm, as the first run waits for that. Only where the session is the engine's own: in a
    session that a terminal started, other work would be slowed too.
    """
    with suppress(OSError, AttributeError):  # not Linux, or without autogroups
        if environment.gives_way() and os.getsid(0) == os.getppid():
            Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")


def _replace_process_if_grown() -> None:
    """Let Dask's nanny replace this process once its memory has grown by `MAX_GROWTH` since its first run."""
    global _bytes_after_first_run
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # memory that C's allocator holds in reserve is not growth
    resident = psutil.Process().memory_info().rss
    _bytes_after_first_run = _bytes_after_first_run or resident
    growth = resident - _bytes_after_first_run
    if growth > MAX_GROWTH:
        from distributed import get_worker

        _log.info("event=process_replaced megabytes=%.0f", growth / 1e6)
        worker = get_worker()
        worker.loop.add_callback(worker.close_gracefully, restart=True)

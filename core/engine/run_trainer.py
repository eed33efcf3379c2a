"""Trains a claimed run: the data, the training, and what of it goes into the store."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from core.digits.dataset import Dataset, load_dataset
from core.errors import InklingError
from core.formatting import duration
from core.networks.history import BatchProgress
from core.networks.recipe import Recipe
from core.store import server_limits
from core.store.database import DatabaseTrouble
from core.store.run_tables import RunState
from core.store.runs import MAX_POINTS, RunStore
from core.store.unsaved_models import drop_model, hold_model
from core.training.checkpoint import (
    SAMPLE_IMAGES,
    Action,
    Checkpoint,
    EpochProgress,
    OtherCheckpoint,
    Paused,
    TrainedModel,
)
from core.training.fine_tuning import fine_tuning_data

WARM_UP_SECONDS = 600  # after which a warm-up counts as hung
RETRY_SECONDS = 3600.0  # for which a model that cannot be written is kept in memory and tried again
RETRY_EVERY = 2.0  # seconds

_log = logging.getLogger("inkling.worker")


def train(store: RunStore, run_id: str, warm: threading.Event) -> None:
    """Train a claimed run, and keep progress, outcome and any failure in the store.

    Args:
        store: of the run.
        run_id: of the run.
        warm: set once the worker has warmed up.

    Raises:
        DatabaseTrouble: the run could not be begun.
    """
    begun = store.begin(run_id)
    if begun is None:
        return
    recipe, checkpoint, attempt = begun
    after = len(checkpoint.history) if checkpoint else 0
    _log.info("event=begun run=%s attempt=%d after_epoch=%d epochs=%d", run_id, attempt, after, recipe.epochs)
    reporter = RunReporter(store, run_id, attempt, has_checkpoint=checkpoint is not None)
    try:
        requested_action = reporter.wait_for(warm)
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
        notice = " ".join(
            filter(None, [data.notice, _batch_size_notice(recipe, data), trained.notice, reporter.notice])
        )
        reporter.finish(trained, notice)
    except Paused as pause:
        paused = pause.checkpoint
        if reporter.keep("pause", lambda: store.pause(run_id, attempt, paused), seconds=RETRY_SECONDS):
            _log.info("event=paused run=%s after_epoch=%d", run_id, len(paused.history))
    except _ClaimLost:
        _log.info("event=claim_lost run=%s attempt=%d", run_id, attempt)
    except OtherCheckpoint as problem:
        notice = str(problem)
        reporter.keep("leave", lambda: store.leave(run_id, attempt, RunState.INTERRUPTED, notice))
    except InklingError as problem:
        reason = str(problem)
        _log.warning("event=failed run=%s because=%r", run_id, reason)
        reporter.keep("leave", lambda: store.leave(run_id, attempt, RunState.FAILED, reason), seconds=RETRY_SECONDS)
    except Exception:
        incident = secrets.token_hex(4)
        _log.exception("event=failed run=%s incident=%s", run_id, incident)
        reporter.give_up(f"Training failed, and it is our fault; the log calls it {incident}.")


def _batch_size_notice(recipe: Recipe, data: Dataset) -> str:
    """What to tell the owner where the batch size was above the number of images; else ""."""
    images = len(data.training)
    if recipe.batch_size <= images:
        return ""
    return f"A batch of {recipe.batch_size:,} is more than the {images:,} training images: each epoch was one batch."


class _ClaimLost(Exception):
    """The run was deleted, or another worker has it now: there is nothing to train for."""


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
        if request is None:
            raise _ClaimLost
        self._requested_action, self._drawing = request.requested_action, request.drawing
        self._asked_at = time.monotonic()
        self._keep_epoch()

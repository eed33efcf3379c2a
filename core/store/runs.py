"""The run store: every run is a row, and the rows are the only truth.

Pages and workers read and write here and nowhere else, so what a page shows after a reload, a crash or on another
machine is what was committed. The queue is the rows that are queued. An epoch's history and checkpoint are committed
in one transaction before anybody is told of the epoch.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, defer

from core.digits.dataset import Digits
from core.networks.history import BatchProgress
from core.networks.model import Model
from core.networks.names import clean_name
from core.networks.recipe import Recipe
from core.store import queue, server_limits, unsaved_models
from core.store import run_queries as queries
from core.store.database import database, database_url
from core.store.run_artefacts import RunArtefacts
from core.store.run_tables import (
    ACTIVE,
    IS_QUEUED,
    RESUMABLE,
    UNREADABLE_BECAUSE,
    Claim,
    ListedRun,
    NoSuchRun,
    OwnerRequest,
    QueueView,
    Run,
    RunData,
    RunRow,
    RunState,
    Setting,
    UnreadableRun,
    read_image,
    read_listed_run,
    read_run,
)
from core.training.checkpoint import Action, Checkpoint, TrainedModel
from core.training.fine_tuning import FineTuning

MAX_POINTS = 300  # of a live curve; a chart with more shows no more
UNREADABLE_RUNS = 10  # of another version, newer than the newest that can be read, beyond which none is looked for
UNREADABLE_SECONDS = 86_400  # that a run waits for the version of Inkling that can read it
QUEUE_SECONDS = 1.0  # for which a view of the queue is used again, unless this process changes the queue
_CURVE_ALONE = "Stopped within its first epoch: nothing of it is kept but the curve."

_log = logging.getLogger("inkling.runs")


class RunStore(RunArtefacts):
    """Reads and writes runs. One per process is enough; it may be used from any thread."""

    def __init__(self, url: str) -> None:
        """Open the database of this URL, as `database` does."""
        self.url = url
        super().__init__(database(url))
        self._writes = 0  # of this process that may have changed the queue
        self._queue_view: QueueView | None = None

    # What a visitor does

    def submit(
        self,
        owner: str,
        recipe: Recipe,
        name: str = "",
        *,
        fine_tuning: FineTuning | None = None,
        drawing: np.ndarray | None = None,
        start: Model | None = None,
        continues: str = "",
        replays: str = "",
    ) -> str:
        """Queue a run and return its id.

        While the same request waits or trains already, the id of that run is returned and nothing new is queued, so
        that a double click or a second tab starts one run.

        Args:
            owner: the workspace.
            recipe: what to train and how; for a fine-tuning, `fine_tuning_recipe`.
            name: its label, by default the recipe's name; a number is added where the workspace has such a run.
            fine_tuning: the model to fine-tune and the drawings to learn, where the run is a fine-tuning.
            drawing: as in `watch`.
            start: a model of the same network to start from, instead of fresh weights.
            continues: the id of the run that left that model.
            replays: the id of the run that this one repeats with one setting changed.

        Raises:
            OverLimit: the recipe, the queue or the workspace's runs are more than this server allows.
            BadLimit: as `server_limits.limits`.
        """
        server_limits.check(recipe)
        run_id = secrets.token_urlsafe(16)
        starts_from = [fine_tuning.to_bytes() if fine_tuning else None, start.to_bytes() if start else None]
        request = queries.request_hash(recipe, *starts_from)
        with self._writing() as session:
            queries.interrupt_unreadable(session, RunRow.owner == owner)  # they would count against the limits for ever
        with self._writing() as session:
            if existing := queries.active_request(session, owner, request):
                return existing
            queries.check_may_submit(session, owner)
            queries.check_size(session, owner)
            row = RunRow(
                id=run_id,
                owner=owner,
                name=queries.unused_name(session, owner, name or recipe.name),
                recipe=recipe.to_json(),
                state=RunState.QUEUED,
                created=time.time(),
                queued=queries.end_of_queue(session),
                is_fine_tuning=fine_tuning is not None,
                drawing=None if drawing is None else drawing.tobytes(),
                continues=continues or None,
                replays=replays or None,
                request=request,
                kind=queue.kind(recipe),
                cost=queue.cost(recipe),
            )
            queries.add_run(session, row, *starts_from)
        _log.info("event=queued run=%s owner=%s epochs=%d", run_id, owner[:8], recipe.epochs)
        return run_id

    def check_may_submit(self, owner: str) -> None:
        """Check that a workspace may queue another run now.

        Raises:
            OverLimit: the queue or the workspace's runs are as many as this server allows.
            BadLimit: as `server_limits.limits`.
        """
        with self._database.reading() as session:
            queries.check_may_submit(session, owner)

    def check_may_resume(self, owner: str, recipe: Recipe) -> None:
        """Check that a workspace may resume a run by this recipe now. Raises as `resume`."""
        with self._database.reading() as session:
            queries.check_may_resume(session, owner, recipe)

    def is_requested(self, owner: str, recipe: Recipe) -> bool:
        """Whether a run of a workspace by exactly this recipe, from fresh weights, waits or trains."""
        with self._database.reading() as session:
            return queries.active_request(session, owner, queries.request_hash(recipe, None, None)) is not None

    def ask(self, run_id: str, owner: str, requested_action: Action, notice: str = "") -> None:
        """Ask for a run to stop or to pause; a queued one does so at once.

        Args:
            run_id: of the run.
            owner: its workspace.
            requested_action: what it is to do.
            notice: what its owner is told, where somebody else asked.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
        """
        with self._writing() as session:
            row = queries.owned_row(session, run_id, owner)
            _log.info("event=asked run=%s action=%s state=%s", run_id, requested_action, row.state)
            queries.request_action(row, requested_action, notice)

    def watch(self, run_id: str, owner: str, drawing: np.ndarray) -> None:
        """Let a run answer this drawing, (28, 28) uint8, at every report from now on. Raises as `rename`."""
        with self._writing() as session:
            queries.owned_row(session, run_id, owner).drawing = drawing.tobytes()

    def resume(self, run_id: str, owner: str) -> None:
        """Queue a paused or interrupted run again; it continues from its last checkpoint.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
            UnreadableRun: it is damaged, or another version of Inkling made it.
            OverLimit: its recipe, the queue or the workspace's runs are more than this server allows now.
            BadLimit: as `server_limits.limits`.
        """
        with self._writing() as session:
            row = queries.owned_row(session, run_id, owner)
            if row.state not in RESUMABLE:
                return
            queries.check_may_resume(session, owner, read_run(row).recipe)
            queries.queue_again(session, row)

    def stop_paused(self, run_id: str, owner: str) -> None:
        """Stop a paused or interrupted run: queue it again only to measure and keep what it has learned.

        One without a checkpoint has nothing to measure, and is stopped at once.

        Raises as `resume`, but neither for its recipe nor for how many runs the workspace keeps.
        """
        with self._writing() as session:
            row = queries.owned_row(session, run_id, owner)
            if row.state not in RESUMABLE:
                return
            if not session.scalar(select(RunData.checkpoint.is_not(None)).where(RunData.id == run_id)):
                row.state, row.notice = RunState.STOPPED, _CURVE_ALONE if row.points else queries.NEVER_BEGUN
                return
            queries.check_queue(session, owner)
            queries.queue_again(session, row, "stop")

    def rename(self, run_id: str, owner: str, name: str) -> None:
        """Give a run another name.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
        """
        with self._writing() as session:
            queries.owned_row(session, run_id, owner).name = clean_name(name)

    def delete(self, run_id: str, owner: str) -> None:
        """Delete a run and all it left; a running one stops when it finds its row gone. Raises as `rename`."""
        with self._writing() as session:
            state = queries.owned_row(session, run_id, owner).state
            queries.delete_runs(session, [run_id])
        unsaved_models.drop_model(run_id)
        _log.info("event=deleted run=%s state=%s", run_id, state)

    # What a page shows

    def run(self, run_id: str) -> Run:
        """The run of this id, whoever asks.

        Raises:
            NoSuchRun: there is none.
            UnreadableRun: it is damaged, or another version of Inkling made it.
        """
        with self._database.reading() as session:
            row = session.get(RunRow, run_id)
        if row is None:
            raise NoSuchRun
        return self._run_of(row)

    def name(self, run_id: str) -> str:
        """What a run is called; much quicker than `run`.

        Raises:
            NoSuchRun: there is none.
        """
        with self._database.reading() as session:
            name = session.scalar(select(RunRow.name).where(RunRow.id == run_id))
            if name is None:
                raise NoSuchRun
            return name

    def listed(self, owner: str, most: int | None = None, *, with_model: bool = False) -> list[ListedRun]:
        """A workspace's runs, the newest first, those of other versions among them.

        Args:
            owner: the workspace.
            most: how many to list, so that a long history costs no more than a short one; None for all.
            with_model: list only those that have left a model.
        """
        mine = select(RunRow).where(RunRow.owner == owner).order_by(RunRow.created.desc()).limit(most)
        if with_model:
            mine = mine.where(RunRow.scores.is_not(None))
        large = (defer(column) for column in (RunRow.points, RunRow.history, RunRow.drawing))
        with self._database.reading() as session:
            return [read_listed_run(row) for row in session.scalars(mine.options(*large))]

    def count_of(self, owner: str) -> int:
        """How many runs a workspace has."""
        with self._database.reading() as session:
            return queries.count(session, RunRow.owner == owner)

    def latest_run(self, owner: str, since: float) -> Run | None:
        """A workspace's newest run that can be resumed, else its newest one; of those created after a time."""
        mine = select(RunRow.id, RunRow.created).where(RunRow.owner == owner, RunRow.created > since)
        newest = mine.order_by(RunRow.created.desc()).limit(UNREADABLE_RUNS)
        with self._database.reading() as session:
            by_state = [session.execute(newest.where(RunRow.state == state)).all() for state in RESUMABLE]
            resumable = sorted(chain(*by_state), key=lambda run: run.created, reverse=True)
            ids = [run.id for run in chain(resumable, session.execute(newest))]
        for run_id in ids:
            with suppress(NoSuchRun):
                return self.run(run_id)
        return None

    def runs_of(self, owner: str) -> list[Run]:
        """A workspace's runs that this version can read, the newest first."""
        return self._readable(self._rows(RunRow.owner == owner, order=RunRow.created.desc()))

    def active_run(self, owner: str) -> Run | None:
        """The workspace's run that is running, else the one that is served first of those that are queued."""
        runs = self._readable(self._rows(RunRow.owner == owner, RunRow.state.in_(ACTIVE), order=RunRow.queued))
        return next((run for run in runs if run.state == RunState.RUNNING), runs[0] if runs else None)

    def position(self, run_id: str, workers: int) -> queue.Position | None:
        """The position of a run in the queue of this many workers; None where it does not wait."""
        return queue.positions(self._queue(run_id).entries, workers).get(run_id)

    # What the workshop's leader does

    def pause_queue(self, is_paused: bool) -> None:
        """Pause the queue, so that no waiting run begins, or let it go on. Holds across restarts."""
        with self._writing() as session:
            session.execute(delete(Setting).where(Setting.name == queries.QUEUE_PAUSED))
            if is_paused:
                session.add(Setting(name=queries.QUEUE_PAUSED))
        _log.info("event=queue_%s", "paused" if is_paused else "goes_on")

    def cancel_waiting(self, notice: str) -> int:
        """Take everybody's waiting runs out of the queue, and tell their owners this; returns how many there were."""
        with self._writing() as session:
            return queries.cancel_waiting(session, notice)

    def is_queue_paused(self) -> bool:
        """Whether the queue has been paused."""
        with self._database.reading() as session:
            return queries.is_queue_paused(session)

    def active(self) -> list[Run]:
        """Everybody's runs that are running, then those that wait, in the order of the queue."""
        runs = self._readable(self._rows(RunRow.state.in_(ACTIVE), order=RunRow.queued))
        return sorted(runs, key=lambda run: (run.state == RunState.QUEUED, run.runs_ahead))

    def count_old(self, days: float) -> int:
        """How many runs `cull` would delete for their age."""
        with self._database.reading() as session:
            return queries.count(session, *queries.is_old(days))

    # What a worker does

    def claim_next(self, worker: str = "") -> str | None:
        """Take the next run out of the queue, as `core.store.queue` orders it; its state is running now.

        Two workers that claim at once never get the same run. Runs that this version cannot read are passed over: a
        worker of the version that queued them will take them.

        Args:
            worker: the `Worker.id` of the one that will train it.

        Returns:
            Its id; None where none is queued, or the queue is paused.
        """
        with self._writing() as session:
            return queries.claim_next(session, worker)

    def claims(self) -> list[Claim]:
        """All claims on runs, those of dead workers among them."""
        columns = (RunRow.id, RunRow.attempt, func.coalesce(RunRow.worker, ""), RunRow.heartbeat)
        with self._database.reading() as session:
            return [Claim(*row) for row in session.execute(select(*columns).where(RunRow.state == RunState.RUNNING))]

    def take_over(self, claim: Claim, worker: str) -> bool:
        """Claim a run for a worker whose claim by another one has expired; returns whether it is claimed now."""
        same = (RunRow.state == RunState.RUNNING, RunRow.attempt == claim.attempt, RunRow.heartbeat == claim.heartbeat)
        taken = update(RunRow).where(RunRow.id == claim.run_id, *same).values(worker=worker, heartbeat=time.time())
        with self._writing(one_row=True) as session:
            is_taken = session.scalar(taken.returning(RunRow.id)) is not None
        if is_taken:
            _log.warning("event=taken_over run=%s from=%s by=%s", claim.run_id, claim.worker or "unknown", worker)
        return is_taken

    def cull(self, days: float | None = None) -> int:
        """Delete the oldest ended runs that are above the limits of age and size; returns how many.

        A run that waits or trains is never deleted, and one that can be resumed only where no other is left. Also
        deleted are checkpoints of runs that cannot be resumed, and, by the server's limit of age, damaged databases
        that were set aside and models that wait for the database.

        Args:
            days: the limit of age, where it is not to be the server's.
        """
        allowed = server_limits.limits()
        self._database.delete_damaged_files(allowed.days)
        unsaved_models.drop_old_models(allowed.days)
        with self._writing() as session:
            queries.delete_needless_checkpoints(session)
            queries.interrupt_unreadable(session, RunRow.queued < time.time() - UNREADABLE_SECONDS)
            is_old = queries.is_old(allowed.days if days is None else days)
            culled = set(session.scalars(select(RunRow.id).where(*is_old)))
            culled |= queries.runs_over_size(session, queries.MEGABYTE * allowed.megabytes)
            queries.delete_runs(session, list(culled))
        self._database.clear_log()
        for run_id in culled:
            unsaved_models.drop_model(run_id)
            _log.info("event=culled run=%s", run_id)
        return len(culled)

    def counts(self) -> dict[str, int]:
        """How many runs are in each state; states without runs are left out."""
        by_state = select(RunRow.state, func.count()).group_by(RunRow.state).order_by(RunRow.state)
        with self._database.reading() as session:
            return {state: count for state, count in session.execute(by_state)}

    def waiting(self, workers: int) -> list[tuple[str, queue.Position]]:
        """The ids of all runs that wait, in the order of the queue, each with its position."""
        return list(queue.positions(self._queue().entries, workers).items())

    def running(self) -> list[Run]:
        """All runs that a worker trains, or that it trained when it died."""
        return self._readable(self._rows(RunRow.state == RunState.RUNNING, order=RunRow.queued))

    def has_active(self) -> bool:
        """Whether a run trains, or waits in a queue that is not paused."""
        with self._database.reading() as session:
            states = [RunState.RUNNING] if queries.is_queue_paused(session) else ACTIVE
            return session.scalar(select(RunRow.id).where(RunRow.state.in_(states)).limit(1)) is not None

    def queue_length(self) -> int:
        """How many runs wait for a worker; 0 while the queue is paused."""
        with self._database.reading() as session:
            return 0 if queries.is_queue_paused(session) else queries.count(session, IS_QUEUED)

    def begin(self, run_id: str) -> tuple[Recipe, Checkpoint | None, int] | None:
        """Begin a claimed run in a worker.

        A run whose worker died comes here again. It is resumed once; when that worker dies too, it is
        left interrupted, because a third would probably fare no better.

        Returns:
            Recipe, the checkpoint to continue from, and the number of this attempt, which the worker names in all that
            it writes. None where the run is gone or must not be trained.
        """
        with self._writing() as session:
            row = session.get(RunRow, run_id, with_for_update=True)
            if row is None or row.state != RunState.RUNNING:
                return None
            try:
                recipe = read_run(row).recipe
            except UnreadableRun:
                queries.interrupt(row, f"It {UNREADABLE_BECAUSE}")
                return None
            if not queries.may_begin(row):
                return None
            row.attempt, row.heartbeat, row.live = row.attempt + 1, time.time(), {}
            return recipe, queries.rewind(session, row), row.attempt

    def report(
        self, run_id: str, attempt: int, progress: BatchProgress | None, *, as_point: bool = False
    ) -> OwnerRequest | None:
        """Record where a run is; returns what its owner asks, or None if it is gone or another worker has it now.

        Args:
            run_id: of the run.
            attempt: of the worker.
            progress: where it is; None for a mere heartbeat.
            as_point: whether it becomes a point of the live curve.
        """
        changed: dict[str, Any] = {"heartbeat": time.time()}
        if progress:
            changed["live"] = asdict(progress)
        with self._writing(one_row=True) as session:
            if progress and as_point:  # only then is the whole curve read
                points = session.scalar(select(RunRow.points).where(RunRow.id == run_id).with_for_update()) or []
                point = asdict(replace(progress, drawing_probabilities=()))  # those matter only while they are new
                changed["points"] = [*points, point][-MAX_POINTS:]
            held = queries.held_update(run_id, attempt).values(**changed)
            asked = session.execute(held.returning(RunRow.requested_action, RunRow.drawing)).first()
            return OwnerRequest(asked.requested_action, read_image(asked.drawing)) if asked else None

    def keep_samples(self, run_id: str, attempt: int, samples: Digits) -> None:
        """Keep the images that `samples` gives."""
        content = np.hstack([samples.labels[:, np.newaxis], samples.images.reshape(len(samples), -1)]).tobytes()
        with self._writing(one_row=True) as session:
            if queries.update_held(session, run_id, attempt, heartbeat=time.time()):
                queries.write_data(session, run_id, samples=content)

    def commit_epoch(self, run_id: str, attempt: int, checkpoint: Checkpoint) -> None:
        """Keep an epoch's history, checkpoint and snapshots, together or not at all."""
        history = [asdict(result) for result in checkpoint.history]
        with self._writing(one_row=True) as session:
            if queries.update_held(session, run_id, attempt, history=history, heartbeat=time.time(), deaths=0):
                queries.write_data(
                    session,
                    run_id,
                    previous=RunData.checkpoint,  # as it was before this statement
                    checkpoint=checkpoint.to_bytes(),
                    snapshots=checkpoint.snapshots.to_bytes(),
                )

    def finish(self, run_id: str, attempt: int, trained: TrainedModel, notice: str) -> None:
        """Keep what a run has left; it is finished, or stopped where it was asked to be."""
        with self._writing(one_row=True) as session:
            row = session.get(RunRow, run_id, with_for_update=True)
            if row is None or row.attempt != attempt or row.state != RunState.RUNNING:
                return
            row.state = RunState.STOPPED if trained.was_stopped else RunState.FINISHED
            row.scores = trained.model.scores.model_dump_json()
            row.requested_action, row.live, row.ended = "", None, time.time()
            if row.attempt == 1 and not trained.was_stopped and row.began and row.ended > row.began:
                row.took = row.ended - row.began
            row.notice = " ".join(part for part in (row.notice, notice) if part)
            queries.write_data(
                session,
                run_id,
                model=trained.model.to_bytes(),
                keras_file=trained.keras_file,
                test_probabilities=trained.test_probabilities.astype(np.float32).tobytes(),
                checkpoint=None,
                previous=None,
            )

    def leave(self, run_id: str, attempt: int, state: RunState, notice: str) -> None:
        """End a running run without a model: paused, stopped, failed or interrupted."""
        with self._writing(one_row=True) as session:
            queries.update_held(session, run_id, attempt, **queries.ended(state), notice=notice)

    def pause(self, run_id: str, attempt: int, checkpoint: Checkpoint) -> None:
        """Pause a running run, to continue from exactly where it stands."""
        with self._writing(one_row=True) as session:
            if queries.update_held(session, run_id, attempt, **queries.ended(RunState.PAUSED)):
                queries.write_data(session, run_id, checkpoint=checkpoint.to_bytes())

    def _queue(self, run_id: str = "") -> QueueView:
        """The queue as it stood within the last `QUEUE_SECONDS`, and with this run in it, if it waits.

        A roomful of people looks at it many times a second, and each look takes longer the more of them wait.
        """
        view, writes = self._queue_view, self._writes
        if view and abs(time.time() - view.read_at) < QUEUE_SECONDS and (not run_id or run_id in view.order):
            return view
        with self._database.reading() as session:
            view = queries.queue_view(session)
        if writes == self._writes:
            self._queue_view = view
        return view

    @contextmanager
    def _writing(self, *, one_row: bool = False) -> Iterator[Session]:
        """As the database's; the view of the queue is out of date after it."""
        try:
            with self._database.writing(one_row=one_row) as session:
                yield session
        finally:
            self._writes += 1
            self._queue_view = None

    def _rows(self, *conditions: Any, order: Any) -> Sequence[RunRow]:
        with self._database.reading() as session:
            return session.scalars(select(RunRow).where(*conditions).order_by(order)).all()

    def _readable(self, rows: Iterable[RunRow]) -> list[Run]:
        """Those that this version can read: an unreadable row must not fail all others."""
        runs = []
        for row in rows:
            with suppress(UnreadableRun):
                runs.append(self._run_of(row))
        return runs

    def _run_of(self, row: RunRow) -> Run:
        """A row as a run, with its position in the queue; not within a transaction, as it may need one of its own."""
        return read_run(row, self._queue(row.id) if row.state == RunState.QUEUED else None)


@cache
def run_store() -> RunStore:
    """The store of this process."""
    return RunStore(database_url())

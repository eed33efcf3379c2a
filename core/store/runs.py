"""The run store: every run is a row, and the rows are the truth.

Pages and worker read and write here and nowhere else, so what a page shows after a reload, a crash or on another
machine is what was committed. The queue is the rows that are queued. An epoch's history and checkpoint are committed
in one transaction before anybody is told of the epoch.
"""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

import numpy as np
from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    case,
    delete,
    func,
    insert,
    inspect,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from core.digits.dataset import Digits
from core.errors import InklingError
from core.networks.history import BatchProgress, EpochResult
from core.networks.model import Model, Scores, read_model
from core.networks.names import MAX_NAME, clean_name, free_name
from core.networks.recipe import Recipe, parse_recipe
from core.networks.snapshots import NO_SNAPSHOTS, Snapshots
from core.storage import Damaged, all_in_refuge, in_refuge, refuge, write_whole
from core.store import limits, queue
from core.store.database import Base, Database, Json, Sealed, SealedText, Token, database_url
from core.store.limits import OverLimit
from core.training.checkpoint import Action, Checkpoint, TrainedModel
from core.training.fine_tuning import FineTuning

MAX_POINTS = 300  # of a live curve; a chart with more shows no more
MEGABYTE = 1e6  # bytes
UNREAD = "damaged, or made by another version"  # why a run cannot be read, for where there is little room
_UNREAD_BECAUSE = f"is {UNREAD} of Inkling: this one cannot read it."
AT_ONCE = 500  # runs that one statement deletes; databases take no more than some ten thousand values
QUEUE_SECONDS = 1.0  # for which one look at the queue serves everybody; sooner anew where this process changes it
RESUMES = 1  # times that a run goes on by itself after its worker has died


_log = logging.getLogger("inkling.runs")


class NoSuchRun(InklingError, LookupError):
    """There is no such run, or what was asked for is its owner's to ask."""

    def __init__(self) -> None:
        super().__init__("There is no such run here. It may have been deleted, or the link is incomplete.")


class UnreadRun(NoSuchRun):
    """The run is there, but is damaged, or was made by another version of Inkling."""

    def __init__(self) -> None:
        InklingError.__init__(self, f"This run {_UNREAD_BECAUSE}")


class RunState(StrEnum):
    """What a run is doing."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_active(self) -> bool:
        """Whether something is still going to happen by itself."""
        return self in _ACTIVE

    @property
    def is_over(self) -> bool:
        """Whether nothing more can become of it."""
        return self not in (*_ACTIVE, *_RESUMABLE)


_ACTIVE = (RunState.QUEUED, RunState.RUNNING)
_RESUMABLE = (RunState.PAUSED, RunState.INTERRUPTED)
_QUEUE_PAUSED = "queue paused"
_NEVER_BEGUN = "Stopped before it began."
_CURVE_ALONE = "Stopped within its first epoch: nothing of it is kept but the curve."


class _Row(Base):
    """One run. Times are seconds since 1970; what is large is loaded only when it is asked for."""

    __tablename__ = "run"
    # What is asked for twice is one run. The database sees to it: two clicks may arrive at two processes at once.
    __table_args__ = (
        Index(
            "one_of_a_request",
            "owner",
            "request",
            unique=True,
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )

    id: Mapped[str] = mapped_column(Token(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    recipe: Mapped[str] = mapped_column(SealedText)
    state: Mapped[str] = mapped_column(String(16), index=True)
    requested_action: Mapped[str] = mapped_column(String(8), default="")
    created: Mapped[float]
    queued: Mapped[float]
    heartbeat: Mapped[float] = mapped_column(default=0.0)
    attempt: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    notice: Mapped[str] = mapped_column(Text, default="")
    live: Mapped[dict[str, Any] | None] = mapped_column(Json, default=None)
    points: Mapped[list[dict[str, Any]] | None] = mapped_column(Json, default=list)  # None where they are damaged
    history: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    scores: Mapped[str | None] = mapped_column(SealedText, default=None)
    drawing: Mapped[bytes | None] = mapped_column(Sealed(can_be_done_without=True), default=None)
    is_fine_tuning: Mapped[bool | None] = mapped_column(default=None)
    continues: Mapped[str | None] = mapped_column(String(32), default=None)
    replays: Mapped[str | None] = mapped_column(String(32), default=None)
    request: Mapped[str | None] = mapped_column(String(64), default=None)  # a hash of all that was asked for
    kind: Mapped[str | None] = mapped_column(String(16), default=None)  # as `queue.kind` and `queue.cost` say
    cost: Mapped[float | None] = mapped_column(default=None)
    began: Mapped[float | None] = mapped_column(default=None)  # when a worker was last found for it
    ended: Mapped[float | None] = mapped_column(default=None)  # when the last worker let go of it
    engine: Mapped[str | None] = mapped_column(String(16), default=None)  # that claimed it last, as `Engine.id` says
    took: Mapped[float | None] = mapped_column(default=None)  # seconds in one go from begin to finish; None otherwise


class _Data(Base):
    """What is large of a run. Apart, because SQLite writes a row anew for every report, however small."""

    __tablename__ = "run_data"

    id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    samples: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    checkpoint: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    previous: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)  # checkpoint but one
    model: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    keras_file: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    test_probabilities: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    fine_tuning: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    snapshots: Mapped[bytes | None] = mapped_column(Sealed(can_be_done_without=True), default=None, deferred=True)
    start: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    # Since when it is known that its run is gone: its row could not be read when a damaged database was replaced.
    orphaned: Mapped[float | None] = mapped_column(default=None)


_QUEUED = _Row.state == RunState.QUEUED


class _Served(Base):
    """When a run came to its end that has been deleted since: who deletes a run has been served all the same."""

    __tablename__ = "served"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    ended: Mapped[float] = mapped_column(index=True)  # seconds since 1970


class _Setting(Base):
    """What the workshop's leader has set, by name; a row that is there is on."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)


@dataclass(frozen=True)
class Run:
    """A run as it stood when it was read.

    Attributes:
        id: unguessable; whoever has it may watch.
        owner: the workspace that may stop, rename and delete it.
        live: where it was at its last report; None before the first and after the last.
        points: the live curve so far, at most `MAX_POINTS`.
        history: every finished epoch.
        engine: that claimed it last; "" where that is not known.
        is_in_hand: whether a worker has it, or had when it died; a run may be claimed, and not be in hand yet.
        notice: a sentence about what happened to it, or "".
        drawing: (28, 28) uint8, its owner's drawing that it answers while it goes on; None where there is none.
        is_lesson: whether it teaches a model, so that it has a `RunStore.lesson`.
        waiting: runs that are before it in the queue; 0 where it is not queued.
        is_held: whether it waits in a queue that the workshop's leader has paused.
        continues: the run whose model it began with; it may be gone. "" where it began anew.
        replays: the run that it repeats but for a setting; it may be gone. "" where it repeats none.
    """

    id: str
    owner: str
    name: str
    recipe: Recipe
    state: RunState
    requested_action: str
    created: float
    heartbeat: float
    attempt: int
    notice: str
    live: BatchProgress | None
    points: tuple[BatchProgress, ...]
    history: tuple[EpochResult, ...]
    scores: Scores | None
    drawing: np.ndarray | None = field(default=None, compare=False)
    is_fine_tuning: bool = False
    engine: str = ""
    is_in_hand: bool = False
    waiting: int = 0
    is_held: bool = False
    continues: str = ""
    replays: str = ""

    @property
    def has_model(self) -> bool:
        """Whether it has left a model: it is finished, or was stopped after it had begun."""
        return self.scores is not None

    @property
    def has_begun(self) -> bool:
        """Whether it has learned from a batch."""
        return self.live is not None or bool(self.points or self.history)


@dataclass(frozen=True)
class ListedRun:
    """A run as a list of many shows it: without what takes long to read.

    Attributes:
        recipe: None where this version of Inkling cannot read the run: it is damaged, or another version's.
    """

    id: str
    name: str
    recipe: Recipe | None
    state: RunState
    created: float
    scores: Scores | None
    live: BatchProgress | None
    is_fine_tuning: bool


@dataclass(frozen=True)
class Asked:
    """What a run's owner asks of it now.

    Attributes:
        wish: that it stops or pauses.
        drawing: (28, 28) uint8 to be answered at every report, or None.
    """

    requested_action: Action
    drawing: np.ndarray | None


@dataclass(frozen=True)
class _Queue:
    """The queue as it was seen, when, in seconds since 1970, and each waiting run's place in it."""

    at: float
    entries: Sequence[queue.Entry]
    order: Mapping[str, int]
    is_paused: bool

    def places(self, workers: int) -> dict[str, queue.Place]:
        return queue.places(self.entries, workers)


class RunStore:
    """Reads and writes runs. One per process is enough; it may be used from any thread."""

    def __init__(self, url: str) -> None:
        """Open the database, and make its tables where there are none.

        Args:
            url: SQLAlchemy's, such as "sqlite:////path/runs.sqlite3".
        """
        self.url = url
        self._database = Database(url)
        self._begun: dict[str, tuple[int, dict[str, Any]]] = {}  # runs that this process trains: database and row
        self._writes = 0  # of this process that may have changed the queue
        self._queue_seen: _Queue | None = None

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

        While the same is waiting or training already, its id is returned and nothing new begins, so that a double
        click, a second tab or an impatient finger starts one run.

        Args:
            owner: the workspace.
            recipe: what to train and how; of a lesson, `lesson_recipe`.
            name: its label; by default the recipe's name. Where the workspace has a run of that name, a number tells
                the new one from it.
            fine_tuning: what to begin with and to teach, where the run is a lesson.
            drawing: as in `watch`.
            start: a model of the same network to begin with, instead of fresh weights.
            continues: the run that left that model.
            replays: the run that this one repeats but for a setting.

        Raises:
            OverLimit: the recipe, the queue or the workspace's runs are more than this server allows.
            BadLimit: as `limits.limits`.
        """
        limits.check(recipe)
        now, run_id = time.time(), secrets.token_urlsafe(16)
        begins_with = [fine_tuning.to_bytes() if fine_tuning else None, start.to_bytes() if start else None]
        row = _Row(
            id=run_id,
            owner=owner,
            name=clean_name(name or recipe.name),
            recipe=recipe.to_json(),
            state=RunState.QUEUED,
            created=now,
            queued=now,
            is_fine_tuning=fine_tuning is not None,
            drawing=None if drawing is None else drawing.tobytes(),
            continues=continues or None,
            replays=replays or None,
            request=_request(recipe, *begins_with),
            kind=queue.kind(recipe),
            cost=queue.cost(recipe),
        )
        same = (_Row.owner == owner, _Row.request == row.request, _Row.state.in_(_ACTIVE))
        self._set_unread_aside(owner)  # or they would be in the way for ever
        try:
            with self._writing() as session:
                if there := session.scalar(select(_Row.id).where(*same)):
                    return there
                if refusal := _refusal(session, owner):
                    raise OverLimit(refusal)
                row.queued = _end_of_queue(session)
                row.name = free_name(row.name, set(session.scalars(select(_Row.name).where(_Row.owner == owner))))
                session.add(row)
                session.flush()
                session.add(_Data(id=run_id, fine_tuning=begins_with[0], start=begins_with[1]))
            _log.info("event=queued run=%s owner=%s epochs=%d", run_id, owner[:8], recipe.epochs)
        except IntegrityError:  # another process was faster
            with self._database.reading() as session:
                return session.scalar(select(_Row.id).where(*same)) or run_id
        return run_id

    def trouble(self) -> str:
        """Why nothing can be kept now, in a sentence; "" where all is well."""
        return self._database.trouble()

    def look_over(self) -> None:
        """Look for damage in the database that nobody has met: see `Database.look_over`."""
        self._database.look_over()

    def set_aside(self) -> str:
        """That a damaged database was set aside of late, in a sentence; "" where none was."""
        return self._database.set_aside()

    def refusal(self, owner: str, resumed: Recipe | None = None) -> str:
        """Why a workspace can queue no further run now, or not resume one by this recipe; "" where it can.

        Raises:
            BadLimit: as `limits.limits`.
        """
        with self._database.reading() as session:
            return _refusal(session, owner, resumed)

    def is_asked_for(self, owner: str, recipe: Recipe) -> bool:
        """Whether a workspace has just this recipe waiting or training, from fresh weights."""
        same = (_Row.owner == owner, _Row.request == _request(recipe, None, None), _Row.state.in_(_ACTIVE))
        with self._database.reading() as session:
            return session.scalar(select(_Row.id).where(*same)) is not None

    def ask(self, run_id: str, owner: str, requested_action: Action, notice: str = "") -> None:
        """Ask for a run to stop or to pause; a queued one does so at once.

        Args:
            run_id: of the run.
            owner: its workspace.
            requested_action: what it is to do.
            notice: what its owner is told about that, where somebody else asked.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
        """
        with self._writing() as session:
            row = _owned(session, run_id, owner)
            _log.info("event=asked run=%s wish=%s state=%s", run_id, requested_action, row.state)
            if row.state == RunState.RUNNING and row.requested_action != "stop":  # a late pause does not undo a stop
                row.requested_action = requested_action
                row.notice = notice or row.notice
            elif row.state == RunState.QUEUED:
                row.notice = notice or row.notice
                _leave_queue(row, requested_action)

    def watch(self, run_id: str, owner: str, drawing: np.ndarray) -> None:
        """Let a run answer this drawing, (28, 28) uint8, at every report from now on.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
        """
        with self._writing() as session:
            _owned(session, run_id, owner).drawing = drawing.tobytes()

    def resume(self, run_id: str, owner: str) -> None:
        """Queue a paused or interrupted run again; it goes on from its last finished epoch.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
            UnreadRun: it is damaged, or another version of Inkling made it.
            OverLimit: its recipe, the queue or the workspace's runs are more than this server allows now.
            BadLimit: as `limits.limits`.
        """
        with self._writing() as session:
            row = _owned(session, run_id, owner)
            if row.state not in _RESUMABLE:
                return
            if refusal := _refusal(session, owner, _read(row).recipe):
                raise OverLimit(refusal)
            _queue_again(session, row)

    def stop_paused(self, run_id: str, owner: str) -> None:
        """Queue a paused or interrupted run again only to measure and keep what it has learned.

        One that keeps no checkpoint has nothing to measure, and is stopped at once.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
            OverLimit: the queue or the workspace's active runs are as many as this server allows now.
            BadLimit: as `limits.limits`.
        """
        with self._writing() as session:
            row = _owned(session, run_id, owner)
            if row.state not in _RESUMABLE:
                return
            if not session.scalar(select(_Data.checkpoint.is_not(None)).where(_Data.id == run_id)):
                row.state, row.notice = RunState.STOPPED, _CURVE_ALONE if row.points else _NEVER_BEGUN
                return
            if refusal := _no_place(session, owner):
                raise OverLimit(refusal)
            _queue_again(session, row, "stop")

    def rename(self, run_id: str, owner: str, name: str) -> None:
        """Give a run another name.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
        """
        with self._writing() as session:
            _owned(session, run_id, owner).name = clean_name(name)

    def delete(self, run_id: str, owner: str) -> None:
        """Delete a run and all it left; a running one stops by itself when it finds its row gone.

        Raises:
            NoSuchRun: it does not exist, or belongs to another workspace.
        """
        with self._writing() as session:
            state = _owned(session, run_id, owner).state
            _delete(session, [run_id])
        forget_rescued(run_id)
        _log.info("event=deleted run=%s state=%s", run_id, state)

    # What a page shows

    def run(self, run_id: str) -> Run:
        """The run of this id, whoever asks.

        Raises:
            NoSuchRun: there is none.
            UnreadRun: it is damaged, or another version of Inkling made it.
        """
        with self._database.reading() as session:
            row = session.get(_Row, run_id)
        if row is None:
            raise NoSuchRun
        return self._seen(row)

    def name(self, run_id: str) -> str:
        """What a run is called; much quicker than `run`.

        Raises:
            NoSuchRun: there is none.
        """
        with self._database.reading() as session:
            name = session.scalar(select(_Row.name).where(_Row.id == run_id))
            if name is None:
                raise NoSuchRun
            return name

    def listed(self, owner: str) -> list[ListedRun]:
        """All of a workspace's runs, the newest first, those of other versions among them; quick for many."""
        large = (defer(column) for column in (_Row.points, _Row.history, _Row.drawing))
        with self._database.reading() as session:
            mine = select(_Row).where(_Row.owner == owner).order_by(_Row.created.desc())
            return [_listed(row) for row in session.scalars(mine.options(*large))]

    def runs_of(self, owner: str) -> list[Run]:
        """A workspace's runs that this version can read, the newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(_Row).where(_Row.owner == owner).order_by(_Row.created.desc())).all()
        return self._readable(rows)

    def active_run(self, owner: str) -> Run | None:
        """The workspace's run that is running, else the one that is served first of those that are queued."""
        with self._database.reading() as session:
            active = select(_Row).where(_Row.owner == owner, _Row.state.in_(_ACTIVE))
            rows = session.scalars(active.order_by(_Row.queued)).all()
        runs = self._readable(rows)
        return next((run for run in runs if run.state == RunState.RUNNING), runs[0] if runs else None)

    def place(self, run_id: str, workers: int) -> queue.Place | None:
        """Where a run stands in the queue, and how long it is expected to wait; None where it does not wait.

        Args:
            run_id: the run.
            workers: that train side by side.
        """
        return self._queue(run_id).places(workers).get(run_id)

    def model(self, run_id: str) -> Model:
        """The model that a run left.

        Raises:
            NoSuchRun: there is no such run, or it has left no model.
            Damaged: what was stored is damaged.
        """
        return read_model(self._stored(run_id, "model"))

    def model_file(self, run_id: str) -> bytes:
        """The model as the content of a `.safetensors` file. Raises as `model`."""
        return self._stored(run_id, "model")

    def keras_file(self, run_id: str) -> bytes:
        """The model as the content of a `.keras` file. Raises as `model`."""
        return self._stored(run_id, "keras_file")

    def samples(self, run_id: str) -> Digits:
        """The first test images of a run's data, whose answers it reports while it goes on. Raises as `model`."""
        content = np.frombuffer(self._stored(run_id, "samples"), np.uint8).reshape(-1, 28 * 28 + 1)
        return Digits(content[:, 1:].reshape(-1, 28, 28), content[:, 0])

    def keep_samples(self, run_id: str, attempt: int, samples: Digits) -> None:
        """Keep the images that `samples` gives."""
        content = np.hstack([samples.labels[:, np.newaxis], samples.images.reshape(len(samples), -1)]).tobytes()
        with self._writing(one_row=True) as session:
            held = _held(run_id, attempt).values(heartbeat=time.time())
            if session.scalar(held.returning(_Row.id)):
                _keep(session, run_id, samples=content)

    def test_probabilities(self, run_id: str) -> np.ndarray:
        """(images, 10) float32: the model's answers to its test set. Raises as `model`."""
        return np.frombuffer(self._stored(run_id, "test_probabilities"), np.float32).reshape(-1, 10)

    def snapshots(self, run_id: str) -> Snapshots:
        """What was recorded of a run's epochs; `NO_FILM` where nothing was, or what was stored is damaged.

        Raises:
            NoSuchRun: there is no such run.
        """
        with self._database.reading() as session:
            if session.get(_Row, run_id) is None:
                raise NoSuchRun
            content: bytes | None = session.scalar(select(_Data.snapshots).where(_Data.id == run_id))
        try:
            return Snapshots.from_bytes(content) if content else NO_SNAPSHOTS
        except ValueError:
            return NO_SNAPSHOTS  # it is for looking only; the run is none the worse

    def fine_tuning(self, run_id: str) -> FineTuning | None:
        """What a run began with and teaches; None where it is no lesson, or gone.

        Raises:
            ValueError: what was stored is damaged.
        """
        with self._database.reading() as session:
            content = session.scalar(select(_Data.fine_tuning).where(_Data.id == run_id))
            return FineTuning.from_bytes(content) if content else None

    def start(self, run_id: str) -> Model | None:
        """The model that a run began with; None where it began anew, or is gone.

        Raises:
            BadModelFile: what was stored is damaged.
        """
        with self._database.reading() as session:
            content = session.scalar(select(_Data.start).where(_Data.id == run_id))
            return read_model(content) if content else None

    # What the workshop's leader does

    def pause_queue(self, is_paused: bool) -> None:
        """Let no queued run begin until the queue goes on; what runs goes on. Holds across restarts."""
        with self._writing() as session:
            session.execute(delete(_Setting).where(_Setting.name == _QUEUE_PAUSED))
            if is_paused:
                session.add(_Setting(name=_QUEUE_PAUSED))
        _log.info("event=queue_%s", "paused" if is_paused else "goes_on")

    def is_queue_paused(self) -> bool:
        """Whether the queue has been paused."""
        with self._database.reading() as session:
            return _is_queue_paused(session)

    def active(self) -> list[Run]:
        """Everybody's runs that are running, then those that wait, in the order of the queue."""
        with self._database.reading() as session:
            rows = session.scalars(select(_Row).where(_Row.state.in_(_ACTIVE)).order_by(_Row.queued)).all()
        return sorted(self._readable(rows), key=lambda run: (run.state == RunState.QUEUED, run.waiting))

    def count_old(self, days: float) -> int:
        """How many runs `cull` would delete for their age."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(_Row).where(*_is_old(days))) or 0

    # What engine and worker do

    def claim_next(self, places: int = 1, engine: str = "") -> str | None:
        """Take the next queued run out of the queue, as `core.store.queue` orders it: it is running now.

        Two processes that claim at once never get the same run, nor more runs than their engine has places.

        Args:
            places: that the engine has.
            engine: that will train it. Where it is not known whose a run is, it takes a place of every engine.

        Returns:
            Its id; None where none is queued, the queue is paused, or as many run as there are places for.
        """
        with self._writing() as session:
            if _is_queue_paused(session):
                return None
            is_here = (_Row.state == RunState.RUNNING, func.coalesce(_Row.engine, "").in_(("", engine)))
            if (session.scalar(select(func.count()).select_from(_Row).where(*is_here)) or 0) >= places:
                return None
            following = queue.next_up(_entries(session))
            if following is None:
                return None
            now = time.time()
            claimed: str | None = session.scalar(
                update(_Row)
                .where(_Row.id == following.id, _QUEUED)
                .values(state=RunState.RUNNING, heartbeat=now, began=now, live=None, engine=engine)
                .returning(_Row.id)
            )
            return claimed

    def give_back(self, run_id: str) -> None:
        """Put a claimed run back into the queue, at its old place: nobody could take it in hand.

        One that was asked to pause meanwhile, or to stop before it began, does so and does not wait for its turn.
        """
        with self._writing() as session:
            row = session.get(_Row, run_id, with_for_update=True)
            if row and row.state == RunState.RUNNING:
                _log.info("event=given_back run=%s wish=%s", run_id, row.requested_action or "none")
                if row.requested_action == "pause" or (row.requested_action and not row.attempt):
                    _leave_queue(row, row.requested_action)
                else:  # one that was stopped still has to be measured
                    row.state = RunState.QUEUED

    def take_note_of_silence(self, run: Run) -> bool:
        """Whether this process is the one to act on a run's silence; it counts anew from now."""
        with self._writing() as session:
            silent = (_Row.id == run.id, _Row.heartbeat == run.heartbeat)
            return bool(session.scalar(update(_Row).where(*silent).values(heartbeat=time.time()).returning(_Row.id)))

    def cull(self, days: float | None = None) -> int:
        """Delete the oldest ended runs that are above the limits of age and size; returns how many.

        Never one that waits or trains; and for its size one that can be resumed only where no other is left. What an
        ended run needs no more goes at once: the checkpoints of what cannot be resumed. Damaged databases that were set
        aside, and models that were held in memory, go by the server's limit of age. What was saved from a damaged
        database, but for its run, goes by the limits of the runs, and before any of them.

        Args:
            days: the limit of age, where it is not to be the server's.
        """
        allowed = limits.limits()
        days = allowed.days if days is None else days
        self._database.cull(allowed.days)
        _cull_rescued(allowed.days)
        with self._writing() as session:
            ended = _Row.state.not_in(_ACTIVE)
            over = select(_Row.id).where(ended, _Row.state.not_in(_RESUMABLE))
            session.execute(
                update(_Data)
                .where(_Data.id.in_(over), or_(_Data.checkpoint.is_not(None), _Data.previous.is_not(None)))
                .values(checkpoint=None, previous=None)
            )
            old = set(session.scalars(select(_Row.id).where(*_is_old(days))))
            is_orphan = _Data.id.not_in(select(_Row.id))
            session.execute(update(_Data).where(~is_orphan, _Data.orphaned.is_not(None)).values(orphaned=None))
            long_ago = time.time() - 86_400 * days
            old |= (orphans := set(session.scalars(select(_Data.id).where(is_orphan, _Data.orphaned < long_ago))))
            columns = [column for column in _Data.__table__.columns if isinstance(column.type, Sealed)]
            size = sum((func.coalesce(func.length(column), 0) for column in columns), literal(0))
            worth = case(
                (_Row.id.is_(None), -1), (_Row.state.in_(_ACTIVE), 2), (_Row.state.in_(_RESUMABLE), 1), else_=0
            )
            sizes = session.execute(
                select(_Data.id, size, ended, _Data.orphaned)
                .outerjoin(_Row, _Data.id == _Row.id)
                .order_by(worth.desc(), func.coalesce(_last(), _Data.orphaned).desc())
            )
            total = 0
            for run_id, bytes_held, is_ended, orphaned in sizes:  # what is to stay first; what is above the limit goes
                total += bytes_held
                if total > MEGABYTE * allowed.megabytes and (is_ended or orphaned):
                    old.add(run_id)
                    orphans |= set() if is_ended else {run_id}
            _delete(session, list(old))
            # Known from now on, and not gone at once: a worker that has the run in hand may be about to bring it back.
            session.execute(update(_Data).where(is_orphan, _Data.orphaned.is_(None)).values(orphaned=time.time()))
        self._database.wipe()
        for run_id in old:
            forget_rescued(run_id)
            _log.info("event=culled run=%s orphan=%s", run_id, run_id in orphans)
        return len(old - orphans)

    def counts(self) -> dict[str, int]:
        """How many runs are in each state, those without any left out."""
        with self._database.reading() as session:
            return {
                state: count
                for state, count in session.execute(
                    select(_Row.state, func.count()).group_by(_Row.state).order_by(_Row.state)
                )
            }

    def waiting(self, workers: int) -> list[tuple[str, queue.Place]]:
        """All runs that wait, in the order in which they are served, each with its place."""
        return list(self._queue().places(workers).items())

    def running(self) -> list[Run]:
        """All runs that are in the hands of a worker, or were when it died."""
        with self._database.reading() as session:
            rows = session.scalars(select(_Row).where(_Row.state == RunState.RUNNING)).all()
        runs = self._readable(rows)
        if len(runs) < len(rows):
            self._set_unread_aside()
        return runs

    def queue_length(self) -> int:
        """How many runs are waiting for a worker; none while the queue is paused."""
        with self._database.reading() as session:
            return 0 if _is_queue_paused(session) else session.scalar(select(func.count()).where(_QUEUED)) or 0

    def begin(self, run_id: str) -> tuple[Recipe, Checkpoint | None, int] | None:
        """Take a claimed run in hand.

        A run whose worker died comes here again. It goes on once by itself; when that worker dies too, it is left
        interrupted, because a third would probably fare no better.

        Returns:
            Recipe, the checkpoint to go on from, and the number of this attempt, which the worker names in all that
            it writes. None where the run is gone or is not to go on.
        """
        with self._writing() as session:
            row = session.get(_Row, run_id, with_for_update=True)
            if row is None or row.state != RunState.RUNNING:
                return None
            try:
                recipe = _read(row).recipe
            except UnreadRun:
                _let_fail(row)
                return None
            if row.attempt and row.live is not None:
                row.deaths += 1
            if row.deaths > RESUMES:
                row.state, row.requested_action, row.live, row.ended = RunState.INTERRUPTED, "", None, time.time()
                row.notice = f"Its worker died twice, last after epoch {len(row.history)}. Resume tries again."
                _log.warning("event=interrupted run=%s after_epoch=%d deaths=%d", run_id, len(row.history), row.deaths)
                return None
            if row.deaths:
                row.notice = f"Its worker died; it went on from epoch {len(row.history)}."
            row.attempt += 1
            row.heartbeat = time.time()
            row.live = {}
            checkpoint, is_last = _checkpoint(session, run_id)
            if not is_last:
                went_on = f"went on from epoch {len(checkpoint.history)}" if checkpoint else "began anew"
                row.notice = f"Its last checkpoint was damaged on the server's disk; it {went_on}."
                _log.error("event=checkpoint_damaged run=%s since=%r", run_id, went_on)
                row.history = row.history[: len(checkpoint.history) if checkpoint else 0]
            reached = (len(checkpoint.history) + 1, checkpoint.step) if checkpoint else (1, 0)
            row.points = [point for point in row.points or () if (point["epoch"], point["step"]) <= reached]
            row_now = {column.key: getattr(row, column.key) for column in inspect(_Row).column_attrs}
            self._begun = {run_id: (self._database.openings, row_now)}  # one at a time
            return recipe, checkpoint, row.attempt

    def report(
        self, run_id: str, attempt: int, progress: BatchProgress | None, *, as_point: bool = False
    ) -> Asked | None:
        """Tell where a run is, and hear what its owner asks. None: leave it, the run is gone or another's now."""
        changed: dict[str, Any] = {"heartbeat": time.time()}
        if progress:
            changed["live"] = asdict(progress)
        with self._writing(one_row=True) as session:
            self._bring_back(session, run_id)
            if progress and as_point:  # only then is the whole curve read
                points = session.scalar(select(_Row.points).where(_Row.id == run_id).with_for_update()) or []
                point = asdict(replace(progress, drawing_probabilities=()))  # of interest now only
                changed["points"] = [*points, point][-MAX_POINTS:]
            held = _held(run_id, attempt).values(**changed).returning(_Row.requested_action, _Row.drawing)
            asked = session.execute(held).first()
            return Asked(asked.requested_action, _image(asked.drawing)) if asked else None

    def commit_epoch(self, run_id: str, attempt: int, checkpoint: Checkpoint) -> None:
        """Keep an epoch's history, checkpoint and film, together or not at all."""
        with self._writing(one_row=True) as session:
            history = [asdict(result) for result in checkpoint.history]
            self._bring_back(session, run_id)
            held = _held(run_id, attempt).values(history=history, heartbeat=time.time(), deaths=0)
            if session.scalar(held.returning(_Row.id)):
                if run_id in self._begun:
                    self._begun[run_id][1]["history"] = history
                session.execute(update(_Data).where(_Data.id == run_id).values(previous=_Data.checkpoint))
                _keep(session, run_id, checkpoint=checkpoint.to_bytes(), snapshots=checkpoint.snapshots.to_bytes())

    def finish(self, run_id: str, attempt: int, trained: TrainedModel, notice: str) -> None:
        """Keep what a run has left; it is finished, or stopped where it was asked to be."""
        with self._writing(one_row=True) as session:
            self._bring_back(session, run_id)
            row = session.get(_Row, run_id, with_for_update=True)
            if row is None or row.attempt != attempt or row.state != RunState.RUNNING:
                return
            row.state = RunState.STOPPED if trained.was_stopped else RunState.FINISHED
            row.scores = trained.model.scores.model_dump_json()
            row.requested_action, row.live, row.ended = "", None, time.time()
            if row.attempt == 1 and not trained.was_stopped and row.began and row.ended > row.began:
                row.took = row.ended - row.began
            row.notice = " ".join(part for part in (row.notice, notice) if part)
            _keep(
                session,
                run_id,
                model=trained.model.to_bytes(),
                keras_file=trained.keras_file,
                test_probabilities=trained.test_probabilities.astype(np.float32).tobytes(),
                checkpoint=None,
                previous=None,
            )

    def leave(self, run_id: str, attempt: int, state: RunState, notice: str) -> None:
        """Set a running run aside without a model: paused, failed or interrupted."""
        with self._writing(one_row=True) as session:
            session.execute(_held(run_id, attempt).values(**_ended(state), notice=notice))

    def pause(self, run_id: str, attempt: int, checkpoint: Checkpoint) -> None:
        """Set a running run aside, to go on from exactly where it stands."""
        with self._writing(one_row=True) as session:
            held = _held(run_id, attempt).values(**_ended(RunState.PAUSED))
            if session.scalar(held.returning(_Row.id)):
                _keep(session, run_id, checkpoint=checkpoint.to_bytes())

    def _queue(self, run_id: str = "") -> _Queue:
        """The queue as it stood within the last `QUEUE_SECONDS`, and with this run in it, if it waits.

        A room full of people looks at it many times a second, and each look takes longer the more of them wait.
        """
        seen, writes = self._queue_seen, self._writes
        if seen and abs(time.time() - seen.at) < QUEUE_SECONDS and (not run_id or run_id in seen.order):
            return seen
        now = time.time()
        with self._database.reading() as session:
            entries = _entries(session, with_seconds=True)
            order = {entry.id: place for place, entry in enumerate(queue.in_order(entries))}
            seen = _Queue(now, entries, order, _is_queue_paused(session))
        if writes == self._writes:
            self._queue_seen = seen
        return seen

    @contextmanager
    def _writing(self, *, one_row: bool = False) -> Iterator[Session]:
        """As the database's; what was seen of the queue does not outlive it."""
        try:
            with self._database.writing(one_row=one_row) as session:
                yield session
        finally:
            self._writes += 1
            self._queue_seen = None

    def _bring_back(self, session: Session, run_id: str) -> None:
        """Write the row of a run that this process trains anew, where it was lost with a damaged database."""
        openings, values = self._begun.get(run_id, (self._database.openings, {}))
        if openings == self._database.openings:
            return  # if the row is gone now, its owner has deleted it
        if session.get(_Row, run_id) is None:
            session.add(_Row(**values))
            session.flush()
            if session.get(_Data, run_id) is None:
                session.add(_Data(id=run_id))
            _log.warning("event=brought_back run=%s", run_id)
        self._begun = {run_id: (self._database.openings, values)}

    def _stored(self, run_id: str, column: str) -> bytes:
        with self._database.reading() as session:
            content: bytes | None = session.scalar(select(getattr(_Data, column)).where(_Data.id == run_id))
            if content is None and session.scalar(select(_Row.scores).where(_Row.id == run_id)) is not None:
                raise Damaged  # it could not be read when a damaged database was replaced
            if content is None:
                raise NoSuchRun
            return content

    def _readable(self, rows: Iterable[_Row]) -> list[Run]:
        """Those that this version can read: one row of another's must not take all the others with it."""
        runs = []
        for row in rows:
            with suppress(UnreadRun):
                runs.append(self._seen(row))
        return runs

    def _set_unread_aside(self, owner: str = "") -> None:
        """Let the active runs fail that this version cannot read: nobody else would end them."""
        whose = _Row.owner == owner if owner else true()
        with self._writing() as session:
            for row in session.scalars(select(_Row).where(_Row.state.in_(_ACTIVE), whose)):
                try:
                    _read(row)
                except UnreadRun:
                    _let_fail(row)

    def _seen(self, row: _Row) -> Run:
        """A row as a run, with its place in the queue; not within a transaction, as it may need one of its own."""
        return _read(row, self._queue(row.id) if row.state == RunState.QUEUED else None)


# What a recipe, scores, a report or a state can raise that is damaged, or another version's (pydantic's errors are
# ValueErrors).
_UNREADABLE = (ValueError, TypeError, AttributeError)


def _read(row: _Row, line: _Queue | None = None) -> Run:
    try:
        return Run(
            id=row.id,
            owner=row.owner,
            name=row.name,
            recipe=_recipe(row.recipe),
            state=RunState(row.state),
            requested_action=row.requested_action,
            created=row.created,
            heartbeat=row.heartbeat,
            attempt=row.attempt,
            notice=row.notice,
            live=_progress(row.live) if row.live else None,
            points=tuple(_progress(point) for point in row.points or ()),
            history=tuple(EpochResult(**result) for result in row.history),
            scores=None if row.scores is None else Scores.model_validate_json(row.scores),
            drawing=_image(row.drawing),
            is_fine_tuning=bool(row.is_fine_tuning),
            engine=row.engine or "",
            is_in_hand=row.live is not None,
            waiting=line.order.get(row.id, 0) if line else 0,
            is_held=line is not None and line.is_paused,
            continues=row.continues or "",
            replays=row.replays or "",
        )
    except _UNREADABLE:
        raise UnreadRun from None


def _listed(row: _Row) -> ListedRun:
    unread = ListedRun(row.id, row.name, None, RunState.FAILED, row.created, None, None, bool(row.is_fine_tuning))
    try:
        return replace(
            unread,
            recipe=_recipe(row.recipe),
            state=RunState(row.state),
            scores=None if row.scores is None else Scores.model_validate_json(row.scores),
            live=_progress(row.live) if row.live else None,
        )
    except _UNREADABLE:
        return unread


def rescue(run_id: str, model: bytes) -> None:
    """Hold a model in memory, or wherever there is room, that the store cannot take."""
    with suppress(OSError):
        write_whole(refuge() / _rescued_name(run_id), model)


def rescued(run_id: str) -> bytes | None:
    """The model of a run that its worker holds until the store takes it, as the content of a `.safetensors` file."""
    with suppress(OSError):
        if path := in_refuge(_rescued_name(run_id)):
            return path.read_bytes()
    return None


def forget_rescued(run_id: str) -> None:
    """Let go of a model that the store has taken."""
    with suppress(OSError):
        if path := in_refuge(_rescued_name(run_id)):
            path.unlink(missing_ok=True)


def _cull_rescued(days: float) -> None:
    """Let go of models that have been held for so long: nobody has come back for them."""
    for path in all_in_refuge(f"{'[0-9a-f]' * _RESCUED_LETTERS}.safetensors"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - 86_400 * days:
                path.unlink(missing_ok=True)
                _log.info("event=culled file=%s", path.name)


_RESCUED_LETTERS = 32


def _rescued_name(run_id: str) -> str:
    return f"{hashlib.sha256(run_id.encode()).hexdigest()[:_RESCUED_LETTERS]}.safetensors"


@cache
def run_store() -> RunStore:
    """The store of this process."""
    return RunStore(database_url())


_recipe = lru_cache(maxsize=256)(parse_recipe)  # it is frozen, and a run's is read at every look at the run


def is_same_owner(one: str, other: str) -> bool:
    """Whether two workspaces are one. As bytes: in a damaged row there may be letters that cannot be compared else."""
    return secrets.compare_digest(one.encode(), other.encode())


def _progress(stored: dict[str, Any]) -> BatchProgress:
    lists: dict[str, Any] = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return BatchProgress(**stored | lists)


def _image(stored: bytes | None) -> np.ndarray | None:
    return None if stored is None else np.frombuffer(stored, np.uint8).reshape(28, 28)


def _owned(session: Session, run_id: str, owner: str) -> _Row:
    row = session.get(_Row, run_id, with_for_update=True)
    if row is None or not is_same_owner(row.owner, owner):
        raise NoSuchRun
    return row


def _queue_again(session: Session, row: _Row, requested_action: Action = "") -> None:
    _log.info("event=resumed run=%s state=%s wish=%s", row.id, row.state, requested_action or "none")
    row.deaths, row.queued = 0, _end_of_queue(session)
    row.state, row.requested_action, row.notice, row.request = RunState.QUEUED, requested_action, "", row.id


def _leave_queue(row: _Row, requested_action: str) -> None:
    if requested_action == "pause" or row.attempt:
        row.state = RunState.PAUSED  # what it has learned stays; Resume queues it again
    else:
        row.state, row.notice = RunState.STOPPED, row.notice or _NEVER_BEGUN
    row.requested_action = ""


def _request(recipe: Recipe, fine_tuning: bytes | None, start: bytes | None) -> str:
    """What tells one thing that is asked for from another: the recipe, and what it begins with."""
    parts = (recipe.to_json().encode(), fine_tuning or b"", start or b"")
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _end_of_queue(session: Session) -> float:
    """Since when a run waits that comes now: after all others, even where the clock was set back."""
    last = session.scalar(select(func.max(_Row.queued)).where(_QUEUED)) or 0.0
    return max(time.time(), math.nextafter(last, math.inf))


def _refusal(session: Session, owner: str, resumed: Recipe | None = None) -> str:
    """Why a workspace can queue no further run, or not resume one that it has by this recipe; "" where it can."""
    allowed = limits.limits()
    if resumed:
        try:
            limits.check(resumed, allowed)
        except OverLimit as problem:
            return str(problem)
    if no_place := _no_place(session, owner):
        return no_place
    if _count(session, _Row.owner == owner) + (resumed is None) > allowed.runs:
        return f"This server keeps {allowed.runs:,} runs of yours, and there is no room for more: delete some first."
    return ""


def _no_place(session: Session, owner: str) -> str:
    """Why the queue takes no further run of a workspace; "" where it does."""
    allowed = limits.limits()
    if _count(session, _Row.owner == owner, _Row.state.in_(_ACTIVE)) >= allowed.active_runs:
        most = "One run at a time" if allowed.active_runs == 1 else f"At most {allowed.active_runs} runs at a time"
        return f"{most}: free again when one of yours is over."
    if _count(session, _QUEUED) >= allowed.queue:
        return f"The queue is full: {allowed.queue:,} runs wait. Try again in a few minutes."
    return ""


def _count(session: Session, *conditions: Any) -> int:
    return session.scalar(select(func.count()).select_from(_Row).where(*conditions)) or 0


def _entries(session: Session, *, with_seconds: bool = False) -> list[queue.Entry]:
    """The runs that wait or train, for `core.store.queue`; how long each takes only where it is asked for."""
    rows = session.execute(
        select(_Row.id, _Row.owner, _Row.state, _Row.requested_action, _Row.queued, _Row.kind, _Row.cost).where(
            _Row.state.in_(_ACTIVE)
        )
    ).all()
    if not rows:
        return []
    owners = {row.owner for row in rows}
    served = dict.fromkeys(owners, 0.0)
    for table in (_Row, _Served):
        lately = (table.owner.in_(owners), table.ended > time.time() - queue.SERVED_SECONDS)
        for owner, ended in session.execute(
            select(table.owner, func.max(table.ended)).where(*lately).group_by(table.owner)
        ):
            served[owner] = max(served[owner], ended or 0.0)
    seconds = _expected_seconds(session, rows) if with_seconds else {}
    return [
        queue.Entry(
            row.id,
            row.owner,
            row.state == RunState.RUNNING,
            row.queued,
            served[row.owner],
            seconds.get(row.id, 0.0),
        )
        for row in rows
    ]


def _expected_seconds(session: Session, rows: Sequence[Any]) -> dict[str, float]:
    """How long each of these runs will still take, by what the latest ones took and by where the running ones are."""
    latest = select(_Row.kind, _Row.cost, _Row.took).where(_Row.took.is_not(None), _Row.cost.is_not(None))
    took = [
        queue.Took(row.kind or "", row.cost or 0.0, row.took or 0.0)
        for row in session.execute(latest.order_by(_Row.ended.desc()).limit(queue.LATEST))
    ]
    expected = {
        row.id: queue.OVERHEAD_SECONDS  # one that is to stop is only measured
        if row.requested_action == "stop"
        else queue.expected_seconds(row.kind or "", row.cost or 0.0, took)
        for row in rows
    }
    running = select(_Row.id, _Row.recipe, _Row.live, _Row.began).where(_Row.state == RunState.RUNNING)
    for run_id, recipe, live, began in session.execute(running):
        with suppress(*_UNREADABLE):  # what cannot be read has its expected time
            elapsed = max(0.0, time.time() - (began or 0.0))
            where = _progress(live) if live else None
            expected[run_id] = queue.seconds_to_go(expected.get(run_id, 0.0), elapsed, _recipe(recipe), where)
    return expected


def _let_fail(row: _Row) -> None:
    """Set a run aside that this version cannot read: nobody else would end it."""
    _log.warning("event=unread run=%s state=%s", row.id, row.state)
    row.state, row.requested_action, row.live, row.notice = RunState.FAILED, "", None, f"It {_UNREAD_BECAUSE}"


def _ended(state: RunState) -> dict[str, Any]:
    """What changes in a run when its worker lets go of it."""
    return {"state": state, "requested_action": "", "live": None, "ended": time.time()}


def _is_queue_paused(session: Session) -> bool:
    return session.get(_Setting, _QUEUE_PAUSED) is not None


def _last() -> Any:
    """Since when nothing has happened to a run that is over."""
    return func.coalesce(_Row.ended, _Row.created)


def _is_old(days: float) -> tuple[Any, ...]:
    """Conditions: a run came to its end so long ago, or was set aside then, and nothing will happen to it by itself."""
    return _Row.state.not_in(_ACTIVE), _last() < time.time() - 86_400 * days


def _held(run_id: str, attempt: int) -> Any:
    """An update of a run, if it is still in the hands of the worker that made this attempt."""
    return update(_Row).where(_Row.id == run_id, _Row.attempt == attempt, _Row.state == RunState.RUNNING)


def _delete(session: Session, run_ids: Sequence[str]) -> None:
    """Delete runs and all they left; for a while it is kept when they ended, as the queue goes by it."""
    now = time.time()
    ended = case((_Row.state == RunState.RUNNING, now), else_=_Row.ended)
    lately = now - queue.SERVED_SECONDS
    session.execute(delete(_Served).where(_Served.ended <= lately))
    for start in range(0, len(run_ids), AT_ONCE):
        some = run_ids[start : start + AT_ONCE]
        served = select(_Row.owner, ended).where(_Row.id.in_(some), ended > lately)
        session.execute(insert(_Served).from_select(["owner", "ended"], served))
        session.execute(delete(_Data).where(_Data.id.in_(some)))
        session.execute(delete(_Row).where(_Row.id.in_(some)))


def _checkpoint(session: Session, run_id: str) -> tuple[Checkpoint | None, bool]:
    """The newest undamaged checkpoint, and whether it is the last that was kept."""
    is_last = True
    for column in (_Data.checkpoint, _Data.previous):
        try:
            content: bytes | None = session.scalar(select(column).where(_Data.id == run_id))
            if content or is_last:
                return (Checkpoint.from_bytes(content) if content else None), is_last
        except ValueError:  # Damaged is one
            is_last = False
    return None, is_last


def _keep(session: Session, run_id: str, **content: bytes | None) -> None:
    """Write what is large of a run."""
    kept = update(_Data).where(_Data.id == run_id).values(**content).returning(_Data.id)
    if session.scalar(kept) is None:  # its row could not be read when a damaged database was replaced
        session.add(_Data(id=run_id, **content))

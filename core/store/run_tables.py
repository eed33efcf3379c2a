"""A run as the database keeps it (rows), and as everybody else sees it (values).

A row that is damaged, or was written by another version of Inkling, costs its own run only: it is read as unreadable.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.errors import InklingError
from core.networks.history import BatchProgress, EpochResult, read_progress, read_result
from core.networks.model import Scores
from core.networks.names import MAX_NAME
from core.networks.recipe import Recipe, parse_recipe
from core.store import queue
from core.store.database import Base, Json, Sealed, Token
from core.training.checkpoint import Action

UNREADABLE = "damaged, or made by another version"  # why a run cannot be read, for where there is little room
UNREADABLE_BECAUSE = f"is {UNREADABLE} of Inkling: this one cannot read it."


class NoSuchRun(InklingError, LookupError):
    """There is no such run, or only its owner may do what was asked."""

    def __init__(self) -> None:
        super().__init__("There is no such run here. It may have been deleted, or the link is incomplete.")


class UnreadableRun(NoSuchRun):
    """The run is there, but is damaged, or was made by another version of Inkling."""

    def __init__(self) -> None:
        InklingError.__init__(self, f"This run {UNREADABLE_BECAUSE}")


class NoKerasFile(InklingError):
    """A run has left its model, but not as a `.keras` file."""

    def __init__(self) -> None:
        super().__init__(
            "When this run ended, the server's temporary folder had no room for its .keras file. The .safetensors file "
            "holds the same network, and the Keras script trains it again."
        )


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
        """Whether it waits or trains."""
        return self in ACTIVE

    @property
    def is_over(self) -> bool:
        """Whether it has ended and cannot be resumed."""
        return self not in (*ACTIVE, *RESUMABLE)


ACTIVE = (RunState.QUEUED, RunState.RUNNING)
RESUMABLE = (RunState.PAUSED, RunState.INTERRUPTED)
OVER = (RunState.STOPPED, RunState.FINISHED, RunState.FAILED)


class RunRow(Base):
    """One run. Times are seconds since 1970; what is large is loaded only when it is asked for."""

    __tablename__ = "run"
    # What a page asks at each rerun must not take longer the more runs there are.
    __table_args__ = (
        Index("run_by_age", "owner", "created"),
        Index("run_by_state", "owner", "state", "created"),
        Index("run_by_end", "owner", "ended"),
        Index("run_latest", "ended"),
    )

    id: Mapped[str] = mapped_column(Token(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    recipe: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    requested_action: Mapped[str] = mapped_column(String(8), default="")
    created: Mapped[float]
    queued: Mapped[float]
    heartbeat: Mapped[float] = mapped_column(default=0.0)
    attempt: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    notice: Mapped[str] = mapped_column(Text, default="")
    live: Mapped[dict[str, Any] | None] = mapped_column(Json, default=None)
    points: Mapped[list[dict[str, Any]] | None] = mapped_column(Json, default=list)  # None where damaged
    history: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    scores: Mapped[str | None] = mapped_column(Text, default=None)
    drawing: Mapped[bytes | None] = mapped_column(Sealed(is_optional=True), default=None)
    is_fine_tuning: Mapped[bool | None] = mapped_column(default=None)
    continues: Mapped[str | None] = mapped_column(String(32), default=None)
    replays: Mapped[str | None] = mapped_column(String(32), default=None)
    request: Mapped[str | None] = mapped_column(String(64), default=None)  # a hash of recipe and starting model
    kind: Mapped[str | None] = mapped_column(String(16), default=None)  # as `queue.kind` and `queue.cost` say
    cost: Mapped[float | None] = mapped_column(default=None)
    began: Mapped[float | None] = mapped_column(default=None)  # when it was last claimed for a worker
    ended: Mapped[float | None] = mapped_column(default=None)  # when it last stopped training
    worker: Mapped[str | None] = mapped_column("engine", String(16), default=None)  # a `Worker.id`: the last claim
    took: Mapped[float | None] = mapped_column(default=None)  # seconds from claim to end; None if interrupted


class RunData(Base):
    """The large data of a run, in a table of its own because SQLite rewrites a whole row at every report."""

    __tablename__ = "run_data"

    id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    samples: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    checkpoint: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    previous: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)  # the checkpoint before
    model: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    keras_file: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    test_probabilities: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    fine_tuning: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)
    snapshots: Mapped[bytes | None] = mapped_column(Sealed(is_optional=True), default=None, deferred=True)
    start: Mapped[bytes | None] = mapped_column(Sealed, default=None, deferred=True)


IS_QUEUED = RunRow.state == RunState.QUEUED


class Served(Base):
    """When a run ended that has been deleted since: deleting a run must not move its owner forward in the queue."""

    __tablename__ = "served"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    ended: Mapped[float] = mapped_column(index=True)  # seconds since 1970


class Setting(Base):
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
        notice: a sentence about what happened to it, or "".
        drawing: (28, 28) uint8, a drawing of its owner's that it answers while it trains; None where there is none.
        is_fine_tuning: whether it fine-tunes a model, so that it has a `RunStore.fine_tuning`.
        runs_ahead: how many runs are ahead of it in the queue; 0 where it is not queued.
        is_held: whether it waits in a queue that the workshop's leader has paused.
        continues: the id of the run whose model it started from, which may be gone; "" for fresh weights.
        replays: the id of the run that it repeats with one setting changed, which may be gone; "" where there is none.
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
    runs_ahead: int = 0
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

    @property
    def has_model(self) -> bool:
        """Whether it has left a model."""
        return self.scores is not None


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a run: it lasts while the heartbeat changes, and ends with the attempt.

    Attributes:
        attempt: how many times the run was begun.
        worker: the `Worker.id`; "" where unknown.
        heartbeat: when the run last reported, by its worker's clock.
    """

    run_id: str
    attempt: int
    worker: str
    heartbeat: float


@dataclass(frozen=True)
class OwnerRequest:
    """What a run's owner asks of it now.

    Attributes:
        requested_action: whether it is to stop or pause.
        drawing: (28, 28) uint8 to be answered at every report, or None.
    """

    requested_action: Action
    drawing: np.ndarray | None


@dataclass(frozen=True)
class QueueView:
    """The queue as it was read.

    Attributes:
        read_at: seconds since 1970.
        entries: all runs that wait or train.
        order: how many runs are ahead of each waiting run, by id.
    """

    read_at: float
    entries: Sequence[queue.QueueEntry]
    order: Mapping[str, int]
    is_paused: bool


# What parsing a damaged row, or another version's, can raise (pydantic's errors are ValueErrors).
UNREADABLE_ERRORS = (ValueError, TypeError, AttributeError)


def read_run(row: RunRow, queued: QueueView | None = None) -> Run:
    """A row as a run.

    Args:
        row: of the run.
        queued: the queue that it waits in; None where it does not wait, or its position is not needed.

    Raises:
        UnreadableRun: it is damaged, or another version of Inkling wrote it.
    """
    try:
        return Run(
            id=row.id,
            owner=row.owner,
            name=row.name,
            recipe=read_recipe(row.recipe),
            state=RunState(row.state),
            requested_action=row.requested_action,
            created=row.created,
            heartbeat=row.heartbeat,
            attempt=row.attempt,
            notice=row.notice,
            live=read_progress(row.live) if row.live else None,
            points=tuple(read_progress(point) for point in row.points or ()),
            history=tuple(read_result(result) for result in row.history),
            scores=read_scores(row.scores),
            drawing=read_image(row.drawing),
            is_fine_tuning=bool(row.is_fine_tuning),
            runs_ahead=queued.order.get(row.id, 0) if queued else 0,
            is_held=queued is not None and queued.is_paused,
            continues=row.continues or "",
            replays=row.replays or "",
        )
    except UNREADABLE_ERRORS:
        raise UnreadableRun from None


def read_listed_run(row: RunRow) -> ListedRun:
    """A row as an entry of a list; one that cannot be read has no recipe, and counts as failed."""
    unreadable = ListedRun(row.id, row.name, None, RunState.FAILED, row.created, None, None, bool(row.is_fine_tuning))
    try:
        return replace(
            unreadable,
            recipe=read_recipe(row.recipe),
            state=RunState(row.state),
            scores=read_scores(row.scores),
            live=read_progress(row.live) if row.live else None,
        )
    except UNREADABLE_ERRORS:
        return unreadable


read_recipe = lru_cache(maxsize=1024)(parse_recipe)  # a run's recipe never changes, and is read at every look at it


@lru_cache(maxsize=1024)  # each is read again at every look at a list
def read_scores(stored: str | None) -> Scores | None:
    """A model's scores; fields of a newer version are left out."""
    if stored is None:
        return None
    found = json.loads(stored)
    return Scores.model_validate_json(json.dumps({name: found[name] for name in Scores.model_fields if name in found}))


def read_image(stored: bytes | None) -> np.ndarray | None:
    """A drawing, (28, 28) uint8, from its bytes."""
    return None if stored is None else np.frombuffer(stored, np.uint8).reshape(28, 28)


def is_same_owner(one: str, other: str) -> bool:
    """Whether two workspaces are one. Compared as bytes, because a damaged row may hold any characters."""
    return secrets.compare_digest(one.encode(), other.encode())

"""What the run store reads and writes within a transaction: limits, the queue, deletion, checkpoints."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, Update, case, delete, exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.networks.history import read_progress
from core.networks.names import clean_name, free_name
from core.networks.recipe import Recipe
from core.store import queue, server_limits
from core.store.database import Sealed
from core.store.run_tables import (
    ACTIVE,
    IS_QUEUED,
    OVER,
    RESUMABLE,
    UNREADABLE_BECAUSE,
    UNREADABLE_ERRORS,
    NoSuchRun,
    QueueView,
    RunData,
    RunRow,
    RunState,
    Served,
    Setting,
    UnreadableRun,
    is_same_owner,
    read_recipe,
    read_run,
)
from core.store.server_limits import OverLimit
from core.training.checkpoint import Action, Checkpoint

MEGABYTE = 1e6  # bytes
DELETED_AT_ONCE = 500  # runs per statement; databases take no more than some ten thousand values
QUEUE_PAUSED = "queue paused"  # the name of a setting
RESUMES = 1  # times that a run is resumed automatically after its worker has died
NEVER_BEGUN = "Stopped before it began."

_log = logging.getLogger("inkling.runs")


def owned_row(session: Session, run_id: str, owner: str) -> RunRow:
    """The locked row of a run.

    Raises:
        NoSuchRun: it does not exist, or belongs to another workspace.
    """
    row = session.get(RunRow, run_id, with_for_update=True)
    if row is None or not is_same_owner(row.owner, owner):
        raise NoSuchRun
    return row


def unused_name(session: Session, owner: str, name: str) -> str:
    """A cleaned name, with a number where a run of the workspace has it already."""
    return free_name(clean_name(name), set(session.scalars(select(RunRow.name).where(RunRow.owner == owner))))


def add_run(session: Session, row: RunRow, fine_tuning: bytes | None, start: bytes | None) -> None:
    """Add a new run with the data that it starts from."""
    session.add(row)
    session.flush()  # the data refers to it
    session.add(RunData(id=row.id, fine_tuning=fine_tuning, start=start))


def request_hash(recipe: Recipe, fine_tuning: bytes | None, start: bytes | None) -> str:
    """A hash of everything that makes two requests the same: the recipe, and what the run starts from."""
    parts = (recipe.to_json().encode(), fine_tuning or b"", start or b"")
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def active_request(session: Session, owner: str, request: str) -> str | None:
    """The id of a workspace's run with this `request_hash` that waits or trains; None where there is none."""
    same = (RunRow.owner == owner, RunRow.request == request, RunRow.state.in_(ACTIVE))
    return session.scalar(select(RunRow.id).where(*same))


def check_queue(session: Session, owner: str) -> None:
    """Check that the queue takes another run of a workspace.

    Raises:
        OverLimit: the workspace's active runs, all that wait, or the newcomers' are as many as this server allows.
        BadLimit: as `server_limits.limits`.
    """
    allowed = server_limits.limits()
    if count(session, RunRow.owner == owner, RunRow.state.in_(ACTIVE)) >= allowed.active_runs:
        most = "One run at a time" if allowed.active_runs == 1 else f"At most {allowed.active_runs} runs at a time"
        raise OverLimit(f"{most}: free again when one of yours is over.")
    waiting = count(session, IS_QUEUED)
    if waiting >= allowed.queue:
        raise OverLimit(f"The queue is full: {allowed.queue:,} runs wait. Try again in a few minutes.")
    if waiting >= math.ceil(allowed.queue * queue.NEWCOMERS_SECOND_SHARE):
        _check_newcomers(session, owner, allowed.queue)


def _check_newcomers(session: Session, owner: str, places: int) -> None:
    """Check that newcomers have not taken their share of the queue. See `queue.may_join`."""
    other = aliased(RunRow)
    is_served = exists().where(other.owner == RunRow.owner, other.began.is_not(None))
    was_served = exists().where(Served.owner == RunRow.owner)
    waiting = select(RunRow.owner, func.count()).where(IS_QUEUED, ~is_served, ~was_served).group_by(RunRow.owner)
    newcomers = {name: number for name, number in session.execute(waiting)}
    if owner not in newcomers:
        of_owner = exists().where(RunRow.owner == owner, RunRow.began.is_not(None))
        if session.scalar(select(or_(of_owner, exists().where(Served.owner == owner)))):
            return
    if not queue.may_join(newcomers, owner, places):
        if owner in newcomers:
            raise OverLimit("Many people wait for their first run. Queue another one when yours has begun.")
        raise OverLimit("The queue has no more room for new visitors at the moment. Try again in a few minutes.")


def check_may_submit(session: Session, owner: str) -> None:
    """Check that a workspace may queue another run. Raises as `check_queue`, and where it keeps too many runs."""
    check_queue(session, owner)
    _check_room(session, owner, new=1)


def check_may_resume(session: Session, owner: str, recipe: Recipe) -> None:
    """Check that a workspace may queue a run by this recipe again. Raises as `check_may_submit` does."""
    server_limits.check(recipe)
    check_queue(session, owner)
    _check_room(session, owner, new=0)


def check_size(session: Session, owner: str) -> None:
    """Check that a workspace holds no more than its share of the disk. Too slow for each rerun of a page.

    Raises:
        OverLimit: it does.
    """
    most = server_limits.limits().workspace_megabytes
    if bytes_of(session, owner) > most * MEGABYTE:
        raise OverLimit(f"Your runs take more than {most:,} MB, your share of this server's disk: delete some first.")


def _check_room(session: Session, owner: str, new: int) -> None:
    allowed = server_limits.limits()
    if count(session, RunRow.owner == owner) + new > allowed.runs:
        raise OverLimit(
            f"This server keeps {allowed.runs:,} runs of yours, and there is no room for more: delete some first."
        )


def count(session: Session, *conditions: Any) -> int:
    """How many runs meet all of these conditions."""
    return session.scalar(select(func.count()).select_from(RunRow).where(*conditions)) or 0


# The queue


def is_queue_paused(session: Session) -> bool:
    """Whether the workshop's leader has paused the queue."""
    return session.get(Setting, QUEUE_PAUSED) is not None


def end_of_queue(session: Session) -> float:
    """The `queued` time of a run that joins now: later than that of all others, even if the clock was set back."""
    last = session.scalar(select(func.max(RunRow.queued)).where(IS_QUEUED)) or 0.0
    return max(time.time(), math.nextafter(last, math.inf))


def queue_again(session: Session, row: RunRow, requested_action: Action = "") -> None:
    """Put a paused or interrupted run at the end of the queue."""
    _log.info("event=resumed run=%s state=%s action=%s", row.id, row.state, requested_action or "none")
    row.deaths, row.queued = 0, end_of_queue(session)
    row.state, row.requested_action, row.notice = RunState.QUEUED, requested_action, ""
    row.request = row.id  # it starts in the middle, so it is not the same as a new run of its recipe


def request_action(row: RunRow, requested_action: str, notice: str) -> None:
    """Ask a running run to stop or pause; a waiting one does so at once."""
    if row.state == RunState.RUNNING and row.requested_action != "stop":  # a late pause does not undo a stop
        row.requested_action = requested_action
        row.notice = notice or row.notice
    elif row.state == RunState.QUEUED:
        row.notice = notice or row.notice
        _leave_queue(row, requested_action)


def cancel_waiting(session: Session, notice: str) -> int:
    """Stop all waiting runs, and tell their owners this; returns how many there were."""
    waiting = session.scalars(select(RunRow).where(IS_QUEUED).with_for_update()).all()
    for row in waiting:
        request_action(row, "stop", notice)
    _log.info("event=queue_cancelled runs=%d", len(waiting))
    return len(waiting)


def _leave_queue(row: RunRow, requested_action: str) -> None:
    if requested_action == "pause" or row.attempt:
        row.state = RunState.PAUSED  # what it has learned stays, and Resume queues it again
    else:
        row.state, row.notice = RunState.STOPPED, row.notice or NEVER_BEGUN
    row.requested_action = ""


def claim_next(session: Session, worker: str) -> str | None:
    """Claim the next run for a worker; returns its id. See `RunStore.claim_next`."""
    if is_queue_paused(session):
        return None
    for entry in queue.next_up(queue_entries(session)):
        row = session.get_one(RunRow, entry.id)
        if is_readable(row):
            row.state, row.live, row.worker = RunState.RUNNING, None, worker
            row.heartbeat = row.began = time.time()
            return row.id
    return None


def queue_view(session: Session) -> QueueView:
    """The queue as it is now."""
    now, entries = time.time(), queue_entries(session, with_seconds=True)
    order = {entry.id: ahead for ahead, entry in enumerate(queue.in_order(entries))}
    return QueueView(now, entries, order, is_queue_paused(session))


def queue_entries(session: Session, *, with_seconds: bool = False) -> list[queue.QueueEntry]:
    """The runs that wait or train, for `core.store.queue`; how long each takes only `with_seconds`."""
    columns = (RunRow.id, RunRow.owner, RunRow.state, RunRow.requested_action, RunRow.queued, RunRow.kind, RunRow.cost)
    rows = session.execute(select(*columns).where(RunRow.state.in_(ACTIVE))).all()
    if not rows:
        return []
    served = _last_served(session, {row.owner for row in rows})
    seconds = _expected_seconds(session, rows) if with_seconds else {}
    return [
        queue.QueueEntry(
            row.id,
            row.owner,
            row.state == RunState.RUNNING,
            row.queued,
            served.get(row.owner, 0.0),
            seconds.get(row.id, 0.0),
        )
        for row in rows
    ]


def _last_served(session: Session, owners: set[str]) -> dict[str, float]:
    """When a run of each owner last ended, in seconds since 1970, of those for whom that was lately."""
    served: dict[str, float] = {}
    for table in (RunRow, Served):
        lately = (table.owner.in_(owners), table.ended > time.time() - queue.SERVED_SECONDS)
        for owner, ended in session.execute(
            select(table.owner, func.max(table.ended)).where(*lately).group_by(table.owner)
        ):
            served[owner] = max(served.get(owner, 0.0), ended or 0.0)
    return served


def _expected_seconds(session: Session, rows: Sequence[Any]) -> dict[str, float]:
    """How long each of these runs will still take, from what the latest runs took and how far the running ones are."""
    latest = select(RunRow.kind, RunRow.cost, RunRow.took).where(RunRow.took.is_not(None), RunRow.cost.is_not(None))
    past = [
        queue.PastRun(row.kind or "", row.cost or 0.0, row.took or 0.0)
        for row in session.execute(latest.order_by(RunRow.ended.desc()).limit(queue.LATEST))
    ]
    expected = {
        row.id: queue.OVERHEAD_SECONDS  # one that is to stop is only measured
        if row.requested_action == "stop"
        else queue.expected_seconds(row.kind or "", row.cost or 0.0, past)
        for row in rows
    }
    running = select(RunRow.id, RunRow.recipe, RunRow.live, RunRow.began).where(RunRow.state == RunState.RUNNING)
    for run_id, recipe, live, began in session.execute(running):
        with suppress(*UNREADABLE_ERRORS):  # an unreadable run keeps its expected time
            elapsed = max(0.0, time.time() - (began or 0.0))
            progress = read_progress(live) if live else None
            expected[run_id] = queue.seconds_to_go(expected.get(run_id, 0.0), elapsed, read_recipe(recipe), progress)
    return expected


# The end of a run


def is_readable(row: RunRow) -> bool:
    """Whether this version of Inkling can read a run."""
    try:
        read_run(row)
    except UnreadableRun:
        return False
    return True


def interrupt(row: RunRow, notice: str) -> None:
    """Leave a run interrupted, with all that it has learned."""
    _log.warning("event=interrupted run=%s because=%r deaths=%d", row.id, notice, row.deaths)
    row.state, row.requested_action, row.live, row.notice = RunState.INTERRUPTED, "", None, notice
    row.ended = time.time()


def interrupt_unreadable(session: Session, condition: ColumnElement[bool]) -> None:
    """Take runs out of the queue that this version cannot read; the version that can may resume them."""
    for row in session.scalars(select(RunRow).where(IS_QUEUED, condition)):
        if not is_readable(row):
            interrupt(row, f"It {UNREADABLE_BECAUSE}")


def ended(state: RunState) -> dict[str, Any]:
    """The columns that change when a run stops training."""
    return {"state": state, "requested_action": "", "live": None, "ended": time.time()}


def last_event() -> Any:
    """When the last thing happened to a run that has ended: its end, or its creation if it never trained."""
    return func.coalesce(RunRow.ended, RunRow.created)


def is_old(days: float) -> tuple[Any, ...]:
    """Conditions: a run has ended, or was paused, more than this many days ago."""
    return RunRow.state.in_((*OVER, *RESUMABLE)), last_event() < time.time() - 86_400 * days


def delete_needless_checkpoints(session: Session) -> None:
    """Delete the checkpoints of runs that have ended and cannot be resumed; not in a state of another version's."""
    over = select(RunRow.id).where(RunRow.state.in_(OVER))
    has_checkpoint = or_(RunData.checkpoint.is_not(None), RunData.previous.is_not(None))
    session.execute(update(RunData).where(RunData.id.in_(over), has_checkpoint).values(checkpoint=None, previous=None))


def _size() -> Any:
    """The bytes of a run's large data."""
    columns = [column for column in RunData.__table__.columns if isinstance(column.type, Sealed)]
    return sum((func.coalesce(func.length(column), 0) for column in columns), literal(0))


def bytes_of(session: Session, owner: str) -> int:
    """How many bytes a workspace's runs take."""
    sizes = select(func.sum(_size())).join(RunRow, RunData.id == RunRow.id).where(RunRow.owner == owner)
    return session.scalar(sizes) or 0


def runs_over_size(session: Session, most: float) -> set[str]:
    """The ended runs to delete so that all runs have this many bytes.

    Whoever holds most gives first, so that nobody's runs make room for another's; of each the oldest goes first, and
    those that can be resumed last.
    """
    worth = case((RunRow.state.in_(RESUMABLE), 1), else_=0)
    runs = select(RunRow.owner, RunRow.id, _size(), RunRow.state.in_((*OVER, *RESUMABLE)))
    held: Counter[str] = Counter()
    given: dict[str, list[tuple[str, int]]] = {}  # what each may lose, to be taken from the end
    ordered = runs.join(RunData, RunData.id == RunRow.id).order_by(worth.desc(), last_event().desc())
    for owner, run_id, run_bytes, has_ended in session.execute(ordered):
        held[owner] += run_bytes
        if has_ended:
            given.setdefault(owner, []).append((run_id, run_bytes))
    over = set()
    while sum(held.values()) > most and given:
        largest = max(given, key=lambda owner: held[owner])
        run_id, run_bytes = given[largest].pop()
        over.add(run_id)
        held[largest] -= run_bytes
        if not given[largest]:
            del given[largest]
    return over


def delete_runs(session: Session, run_ids: Sequence[str]) -> None:
    """Delete runs with their data; when they ended is kept for a while, because the queue depends on it."""
    now = time.time()
    ended_at = case((RunRow.state == RunState.RUNNING, now), else_=RunRow.ended)
    lately = now - queue.SERVED_SECONDS
    session.execute(delete(Served).where(Served.ended <= lately))
    for start in range(0, len(run_ids), DELETED_AT_ONCE):
        some = run_ids[start : start + DELETED_AT_ONCE]
        served = select(RunRow.owner, ended_at).where(RunRow.id.in_(some), ended_at > lately)
        session.execute(insert(Served).from_select(["owner", "ended"], served))
        session.execute(delete(RunData).where(RunData.id.in_(some)))
        session.execute(delete(RunRow).where(RunRow.id.in_(some)))


# What a worker writes


def may_begin(row: RunRow) -> bool:
    """Count the death of the worker that had a run before; one that has died too often leaves it interrupted."""
    if row.attempt and row.live is not None:
        row.deaths += 1
    if row.deaths > RESUMES:
        interrupt(row, f"Its worker died twice, last after epoch {len(row.history)}. Resume tries again.")
        return False
    if row.deaths:
        row.notice = f"Its worker died; it went on from epoch {len(row.history)}."
    return True


def rewind(session: Session, row: RunRow) -> Checkpoint | None:
    """Set a run's history and curve back to its newest undamaged checkpoint; returns it, or None."""
    checkpoint, is_damaged = newest_checkpoint(session, row.id)
    if is_damaged:
        went_on = f"went on from epoch {len(checkpoint.history)}" if checkpoint else "began again"
        row.notice = f"Its last checkpoint was damaged on the server's disk; it {went_on}."
        _log.error("event=checkpoint_damaged run=%s since=%r", row.id, went_on)
        row.history = row.history[: len(checkpoint.history) if checkpoint else 0]
    reached = (len(checkpoint.history) + 1, checkpoint.step) if checkpoint else (1, 0)
    row.points = [point for point in row.points or () if (point["epoch"], point["step"]) <= reached]
    return checkpoint


def held_update(run_id: str, attempt: int) -> Update:
    """An update of a run's row that changes nothing unless the worker of this attempt still has the run."""
    return update(RunRow).where(RunRow.id == run_id, RunRow.attempt == attempt, RunRow.state == RunState.RUNNING)


def update_held(session: Session, run_id: str, attempt: int, **values: Any) -> bool:
    """Update a run's row if the worker of this attempt still has the run; says whether it has."""
    return session.scalar(held_update(run_id, attempt).values(**values).returning(RunRow.id)) is not None


def write_data(session: Session, run_id: str, **content: Any) -> None:
    """Write a run's large data, by column."""
    session.execute(update(RunData).where(RunData.id == run_id).values(**content))


def newest_checkpoint(session: Session, run_id: str) -> tuple[Checkpoint | None, bool]:
    """The newest undamaged checkpoint of a run, if any, and whether a newer one was damaged."""
    is_damaged = False
    for column in (RunData.checkpoint, RunData.previous):
        try:
            content: bytes | None = session.scalar(select(column).where(RunData.id == run_id))
            if content or not is_damaged:
                return (Checkpoint.from_bytes(content) if content else None), is_damaged
        except ValueError:  # Damaged is one
            is_damaged = True
    return None, is_damaged

"""The queue as data: who is next, how long a run takes, and how long each has to wait.

A worker trains one run at a time, and so does a workspace. A workspace's first run goes before anybody's second; among
first runs, that one goes first whose owner has waited longest without a finished run. A run counts as a second one
while another run of its owner is ahead of it, trains, or has ended within the last hour.
"""

from __future__ import annotations

import hashlib
import heapq
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.formatting import duration
from core.networks.history import BatchProgress, share_done
from core.networks.recipe import Recipe

# Measured on two idle cores and fitted to the presets: starting and ending a run, an image, a multiply-add.
OVERHEAD_SECONDS, IMAGE_SECONDS, MULTIPLY_ADD_SECONDS = 2.0, 6e-5, 3.6e-11
FORWARD = 1 / 3  # of a training step's work: the forward pass alone
ANSWERED_IMAGES = 25_000  # at the end of a run: test set, validation split, drawn digits
HANDOVER_SECONDS = 0.4  # from the end of a run until a worker begins the next one
SERVED_SECONDS = 3600  # after which an owner's next run counts as a first again; workshops are shorter
ALIKE = 5  # ended runs of the same kind, from which the time of another one is estimated
NEWCOMERS_FIRST_SHARE, NEWCOMERS_SECOND_SHARE = 0.5, 0.3  # of the queue; see `may_join`
LATEST = 100  # ended runs that the estimates are based on
RECENT = 20  # of these, of any kind, from which the machine's speed is estimated


@dataclass(frozen=True)
class QueueEntry:
    """A run that waits or trains.

    Attributes:
        queued: when it was queued, in seconds since 1970.
        served: when a run of its owner last ended, in the same; 0 where none has within `SERVED_SECONDS`.
        seconds: that it will still take, once a worker has it.
    """

    id: str
    owner: str
    is_running: bool
    queued: float
    served: float
    seconds: float


@dataclass(frozen=True)
class Position:
    """The position of a waiting run.

    Attributes:
        before: how many waiting runs are ahead of it.
        running: how many runs train now.
        seconds: until it begins, estimated.
    """

    before: int
    running: int
    seconds: float


@dataclass(frozen=True)
class PastRun:
    """How many seconds a run has taken, from its claim to its end, and its `kind` and `cost`."""

    kind: str
    cost: float
    seconds: float


def in_order(entries: Iterable[QueueEntry]) -> list[QueueEntry]:
    """The waiting runs among these, in the order in which they will be trained."""
    entries = list(entries)
    ahead = Counter(entry.owner for entry in entries if entry.is_running)  # runs of the same owner
    ranked = []
    for entry in sorted((entry for entry in entries if not entry.is_running), key=lambda entry: entry.queued):
        rank = ahead[entry.owner] + (entry.served > 0)
        ahead[entry.owner] += 1
        ranked.append((rank, max(entry.queued, entry.served), entry))
    return [entry for _, _, entry in sorted(ranked, key=lambda ranked: ranked[:2])]


def next_up(entries: Sequence[QueueEntry]) -> Iterator[QueueEntry]:
    """The waiting runs that a free worker may take, the next one first: those whose owners have none in training."""
    busy = {entry.owner for entry in entries if entry.is_running}
    return (entry for entry in in_order(entries) if entry.owner not in busy)


def positions(entries: Sequence[QueueEntry], workers: int) -> dict[str, Position]:
    """The position of each waiting run, by id, if every run takes as long as expected.

    Args:
        entries: all runs that wait or train.
        workers: that train side by side.
    """
    running = [entry for entry in entries if entry.is_running]
    free = sorted([entry.seconds for entry in running] + [0.0] * (workers - len(running)))[-max(workers, 1) :]
    own = {entry.owner: entry.seconds for entry in running}
    heapq.heapify(free)
    found = {}
    for before, entry in enumerate(in_order(entries)):
        begins = max(heapq.heappop(free), own.get(entry.owner, 0.0))
        if running or before:
            begins += HANDOVER_SECONDS
        found[entry.id] = Position(before, len(running), begins)
        own[entry.owner] = begins + entry.seconds
        heapq.heappush(free, own[entry.owner])
    return found


def may_join(newcomers: Mapping[str, int], owner: str, places: int) -> bool:
    """Whether a newcomer's next run may join a queue of this many places.

    Anybody can make any number of workspaces by dropping cookies. A limit for each network address would not help: a
    class is behind one. What tells a script from a class is that people queue one run first, and that people whose runs
    have begun have waited for them. So newcomers' first runs may hold half of the queue and their further ones 30%: a
    script with 60 workspaces of three runs each takes 120 of 200 places, and a class of thirty still finds its thirty.
    The rest is for those of whom a worker has begun a run: no number of new workspaces can lock them out.

    Args:
        newcomers: how many runs each workspace has waiting of which no run was ever begun.
        owner: the newcomer.
        places: in the queue.
    """
    further = sum(newcomers.values()) - len(newcomers)
    if owner in newcomers:
        return further < math.ceil(places * NEWCOMERS_SECOND_SHARE)
    return len(newcomers) < math.ceil(places * NEWCOMERS_FIRST_SHARE)


def cost(recipe: Recipe) -> float:
    """Estimated seconds of a run by this recipe on two idle cores."""
    work = recipe.network.multiply_adds * MULTIPLY_ADD_SECONDS
    watched = recipe.epochs if recipe.data.validation != "none" else 0
    answered = ANSWERED_IMAGES + watched * {"full": 5_000, "quick": 2_000}[recipe.data.size]
    return OVERHEAD_SECONDS + recipe.epochs * recipe.data.images * (IMAGE_SECONDS + work) + answered * work * FORWARD


def kind(recipe: Recipe) -> str:
    """A hash of all of a recipe but its name and seed: runs of one kind take equally long."""
    return hashlib.sha256(recipe.model_copy(update={"name": "-", "seed": 0}).to_json().encode()).hexdigest()[:16]


def expected_seconds(kind: str, cost: float, past: Sequence[PastRun]) -> float:
    """How many seconds a run will take: as long as its like, else its cost at the machine's recent pace.

    Args:
        kind: of the run.
        cost: of the run.
        past: ended runs, the newest first.
    """
    alike = [one.seconds for one in past if one.kind == kind][:ALIKE]
    if alike:
        return statistics.median(alike)
    pace = [one.seconds / one.cost for one in past[:RECENT] if one.cost > 0]
    return cost * (statistics.median(pace) if pace else 1.0)


def seconds_to_go(expected: float, elapsed: float, recipe: Recipe, live: BatchProgress | None) -> float:
    """How many seconds a running run will still take: weighted from the expectation to its own pace as it proceeds.

    Args:
        expected: seconds that it was expected to take in all.
        elapsed: seconds since it was claimed.
        recipe: of the run.
        live: its last report; None before the first.
    """
    by_expectation = max(expected - elapsed, 0.05 * expected)
    if live is None:
        return by_expectation
    done = share_done(live, recipe.epochs)
    if not 0 < done < 1:
        return by_expectation
    by_pace = live.seconds / done * (1 - done) + expected * _ending_share(recipe)
    return (1 - done) * by_expectation + done * by_pace


def _ending_share(recipe: Recipe) -> float:
    """The share of a run after its last step: evaluating and saving."""
    work = recipe.network.multiply_adds * MULTIPLY_ADD_SECONDS
    return (OVERHEAD_SECONDS / 2 + ANSWERED_IMAGES * work * FORWARD) / cost(recipe)


def position_sentence(position: Position) -> str:
    """A position in the queue in words: "Number 3 in the queue, behind 1 that trains: begins in about 40 s"."""
    if not position.before and not position.running:
        return "Next in the queue"
    where = f"Number {position.before + 1} in the queue" if position.before else "Next in the queue"
    trains = "trains" if position.running == 1 else "train"
    behind = f", behind {position.running} that {trains}" if position.running else ""
    return f"{where}{behind}: begins in about {duration(max(1.0, position.seconds))}"

"""The queue as data: who is next, how long a run takes, and how long each has to wait.

One training at a time per worker, one at a time per workspace. A workspace's first run goes before anybody's second,
and among these the one goes first whose owner has waited longest without a run that came to its end. A run is a second
while another one of its owner's is before it, trains, or came to its end within the last hour.
"""

from __future__ import annotations

import hashlib
import heapq
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.formatting import duration
from core.networks.history import BatchProgress, share_done
from core.networks.recipe import Recipe

# What a run takes on two quiet cores, fitted to the presets: to begin and to end, for an image, for a multiply-add.
OVERHEAD_SECONDS, IMAGE_SECONDS, MULTIPLY_ADD_SECONDS = 2.0, 6e-5, 3.6e-11
FORWARD = 1 / 3  # of a training step's work, where an image is only answered
ANSWERED_IMAGES = 25_000  # when a run ends: test set, validation split, drawn digits
HANDOVER_SECONDS = 0.4  # from the end of a run until the next one is in a worker's hands
SERVED_SECONDS = 3600  # from the end of a run until its owner's next one is a first again; a workshop takes less
ALIKE = 5  # ended runs of the same kind that tell how long another one takes
LATEST = 100  # ended runs that are looked at
RECENT = 20  # of these, of any kind, that tell how fast this machine is now


@dataclass(frozen=True)
class Entry:
    """A run that waits or trains.

    Attributes:
        queued: since when it waits, in seconds since 1970.
        served: when a run of its owner last came to its end, in the same; 0 where none has in `SERVED_SECONDS`.
        seconds: it will still take, once a worker has it.
    """

    id: str
    owner: str
    is_running: bool
    queued: float
    served: float
    seconds: float


@dataclass(frozen=True)
class Place:
    """Where a queued run stands.

    Attributes:
        before: queued runs that go before it.
        running: runs that train now.
        seconds: until it begins, as far as can be told.
    """

    before: int
    running: int
    seconds: float


@dataclass(frozen=True)
class Took:
    """How long a run has taken, from its worker's taking it in hand to its end, and of what kind it was."""

    kind: str
    cost: float
    seconds: float


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """The queued runs among these, in the order in which they are served."""
    entries = list(entries)
    ahead = Counter(entry.owner for entry in entries if entry.is_running)  # runs of the same owner that go before
    ranked = []
    for entry in sorted((entry for entry in entries if not entry.is_running), key=lambda entry: entry.queued):
        rank = ahead[entry.owner] + (entry.served > 0)
        ahead[entry.owner] += 1
        ranked.append((rank, max(entry.queued, entry.served), entry))
    return [entry for _, _, entry in sorted(ranked, key=lambda ranked: ranked[:2])]


def next_up(entries: Sequence[Entry]) -> Entry | None:
    """The queued run that a free worker takes: the first whose owner has none in training."""
    busy = {entry.owner for entry in entries if entry.is_running}
    return next((entry for entry in in_order(entries) if entry.owner not in busy), None)


def places(entries: Sequence[Entry], workers: int) -> dict[str, Place]:
    """Where each queued run stands, by id, if every run takes as long as is expected of it.

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
        found[entry.id] = Place(before, len(running), begins)
        own[entry.owner] = begins + entry.seconds
        heapq.heappush(free, own[entry.owner])
    return found


def cost(recipe: Recipe) -> float:
    """Seconds that a run by this recipe takes on two quiet cores, for want of better knowledge."""
    work = recipe.network.multiply_adds * MULTIPLY_ADD_SECONDS
    watched = recipe.epochs if recipe.data.validation != "none" else 0
    answered = ANSWERED_IMAGES + watched * {"full": 5_000, "quick": 2_000}[recipe.data.size]
    return OVERHEAD_SECONDS + recipe.epochs * recipe.data.images * (IMAGE_SECONDS + work) + answered * work * FORWARD


def kind(recipe: Recipe) -> str:
    """What runs have in common that take as long as one another: all of a recipe but its name and seed."""
    return hashlib.sha256(recipe.model_copy(update={"name": "-", "seed": 0}).to_json().encode()).hexdigest()[:16]


def expected_seconds(kind: str, cost: float, took: Sequence[Took]) -> float:
    """How long a run will take, by what the latest ended ones took.

    Args:
        kind: the run's.
        cost: the run's, as `cost` says.
        took: of ended runs, the newest first.
    """
    alike = [one.seconds for one in took if one.kind == kind][:ALIKE]
    if alike:
        return statistics.median(alike)
    pace = [one.seconds / one.cost for one in took[:RECENT] if one.cost > 0]
    return cost * (statistics.median(pace) if pace else 1.0)


def seconds_to_go(expected: float, elapsed: float, recipe: Recipe, live: BatchProgress | None) -> float:
    """How long a run that trains will still take: by experience at first, by its own pace the further it is.

    Args:
        expected: seconds that it was expected to take in all.
        elapsed: seconds since a worker took it in hand.
        recipe: the run's.
        live: where it is; None before its first report.
    """
    by_experience = max(expected - elapsed, 0.05 * expected)
    if live is None:
        return by_experience
    done = share_done(live, recipe.epochs)
    if not 0 < done < 1:
        return by_experience
    by_pace = live.seconds / done * (1 - done) + expected * _ending_share(recipe)
    return (1 - done) * by_experience + done * by_pace


def _ending_share(recipe: Recipe) -> float:
    """The part of a run that comes after its last step: answering the test digits, and saving."""
    work = recipe.network.multiply_adds * MULTIPLY_ADD_SECONDS
    return (OVERHEAD_SECONDS / 2 + ANSWERED_IMAGES * work * FORWARD) / cost(recipe)


def place_sentence(before: int, running: int, seconds: float) -> str:
    """Where a run stands in the queue: "Place 3 in the queue, behind 1 that trains: begins in about 40 s"."""
    if not before and not running:
        return "Next in the queue"
    place = f"Place {before + 1} in the queue" if before else "Next in the queue"
    behind = f", behind {running} that {'trains' if running == 1 else 'train'}" if running else ""
    return f"{place}{behind}: begins in about {duration(max(1.0, seconds))}"

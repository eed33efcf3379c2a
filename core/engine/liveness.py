"""Which workers live, and which runs wait for a worker that does not: judged by the observer's own clock."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Mapping, Sequence

from core.processes import is_alive, machine_id
from core.store.run_tables import Claim
from core.store.workers import Worker

LONGEST_STEP = 5.0  # seconds that count between two looks: an observer that slept has missed the heartbeats meanwhile
GONE_SECONDS = 30.0  # heartbeat timeout of a worker on another machine
HUNG_SECONDS = 300.0  # heartbeat timeout of a run; on a tenth of a core an evaluation takes long
ABANDONED_SECONDS = 2 * HUNG_SECONDS  # the same where its own machine should have ended the worker, and has not


class Silence:
    """How long each heartbeat has not changed, in the steps of the process that looks."""

    def __init__(self) -> None:
        self._looked = time.monotonic()
        self._seen: dict[Hashable, tuple[float, float]] = {}

    def seconds(self, heartbeats: Mapping[Hashable, float]) -> dict[Hashable, float]:
        """The seconds for which each of these has been silent; those that are not given are forgotten."""
        now = time.monotonic()
        step, self._looked = min(now - self._looked, LONGEST_STEP), now
        before, self._seen = self._seen, {}
        for key, heartbeat in heartbeats.items():
            seen, silent = before.get(key, (None, 0.0))
            self._seen[key] = heartbeat, silent + step if seen == heartbeat else 0.0
        return {key: silent for key, (_, silent) in self._seen.items()}


class Observer:
    """Watches workers and their claims. To be asked every few seconds, as it counts silence from look to look."""

    def __init__(self) -> None:
        self._workers, self._runs = Silence(), Silence()

    def living(self, workers: Iterable[Worker]) -> list[Worker]:
        """Those of these workers that live."""
        workers = list(workers)
        silent = self._workers.seconds({worker.id: worker.heartbeat for worker in workers})
        here = machine_id()
        return [
            worker
            for worker in workers
            if (is_alive(worker.process) if worker.machine == here else silent[worker.id] < GONE_SECONDS)
        ]

    def expired(self, claims: Sequence[Claim], workers: Sequence[Worker], living: Sequence[Worker]) -> list[Claim]:
        """The claims that nobody renews any more.

        Args:
            claims: on all runs that are running.
            workers: all that have announced themselves.
            living: those of them that live.
        """
        silent = self._runs.seconds({(claim.run_id, claim.attempt): claim.heartbeat for claim in claims})
        known, alive = ({worker.id for worker in some} for some in (workers, living))

        def is_expired(claim: Claim) -> bool:
            seconds = silent[claim.run_id, claim.attempt]
            if claim.worker in alive:
                return seconds > ABANDONED_SECONDS
            # A worker that is unknown here may be one of an earlier version, which announces none.
            return claim.worker in known or seconds > HUNG_SECONDS

        return [claim for claim in claims if is_expired(claim)]

import os

import pytest

from core import resources
from core.engine import machine


def test_a_look_at_the_machine_tells_its_cores_load_and_memory():
    now = machine.measure()
    assert 1 <= now.cores <= (os.cpu_count() or 1)
    assert now.load >= 0
    assert 0 < now.web < now.used < now.limit == resources.memory_limit()


@pytest.mark.parametrize(
    ("cores", "gigabytes", "configured", "workers"),
    [(1, 2, "", 1), (2, 8, "", 1), (8, 64, "", 4), (8, 3, "", 2), (2, 8, "3", 3), (8, 64, "none", 4)],
)
def test_there_is_a_worker_per_two_cores_as_far_as_memory_allows(cores, gigabytes, configured, workers, monkeypatch):
    monkeypatch.setenv("INKLING_WORKERS", configured)
    monkeypatch.setattr(machine, "cores", lambda: cores)
    monkeypatch.setattr(machine, "memory_limit", lambda: gigabytes * 1e9)
    assert machine.workers_wanted() == workers

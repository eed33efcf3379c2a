import os

from core.engine import machine


def test_a_look_at_the_machine_tells_its_cores_load_and_memory():
    now = machine.measure()
    assert 1 <= now.cores <= (os.cpu_count() or 1)
    assert now.load >= 0
    assert 0 < now.web < now.used < now.limit == machine.memory_limit()

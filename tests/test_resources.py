"""What a process may use within its container: cores and memory."""

import os

import pytest

from core import resources


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Writes the files of control groups."""
    membership = tmp_path / "membership"
    monkeypatch.setattr(resources, "CGROUPS", tmp_path)
    monkeypatch.setattr(resources, "MEMBERSHIP", membership)
    monkeypatch.setattr(resources.os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)

    def write(member, files):
        membership.write_text(member)
        for path, content in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content)

    return write


def test_without_a_container_all_cores_of_the_affinity_and_all_memory_may_be_used(groups):
    assert resources.cores() == 64
    assert resources.memory_limit() == resources.psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("quota", "cores"), [("200000 100000", 2), ("150000 100000", 2), ("5000 100000", 1), ("max 100000", 64)]
)
def test_a_quota_of_the_processor_counts_as_that_many_cores(groups, quota, cores):
    groups("0::/\n", {"cpu.max": quota})
    assert resources.cores() == cores


def test_limits_of_nested_groups_hold_and_the_strictest_counts(groups):
    of_the_pod = {"pod/memory.max": "2000000", "pod/cpu.max": "300000 100000"}
    of_the_box = {"pod/box/memory.max": "max", "pod/box/cpu.max": "max 100000"}
    groups("0::/pod/box\n", of_the_pod | of_the_box)
    assert resources.memory_limit() == 2_000_000
    assert resources.cores() == 3


def test_the_first_version_of_control_groups_is_read_too(groups):
    groups("5:memory:/box\n4:cpu,cpuacct:/box\n", {"memory/box/memory.limit_in_bytes": "3000000"})
    assert resources.memory_limit() == 3_000_000


def test_the_affinity_limits_the_cores(monkeypatch):
    monkeypatch.setattr(resources.os, "sched_getaffinity", lambda pid: {0}, raising=False)
    assert resources.cores() == 1


def test_systems_without_affinity_count_all_cores(groups, monkeypatch):
    monkeypatch.delattr(resources.os, "sched_getaffinity")
    assert resources.cores() == os.cpu_count()

"""The cache of the built-in handwriting returns what the generator makes, whatever happens to its files."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from core.digits.synthetic import cache
from core.digits.synthetic.cache import load_handwriting, load_handwriting_part
from core.digits.synthetic.handwriting import handwriting


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    return tmp_path / "cache"


def test_digits_are_made_once_and_then_read_from_inklings_home(folder, monkeypatch):
    made = load_handwriting(100, 3)
    monkeypatch.setattr(cache, "handwriting", None)

    read = load_handwriting(100, 3)

    assert len(list(folder.iterdir())) == 1
    for images, labels in (made, read):
        np.testing.assert_array_equal(images, handwriting(100, 3)[0])
        np.testing.assert_array_equal(labels, handwriting(100, 3)[1])
        assert not images.flags.writeable
        assert not labels.flags.writeable


def test_another_count_seed_pen_spread_or_generator_has_its_own_file(folder, monkeypatch):
    monkeypatch.setattr(cache, "KEPT_FILES", 9)
    load_handwriting(10, 0)
    load_handwriting(11, 0)
    load_handwriting(10, 1)
    load_handwriting(10, 0, even_pen=True)
    load_handwriting(10, 0, spread=0.7)
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    load_handwriting(10, 0)

    assert len(list(folder.iterdir())) == 6  # and nothing temporary is left


def test_only_the_two_latest_files_of_a_seed_are_kept(folder):
    for age, count in enumerate((10, 11, 12, 13)):
        load_handwriting(count, 2)
        load_handwriting(count, 12) if count < 12 else None
        for path in folder.glob(f"*-{count}-2-*"):
            os.utime(path, (age, age))
    (folder / "mnist.npz").write_bytes(b"not ours")
    load_handwriting(14, 2)

    v = cache.VERSION
    assert {path.name for path in folder.iterdir()} == {
        f"handwriting-v{v}-13-2-1.bin", f"handwriting-v{v}-14-2-1.bin",
        f"handwriting-v{v}-10-12-1.bin", f"handwriting-v{v}-11-12-1.bin", "mnist.npz",
    }  # fmt: skip


def test_a_file_that_cannot_be_removed_costs_nothing(folder, monkeypatch):
    def refuse(path, missing_ok=False):
        raise PermissionError("in use, says Windows")

    monkeypatch.setattr(cache, "KEPT_FILES", 1)
    first = load_handwriting(10, 2)
    monkeypatch.setattr(Path, "unlink", refuse)
    load_handwriting(11, 2)

    np.testing.assert_array_equal(load_handwriting(10, 2)[0], first[0])


def test_keeping_digits_takes_one_more_copy_of_them_at_most(folder, monkeypatch):
    made = np.zeros((10_000, 28, 28), np.uint8), np.zeros(10_000, np.uint8)
    monkeypatch.setattr(cache, "handwriting", lambda *_, **__: made)
    for _ in ("made", "read"):
        tracemalloc.start()
        load_handwriting(10_000, 2)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1.1 * made[0].nbytes


@pytest.mark.parametrize(
    "damage",
    [lambda b: b"", lambda b: b[:-1], lambda b: b + b"x", lambda b: b[:500] + b"?" + b[501:], lambda b: b"x" * len(b)],
    ids=["empty", "truncated", "too long", "one byte changed", "nonsense"],
)
def test_a_damaged_file_is_replaced(folder, damage):
    images, _ = load_handwriting(50, 0)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))

    np.testing.assert_array_equal(load_handwriting(50, 0)[0], images)
    assert path.read_bytes() == whole


def test_where_nothing_can_be_written_the_digits_are_made_each_time(folder):
    folder.write_text("a file, not a folder")

    for images, _ in (load_handwriting(50, 0), load_handwriting(50, 0), load_handwriting_part(50, 0, 0, 50)):
        np.testing.assert_array_equal(images, handwriting(50, 0)[0])


def test_a_part_is_read_from_the_whole_which_is_made_where_it_is_missing_or_damaged(folder):
    images, labels = load_handwriting(50, 7)
    for start, stop in ((0, 50), (0, 10), (13, 40), (49, 50), (20, 20)):
        part, part_labels = load_handwriting_part(50, 7, start, stop)
        np.testing.assert_array_equal(part, images[start:stop])
        np.testing.assert_array_equal(part_labels, labels[start:stop])
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    np.testing.assert_array_equal(load_handwriting_part(50, 7, 3, 9)[0], images[3:9])
    assert path.read_bytes() == whole
    path.unlink()
    np.testing.assert_array_equal(load_handwriting_part(50, 7, 3, 9)[1], labels[3:9])

import io
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core.store.drawings import MAX_DRAWINGS, DrawingsFull, DrawingStore, as_archive, as_digits, key_of
from core.store.runs import RunStore

MINE, THEIRS = "a" * 64, "b" * 64


@pytest.fixture
def store(database_url):
    return DrawingStore(database_url)


def image(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)


def kept(store, owner=MINE):
    return [(drawing.key, drawing.label) for drawing in store.drawings(owner)]


def test_a_drawing_is_kept_with_its_digit(store):
    store.keep(MINE, image(), 7)
    (drawing,) = store.drawings(MINE)
    np.testing.assert_array_equal(drawing.image, image())
    assert drawing.image.dtype == np.uint8
    assert drawing.label == 7


def test_the_same_drawing_is_kept_once_with_the_last_digit(store):
    store.keep(MINE, image(0), 7)
    store.keep(MINE, image(1), 2)
    store.keep(MINE, image(0), 7)
    store.keep(MINE, image(0), 1)
    assert kept(store) == [(key_of(image(0)), 1), (key_of(image(1)), 2)]


def test_nobody_else_sees_or_removes_a_workspaces_drawings(store):
    store.keep(MINE, image(), 7)
    store.remove(THEIRS, key_of(image()))
    store.remove_all(THEIRS)
    assert store.drawings(THEIRS) == []
    assert kept(store) == [(key_of(image()), 7)]


def test_one_drawing_or_all_can_be_removed(store):
    for seed in range(3):
        store.keep(MINE, image(seed), seed)
    store.keep(THEIRS, image(0), 5)
    store.remove(MINE, key_of(image(1)))
    store.remove(MINE, "no such drawing")
    assert [label for _, label in kept(store)] == [0, 2]
    store.remove_all(MINE)
    assert kept(store) == []
    assert len(kept(store, THEIRS)) == 1


def test_a_full_set_refuses_new_drawings_but_takes_corrections(store):
    for seed in range(MAX_DRAWINGS):
        store.keep(MINE, image(seed), 3)
    with pytest.raises(DrawingsFull, match="200 drawings"):
        store.keep(MINE, image(1000), 3)
    store.keep(MINE, image(5), 8)
    store.keep(THEIRS, image(1000), 3)
    store.remove(MINE, key_of(image(6)))
    store.keep(MINE, image(1000), 3)
    assert len(kept(store)) == MAX_DRAWINGS


def test_drawings_are_there_for_the_next_process_beside_the_runs(store):
    store.keep(MINE, image(), 7)
    url = store._database.url
    RunStore(url)
    assert len(DrawingStore(url).drawings(MINE)) == 1


def test_a_damaged_drawing_is_left_out(store):
    for digit in (1, 2):
        store.keep(MINE, image(digit), digit)
    with store._database.writing() as session:
        session.execute(text("UPDATE drawing SET image = :damaged WHERE label = 1"), {"damaged": bytes(816)})
    assert [drawing.label for drawing in store.drawings(MINE)] == [2]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_numpy_reads_the_archive_without_pickle(labels):
    drawings = [
        type("Own", (), {"key": "", "image": image(place), "label": label}) for place, label in enumerate(labels)
    ]
    with np.load(io.BytesIO(as_archive(drawings)), allow_pickle=False) as archive:
        assert archive["images"].shape == (len(labels), 28, 28)
        assert archive["images"].dtype == archive["labels"].dtype == np.uint8
        assert archive["labels"].tolist() == labels
    np.testing.assert_array_equal(as_digits(drawings).images[0], image(0))


def test_a_drawing_is_deleted_when_it_is_as_old_as_a_cookie_may_become(store, monkeypatch):
    store.keep(MINE, image(), 3)
    store.cull(365)
    assert len(store.drawings(MINE)) == 1
    later = time.time() + 366 * 86_400
    monkeypatch.setattr("core.store.drawings.time", SimpleNamespace(time=lambda: later))
    store.cull(365)
    assert store.drawings(MINE) == []

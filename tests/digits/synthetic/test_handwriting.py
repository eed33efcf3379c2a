"""The built-in handwriting is balanced, repeatable, framed as MNIST is, and its cache forgives everything."""

import os
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core.digits.preprocessing import frame_strokes
from core.digits.synthetic import handwriting as module
from core.digits.synthetic.handwriting import (
    HABITS,
    STYLES,
    drawn,
    handwriting,
    load_handwriting,
    load_handwriting_part,
)


@pytest.fixture(scope="module")
def digits():
    return handwriting(4000, seed=1)


def test_digits_are_uint8_images_with_their_labels(digits):
    images, labels = digits

    assert images.shape == (4000, 28, 28)
    assert labels.shape == (4000,)
    assert images.dtype == labels.dtype == np.uint8


def test_every_digit_comes_equally_often_and_in_no_order(digits):
    _, labels = digits

    np.testing.assert_array_equal(np.bincount(labels), 400)
    assert all(np.bincount(part, minlength=10).min() > 50 for part in np.array_split(labels, 4))


@pytest.mark.parametrize("count", [0, 1, 13])
def test_any_number_of_digits_can_be_had(count):
    images, labels = handwriting(count, seed=0)

    assert images.shape == (count, 28, 28)
    assert np.ptp(np.bincount(labels, minlength=10)) <= 1


def test_the_same_seed_writes_the_same_digits_on_any_number_of_processors(digits, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)

    images, labels = handwriting(4000, seed=1)

    np.testing.assert_array_equal(images, digits[0])
    np.testing.assert_array_equal(labels, digits[1])


def test_another_seed_writes_other_digits(digits):
    assert not np.array_equal(handwriting(4000, seed=2)[0], digits[0])


def test_no_digit_is_written_twice(digits):
    assert len(np.unique(digits[0].reshape(4000, -1), axis=0)) == 4000


def test_digits_are_framed_as_mnist_frames_its_own(digits):
    ink = digits[0] / 255.0
    total = ink.sum(axis=(1, 2))
    pixels = np.arange(28) + 0.5
    inked = ink > 0
    longer = np.maximum(inked.any(axis=1).sum(axis=1), inked.any(axis=2).sum(axis=1))

    for axis in (1, 2):
        centroid = ink.sum(axis=axis) @ pixels / total
        assert np.mean((centroid > 13.99) & (centroid < 15.01)) > 0.999  # (14, 15], grey levels being rounded
        assert np.ptp(np.histogram(centroid, bins=5, range=(14, 15))[0]) < 200  # spread evenly over it
    assert np.mean(longer == 20) > 0.995
    assert np.mean(ink.max(axis=(1, 2)) == 1) >= 0.9
    assert total.mean() == pytest.approx(103.9, abs=2)


@pytest.mark.parametrize("digit", range(10))
def test_every_digit_is_written_in_several_styles(digit):
    assert sum(style.digit == digit for style in STYLES) >= 4


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style.digit}: {style.examples[0]}")
def test_every_style_is_drawn_with_evenly_spaced_dots_through_its_control_points(style):
    dots = style.pen @ style.skeletons.mean(axis=0)
    steps = np.hypot(*np.diff(dots, axis=0).T) * 18  # pixels

    np.testing.assert_allclose(style.pen.sum(axis=1), 1, atol=1e-5)
    assert np.median(steps) <= 0.41
    assert (steps > 0.41).sum() <= len(style.strokes) - 1  # where the pen is lifted


@pytest.mark.parametrize(
    ("digit", "strokes"),
    [(0, 2), (1, 2), (3, 1), (4, 1), (4, 2), (5, 1), (5, 2), (7, 1), (7, 2), (8, 1), (8, 2), (9, 2)],
)
def test_slashes_bars_feet_and_circles_are_strokes_of_their_own_for_some_writers_only(digit, strokes):
    shares = {len(style.strokes) == strokes: style.share for style in STYLES if style.digit == digit}

    assert shares.get(True, 0) > 0


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style.digit}: {style.examples[0]}")
def test_haste_cuts_corners_and_stays_within_each_stroke(style):
    points = style.skeletons.mean(axis=0)
    careful, hasty = style.pen @ points, (style.pen + style.shortcut) @ points

    np.testing.assert_allclose(style.shortcut.sum(axis=1), 0, atol=1e-5)
    for stroke in style.strokes:
        own = style.pen[:, stroke].sum(axis=1) > 0.5
        assert np.ptp(hasty[own], axis=0).max() <= np.ptp(careful[own], axis=0).max()
        assert np.abs(np.delete(style.shortcut[own], range(stroke.start, stroke.stop), axis=1)).max(initial=0) < 1e-6


def test_digits_of_an_even_pen_are_what_the_board_makes_of_the_same_lines():
    line = np.array([(80, 60), (200, 60), (150, 160), (130, 230)], float)
    dots = np.concatenate([np.linspace(a, b, 60) for a, b in pairwise(line)]).astype(np.float32)
    steady = dict.fromkeys(HABITS, np.zeros((1, 1), np.float32)) | {"tremor": np.full((1, 1), -np.inf, np.float32)}

    (image,) = drawn(dots[None], steady, np.random.default_rng(0))

    np.testing.assert_allclose(image / 255, frame_strokes([line]), atol=0.06)  # its dots are farther apart


def test_an_even_pen_writes_lines_of_one_thickness():
    # How much of an image's ink is full tells how thick its line is, whatever its shape.
    even, uneven = (
        (images == 255).sum(axis=(1, 2)) / (images > 0).sum(axis=(1, 2))
        for images, _ in (handwriting(1000, 5, even_pen=True), handwriting(1000, 5))
    )

    assert even.std() < uneven.std() / 2


def test_the_smaller_the_spread_the_more_digits_of_a_style_resemble_each_other():
    def differences(spread):
        images, labels = handwriting(1000, 5, spread=spread, even_pen=True)
        sevens = images[labels == 7] / 255
        return float(np.abs(sevens - sevens.mean(axis=0)).mean())

    assert differences(0.3) < differences(0.7) < differences(1.0)


# The cache


def test_digits_are_written_once_and_then_read_from_disk(tmp_path, monkeypatch):
    first = load_handwriting(100, 3, tmp_path)
    monkeypatch.setattr(module, "handwriting", None)

    again = load_handwriting(100, 3, tmp_path)

    np.testing.assert_array_equal(again[0], first[0])
    np.testing.assert_array_equal(again[1], first[1])


def test_the_cache_holds_what_the_generator_writes(tmp_path):
    for images, labels in (load_handwriting(100, 3, tmp_path), load_handwriting(100, 3, tmp_path)):
        np.testing.assert_array_equal(images, handwriting(100, 3)[0])
        np.testing.assert_array_equal(labels, handwriting(100, 3)[1])
        assert not images.flags.writeable


def test_another_count_seed_pen_or_generator_has_its_own_file(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEPT_FILES", 9)
    load_handwriting(10, 0, tmp_path)
    load_handwriting(11, 0, tmp_path)
    load_handwriting(10, 1, tmp_path)
    load_handwriting(10, 0, tmp_path, even_pen=True)
    load_handwriting(10, 0, tmp_path, spread=0.7)
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    load_handwriting(10, 0, tmp_path)

    assert len(list(tmp_path.iterdir())) == 6  # and nothing temporary is left


def test_only_the_two_latest_files_of_a_seed_are_kept(tmp_path):
    for place, count in enumerate((10, 11, 12, 13)):
        load_handwriting(count, 2, tmp_path)
        load_handwriting(count, 12, tmp_path) if count < 12 else None
        for path in tmp_path.glob(f"*-{count}-2-*"):
            os.utime(path, (place, place))
    (tmp_path / "mnist.npz").write_bytes(b"not ours")
    load_handwriting(14, 2, tmp_path)

    v = module.VERSION
    assert {path.name for path in tmp_path.iterdir()} == {
        f"handwriting-v{v}-13-2-1.bin", f"handwriting-v{v}-14-2-1.bin",
        f"handwriting-v{v}-10-12-1.bin", f"handwriting-v{v}-11-12-1.bin", "mnist.npz",
    }  # fmt: skip


def test_a_file_that_is_being_read_while_it_is_removed_is_read_to_its_end(tmp_path):
    load_handwriting(10, 2, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    with path.open("rb") as reader:
        start = reader.read(100)
        load_handwriting(11, 2, tmp_path)
        load_handwriting(12, 2, tmp_path)
        assert start + reader.read() == whole


def test_a_file_that_cannot_be_removed_costs_nothing(tmp_path, monkeypatch):
    def refuse(path, missing_ok=False):
        raise PermissionError("in use, says Windows")

    monkeypatch.setattr(module, "KEPT_FILES", 1)
    first = load_handwriting(10, 2, tmp_path)
    monkeypatch.setattr(Path, "unlink", refuse)
    load_handwriting(11, 2, tmp_path)

    np.testing.assert_array_equal(load_handwriting(10, 2, tmp_path)[0], first[0])


def test_keeping_digits_takes_one_more_copy_of_them_at_most(tmp_path, monkeypatch):
    count = 10_000
    made = np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.uint8)
    monkeypatch.setattr(module, "handwriting", lambda *_, **__: made)
    for _ in ("made", "read"):
        tracemalloc.start()
        load_handwriting(count, 2, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1.1 * made[0].nbytes


@pytest.mark.parametrize(
    "damage",
    [lambda b: b"", lambda b: b[:-1], lambda b: b + b"x", lambda b: b[:500] + b"?" + b[501:], lambda b: b"x" * len(b)],
    ids=["empty", "truncated", "too long", "one byte changed", "nonsense"],
)
def test_a_damaged_file_is_written_anew(tmp_path, damage):
    images, _ = load_handwriting(50, 0, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))

    np.testing.assert_array_equal(load_handwriting(50, 0, tmp_path)[0], images)
    assert path.read_bytes() == whole


def test_where_nothing_can_be_written_the_digits_come_all_the_same(tmp_path):
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")

    images, _ = load_handwriting(50, 0, blocked)

    np.testing.assert_array_equal(images, handwriting(50, 0)[0])
    assert blocked.read_text() == ""


def test_a_full_disk_leaves_no_part_of_a_file(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    images, _ = load_handwriting(50, 0, tmp_path)

    np.testing.assert_array_equal(images, handwriting(50, 0)[0])
    assert list(tmp_path.iterdir()) == []


def test_the_cache_lies_in_inklings_home(tmp_path, monkeypatch):
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))

    load_handwriting(10, 0)

    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_part_is_read_from_the_kept_whole_and_a_damaged_whole_is_written_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PIECE", 1000)  # so that the part begins and ends within pieces
    images, labels = load_handwriting(50, 7, tmp_path)
    for start, stop in ((0, 50), (0, 10), (13, 40), (49, 50), (20, 20)):
        part, part_labels = load_handwriting_part(50, 7, start, stop, tmp_path)
        np.testing.assert_array_equal(part, images[start:stop])
        np.testing.assert_array_equal(part_labels, labels[start:stop])
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    np.testing.assert_array_equal(load_handwriting_part(50, 7, 3, 9, tmp_path)[0], images[3:9])
    assert path.read_bytes() == whole
    path.unlink()
    np.testing.assert_array_equal(load_handwriting_part(50, 7, 3, 9, tmp_path)[1], labels[3:9])

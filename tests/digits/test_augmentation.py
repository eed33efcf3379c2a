import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.digits.augmentation import Augmentation, augmented
from core.digits.synthetic.handwriting import handwriting

DIGITS = handwriting(64, seed=11)[0].astype(np.float32) / 255
EVERYTHING = Augmentation(rotation=15.0, shift=0.1, zoom=0.2, shear=15.0, elastic=2.0, thickness=0.6)
SWITCHES = tuple(Augmentation.model_fields)
INK = st.floats(0, 1, width=32)


def limit(switch):
    return next(bound.le for bound in Augmentation.model_fields[switch].metadata if hasattr(bound, "le"))


def bar(count=64):
    """The same image so many times: an upright bar, three pixels wide, a little left of the centre."""
    images = np.zeros((count, 28, 28), np.float32)
    images[:, 6:22, 10:13] = 1
    return images


def moments(images):
    """Where each image's ink lies: centres (n, 2) and covariances (n, 2, 2), rows before columns."""
    pixels = np.stack(np.mgrid[:28, :28]).reshape(2, -1)
    mass = images.reshape(len(images), -1) / images.sum(axis=(1, 2))[:, None]
    centres = mass @ pixels.T
    away = pixels[None] - centres[:, :, None]
    return centres, np.einsum("np,nip,njp->nij", mass, away, away)


def slants(images):
    """Degrees by which each image's longest axis leans from upright."""
    axes = np.linalg.eigh(moments(images)[1])[1][:, :, 1]
    return np.degrees(np.arctan(axes[:, 1] / axes[:, 0]))


def test_nothing_switched_on_changes_nothing_and_each_switch_alone_something():
    assert augmented(DIGITS, Augmentation(), [1, 2]) is DIGITS
    for switch in SWITCHES:
        changed = augmented(DIGITS, Augmentation(**{switch: limit(switch) / 2}), [1, 2])
        assert (np.abs(changed - DIGITS).max(axis=(1, 2)) > 0.002).mean() > 0.95, switch


def test_a_rotation_turns_about_the_centre_by_no_more_than_its_range_and_reaches_far_into_it():
    angles = slants(augmented(bar(), Augmentation(rotation=30.0), [1, 2]))
    assert np.abs(angles).max() <= 30.5
    assert angles.max() > 22
    assert angles.min() < -22
    centred = np.zeros((64, 28, 28), np.float32)
    centred[:, 6:22, 13:15] = 1
    centres, _ = moments(augmented(centred, Augmentation(rotation=30.0), [1, 2]))
    np.testing.assert_allclose(centres, 13.5, atol=0.05)


def test_a_shift_stays_within_its_range_and_reaches_far_into_it():
    moves = moments(augmented(bar(), Augmentation(shift=0.1), [1, 2]))[0] - moments(bar())[0]
    assert np.abs(moves).max() <= 2.81
    assert (moves.min(axis=0) < -2).all()
    assert (moves.max(axis=0) > 2).all()
    assert abs(np.corrcoef(moves.T)[0, 1]) < 0.5  # not only along a diagonal


def test_zoom_shrinks_and_enlarges_each_axis_by_itself():
    block = np.zeros((64, 28, 28), np.float32)
    block[:, 8:20, 8:20] = 1
    _, old = moments(block)
    _, new = moments(augmented(block, Augmentation(zoom=0.3), [1, 2]))
    height, width = (np.sqrt(new[:, axis, axis] / old[:, axis, axis]) for axis in (0, 1))
    for size in (height, width):
        assert 1 / 1.33 < size.min() < 0.85
        assert 1.2 < size.max() < 1 / 0.69
    assert abs(np.corrcoef(height, width)[0, 1]) < 0.5


def test_shear_slants_an_upright_bar_and_keeps_its_height():
    slanted = augmented(bar(), Augmentation(shear=30.0), [1, 2])
    leaning = np.degrees(np.arctan(moments(slanted)[1][:, 0, 1] / moments(slanted)[1][:, 0, 0]))
    assert np.abs(leaning).max() <= 30.5
    assert leaning.max() > 22
    assert leaning.min() < -22
    np.testing.assert_array_equal(slanted[:, :5], 0)
    np.testing.assert_array_equal(slanted[:, 23:], 0)


def test_bending_moves_nothing_further_than_its_range_and_leaves_the_frame_where_it_is():
    framed = np.ones((64, 28, 28), np.float32)
    framed[:, 1:-1, 1:-1] = 0.5
    bent = augmented(framed, Augmentation(elastic=3.0), [1, 2])
    for edge in (bent[:, 0], bent[:, -1], bent[:, :, 0], bent[:, :, -1]):
        np.testing.assert_allclose(edge, 1.0, atol=1e-5)
    slope = np.broadcast_to(np.arange(28, dtype=np.float32) / 27, (64, 28, 28))  # tells where each pixel came from
    moved = (augmented(slope, Augmentation(elastic=3.0), [1, 2]) - slope) * 27
    assert 1.5 < np.abs(moved).max() <= 3.001
    assert np.abs(moved).mean() > 0.3
    steps = np.diff(moved, axis=2)
    assert np.abs(steps).max() < 1.2  # neighbours move together
    assert (steps > -1).mean() > 0.999  # and hardly ever overtake each other


@pytest.mark.parametrize(("upright", "width"), [(True, 3), (False, 3), (True, 5)])
def test_thickness_moves_each_side_of_a_line_by_no_more_than_its_range(upright, width):
    line = np.zeros((64, 28, 28), np.float32)
    line[:, 10 : 10 + width, :] = 1
    line = line.transpose(0, 2, 1) if upright else line
    changed = augmented(line, Augmentation(thickness=0.5), [1, 2])
    across = changed[:, 14, :] if upright else changed[:, :, 14]
    grown = (across.sum(axis=1) - width) / 2
    assert np.abs(grown).max() <= 0.5
    assert grown.max() > 0.4
    assert grown.min() < -0.4


def test_thickness_treats_slanting_lines_as_upright_ones():
    rows, columns = np.mgrid[:28, :28]
    upright = np.clip(3 - np.abs(columns - 13.5), 0, 1)
    slanting = np.clip(3 - np.abs(columns - rows) / np.sqrt(2), 0, 1)
    ratio = []
    for line in (upright, slanting):
        images = np.repeat(line[None].astype(np.float32), 64, axis=0)
        changed = augmented(images, Augmentation(thickness=0.5), [1, 2])
        ratio.append(changed[:, 6:22, 6:22].sum(axis=(1, 2)) / images[:, 6:22, 6:22].sum(axis=(1, 2)))
    np.testing.assert_allclose(ratio[0], ratio[1], atol=0.08)


def test_a_line_too_thin_to_become_thinner_stays_as_dark_as_it_was():
    line = np.zeros((64, 28, 28), np.float32)
    line[:, 6:22, 13] = 0.9
    changed = augmented(line, Augmentation(thickness=0.8), [1, 2])
    np.testing.assert_allclose(changed.max(axis=(1, 2)), 0.9, atol=1e-6)
    assert changed.sum(axis=(1, 2)).min() > 0.8 * line[0].sum()


def test_a_digit_hardly_ever_vanishes_whatever_the_ranges():
    furthest = Augmentation(**{switch: limit(switch) for switch in SWITCHES})
    ink = augmented(DIGITS, furthest, [1, 2]).sum(axis=(1, 2))
    assert np.median(ink) > 50
    assert (ink > 10).mean() > 0.98


def test_the_same_seed_draws_the_same_changes_and_another_seed_others():
    one, same, other = (augmented(bar(), EVERYTHING, [1, seed]) for seed in (2, 2, 3))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert len(np.unique(one.sum(axis=(1, 2)).round(3))) > 60  # each image has its own change


def test_an_image_is_changed_alike_whatever_stands_beside_it():
    together = augmented(DIGITS, EVERYTHING, [1, 2])
    np.testing.assert_array_equal(augmented(DIGITS[:5], EVERYTHING, [1, 2]), together[:5])
    among_paper = np.zeros_like(DIGITS)
    among_paper[7] = DIGITS[7]
    changed = augmented(among_paper, EVERYTHING, [1, 2])
    np.testing.assert_array_equal(changed[7], together[7])
    assert not np.delete(changed, 7, axis=0).any()


@pytest.mark.parametrize("switch", [switch for switch in SWITCHES if switch != "rotation"])
def test_switching_one_change_on_leaves_the_others_draws_as_they_are(switch):
    turned = slants(augmented(bar(), Augmentation(rotation=20.0), [1, 2]))
    both = slants(augmented(bar(), Augmentation(**{"rotation": 20.0, switch: limit(switch) / 10}), [1, 2]))
    assert np.corrcoef(turned, both)[0, 1] > 0.8


@given(
    images=arrays.arrays(np.float32, st.tuples(st.integers(0, 3), st.just(28), st.just(28)), elements=INK),
    ranges=st.fixed_dictionaries({switch: st.floats(0, limit(switch)) for switch in SWITCHES}),
    seed=st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_any_images_stay_images_under_any_ranges_and_are_left_as_they_were(images, ranges, seed):
    before = images.copy()
    changed = augmented(images, Augmentation(**ranges), seed)
    assert changed.dtype == np.float32
    assert changed.shape == images.shape
    assert (changed >= 0).all()
    assert (changed <= 1).all()
    np.testing.assert_array_equal(images, before)

import dataclasses

import numpy as np
import pytest

from core.formatting import weight_text
from core.networks.layers import Dense, Flatten
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.snapshots import NO_SNAPSHOTS, with_snapshot
from core.reports.snapshot_images import (
    filter_shades,
    filters_sentence,
    largest_weights,
    read_digits,
    read_right,
    snapshot_sentence,
    statistics_words,
)
from tests.samples import many_snapshots, random_weights

NETWORK = PRESETS["fast"].network
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype=np.uint8)
LABELS = np.arange(6, dtype=np.uint8)


@pytest.fixture(scope="module")
def snapshots():
    return many_snapshots(NETWORK, 2, IMAGES)


def test_a_weight_of_zero_is_the_middle_shade_and_all_snapshots_share_a_scale(snapshots):
    shades = filter_shades(snapshots)
    assert shades.shape == snapshots.filters.shape
    assert max(abs(int(shades.max()) - 128), abs(int(shades.min()) - 128)) == 127
    np.testing.assert_array_equal(
        np.sign(shades.astype(int) - 128)[abs(snapshots.filters) > 0.02],
        np.sign(snapshots.filters)[abs(snapshots.filters) > 0.02],
    )
    assert np.abs(shades[0].astype(int) - 128).max() < np.abs(shades[2].astype(int) - 128).max()


def test_the_sentence_of_a_snapshot_compares_it_with_the_first(snapshots):
    weights = random_weights(NETWORK)
    largest = max(float(np.abs(array).max()) for name, array in weights.items() if name.startswith(("conv", "dense")))
    right = read_right(snapshots, LABELS)
    assert snapshot_sentence(snapshots, NETWORK, LABELS, 0) == (
        f"Before epoch 1 the largest weight is {largest:.2f}; no weight is NaN. "
        f"It reads {right[0]} of 6 test images right."
    )
    assert snapshot_sentence(snapshots, NETWORK, LABELS, 2) == (
        f"Between the beginning and epoch 2 the largest weight grew from {largest:.2f} to {largest * 1.21:.2f}; "
        f"no weight is NaN. It reads {right[2]} of 6 test images right, {right[0]} before."
    )


def test_the_sentence_tells_whether_weights_shrank_stayed_or_became_nan():
    def sentence(change):
        weights = random_weights(NETWORK)
        snapshots = with_snapshot(NO_SNAPSHOTS, 0, NETWORK, weights, IMAGES)
        changed = {name: change(array) for name, array in weights.items()}
        return snapshot_sentence(with_snapshot(snapshots, 1, NETWORK, changed, IMAGES), NETWORK, LABELS, 1)

    assert "the largest weight shrank from" in sentence(lambda array: array / 2)
    assert "the largest weight stayed at" in sentence(lambda array: array)
    everything = sum(array.size for name, array in random_weights(NETWORK).items() if "moving" not in name)
    assert f"{everything:,} weights are NaN or infinite" in sentence(lambda array: array * np.float32(np.nan))


def test_snapshots_that_begin_later_are_compared_with_their_first_epoch(snapshots):
    later = dataclasses.replace(snapshots, epochs=snapshots.epochs + 3)
    assert snapshot_sentence(later, NETWORK, LABELS, 2).startswith("Between epoch 3 and epoch 5 ")
    assert snapshot_sentence(later, NETWORK, LABELS, 0).startswith("After epoch 3 the largest weight is ")


def test_the_filters_are_named_counted_and_their_change_is_measured(snapshots):
    times = "\N{MULTIPLICATION SIGN}"
    assert filters_sentence(snapshots, NETWORK, 0) == f"The 16 filters of conv2d_1, 5{times}5, before epoch 1."
    assert "after epoch 2; they have changed by 21\N{THIN SPACE}% since the first snapshot" in filters_sentence(
        snapshots, NETWORK, 2
    )
    dense = Network(layers=(Flatten(), Dense(units=10, activation="softmax")))
    assert filters_sentence(many_snapshots(dense, 1, IMAGES), dense, 1) == ""


def test_statistics_are_a_row_of_text_for_each_layer(snapshots):
    rows = statistics_words(snapshots, 0)
    assert len(rows) == 7
    assert rows[0][3:] == ["0\N{THIN SPACE}%", "0"]
    assert rows[0][0].startswith("\N{MINUS SIGN}0.")
    assert largest_weights(snapshots).shape == (3, 7)


def test_answers_are_the_likeliest_digits(snapshots):
    np.testing.assert_array_equal(
        read_digits(snapshots)[0], NETWORK.probabilities(random_weights(NETWORK), IMAGES).argmax(1)
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.314, "0.31"),
        (-1.2, "\N{MINUS SIGN}1.20"),
        (12.4, "12"),
        (0.0004, "0.0004"),
        (0, "0.00"),
        (np.nan, "none"),
        (1e-7, "1e\N{MINUS SIGN}07"),
        (-4321.0, "\N{MINUS SIGN}4,321"),
    ],
)
def test_a_weight_is_formatted_with_two_to_four_digits(value, text):
    assert weight_text(value) == text

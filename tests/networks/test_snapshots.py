import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.networks.layers import Conv2D, Dense, Flatten
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.snapshots import MAX_SNAPSHOTS, NO_SNAPSHOTS, Snapshots, layers_with_weights, with_snapshot
from tests.samples import many_snapshots, random_weights

SMALL = Network(layers=(Conv2D(filters=3, strides=8), Flatten(), Dense(units=10, activation="softmax")))
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


def parts(snapshots):
    return snapshots.epochs, snapshots.filters, snapshots.statistics, snapshots.answers


def test_a_snapshot_holds_the_first_filters_the_statistics_and_the_answers():
    network = PRESETS["fast"].network
    weights = random_weights(network)
    weights["dense_1/kernel"][:32] = 0
    weights["dense_1/bias"][0] = np.nan
    snapshots = with_snapshot(
        NO_SNAPSHOTS, 0, network, weights | {"conv2d_3/kernel": weights["conv2d_3/kernel"]}, IMAGES
    )
    np.testing.assert_allclose(snapshots.filters[0, 7], weights["conv2d_1/kernel"][:, :, 0, 7], rtol=1e-3, atol=1e-6)
    layers = layers_with_weights(network)
    assert layers[:2] == ["conv2d_1", "batchnormalization_1"]
    smallest, largest, mean, zeros, nans = snapshots.statistics[0, layers.index("conv2d_2")]
    kernel = weights["conv2d_2/kernel"]
    assert (smallest, largest) == (kernel.min(), kernel.max())
    assert mean == pytest.approx(kernel.mean(), abs=1e-6)
    assert (zeros, nans) == (0, 0)
    count = weights["dense_1/kernel"].size + 10
    assert snapshots.statistics[0, -1, 3] == pytest.approx(320 / count)
    assert snapshots.statistics[0, -1, 4] == 1
    weights["dense_1/bias"][0] = 0
    answers = with_snapshot(NO_SNAPSHOTS, 0, network, weights, IMAGES).answers[0]
    np.testing.assert_allclose(answers, network.probabilities(weights, IMAGES), atol=1e-3)


@settings(max_examples=15)
@given(st.integers(1, 400), st.integers(0, 400))
def test_many_snapshots_are_thinned_out_evenly_with_or_without_an_interruption(epochs, interrupted):
    def with_snapshots(snapshots, first, last):
        for epoch in range(first, last + 1):
            snapshots = with_snapshot(snapshots, epoch, SMALL, WEIGHTS, IMAGES[:1])
        return snapshots

    snapshots = with_snapshots(NO_SNAPSHOTS, 0, min(interrupted, epochs))
    snapshots = with_snapshots(Snapshots.from_bytes(snapshots.to_bytes()), min(interrupted, epochs) + 1, epochs)
    assert len(snapshots) <= MAX_SNAPSHOTS
    assert (snapshots.epochs[0], snapshots.epochs[-1]) == (0, epochs)
    assert len(set(np.diff(snapshots.epochs)[:-1])) <= 1
    assert len(snapshots) >= min(epochs + 1, MAX_SNAPSHOTS / 2)


WEIGHTS = random_weights(SMALL)


def test_snapshots_are_restored_from_their_bytes_and_damaged_bytes_are_refused():
    snapshots = many_snapshots(SMALL, 4, IMAGES)
    for before, after in zip(parts(snapshots), parts(Snapshots.from_bytes(snapshots.to_bytes())), strict=True):
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    with pytest.raises(ValueError, match="damaged"):
        Snapshots.from_bytes(snapshots.to_bytes()[:-3])
    assert len(Snapshots.from_bytes(NO_SNAPSHOTS.to_bytes())) == 0


@pytest.mark.parametrize(("filters", "kernel_size"), [(512, 28), (512, 3), (64, 6), (1, 1)])
def test_snapshots_take_less_than_a_megabyte_whatever_the_network(filters, kernel_size):
    network = Network(
        layers=(
            Conv2D(filters=filters, kernel_size=kernel_size, strides=8),
            Flatten(),
            *(Dense(units=10) for _ in range(37)),
            Dense(units=10, activation="softmax"),
        )
    )
    weights = random_weights(network)
    snapshot = with_snapshot(NO_SNAPSHOTS, 0, network, weights, np.repeat(IMAGES, 20, axis=0))
    assert snapshot.filters.shape[1] >= 1
    assert MAX_SNAPSHOTS * len(snapshot.to_bytes()) < 1_000_000


def test_a_network_without_a_convolution_has_snapshots_without_filters():
    network = Network(layers=(Flatten(), Dense(units=10, activation="softmax")))
    snapshots = many_snapshots(network, 2, IMAGES)
    assert snapshots.filters.shape == (3, 0, 0, 0)
    assert snapshots.statistics.shape == (3, 1, 5)


def test_snapshots_may_hold_nan_and_weights_beyond_float16():
    weights = {name: np.full_like(array, 1e30) for name, array in random_weights(SMALL).items()}
    weights["dense_1/kernel"][:] = np.nan
    snapshots = with_snapshot(NO_SNAPSHOTS, 0, SMALL, weights, IMAGES)
    assert snapshots.statistics[0, 1, 4] == weights["dense_1/kernel"].size
    assert np.isfinite(snapshots.filters).all()

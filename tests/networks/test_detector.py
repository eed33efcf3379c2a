"""The detector ships with the code, knows thirteen classes, and no recipe can be mistaken for it."""

import numpy as np
import pytest

from core.networks.detector import DETECTOR_CLASSES, NETWORK, Detector, load_detector
from core.networks.network import Network
from tests.samples import random_weights


def test_the_shipped_detector_answers_with_a_probability_for_each_of_its_classes(random_images):
    detector = load_detector()

    probabilities = detector.probabilities(random_images)

    assert {name: array.shape for name, array in detector.weights.items()} == {
        name: spec.shape for name, spec in NETWORK.weight_specs().items()
    }
    assert probabilities.shape == (16, DETECTOR_CLASSES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert NETWORK.parameters < 150_000


def test_a_detector_is_read_as_it_was_written(tmp_path, random_images):
    detector = Detector(random_weights(NETWORK), 1.5)
    path = tmp_path / "detector.safetensors"
    path.write_bytes(detector.to_bytes())

    read = load_detector(path)

    assert read.temperature == 1.5
    np.testing.assert_array_equal(read.probabilities(random_images), detector.probabilities(random_images))


def test_a_network_that_reads_digits_has_ten_outputs():
    with pytest.raises(ValueError, match="must put out 10 probabilities"):
        Network(layers=NETWORK.layers)

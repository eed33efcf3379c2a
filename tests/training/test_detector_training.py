"""The detector learns from digits and from drawings that are none."""

import numpy as np
import pytest

from core.digits.dataset import Dataset, Digits
from core.digits.synthetic.handwriting import handwriting
from core.networks.detector import DETECTOR_CLASSES, load_detector
from core.training import detector_training


@pytest.fixture
def digits(monkeypatch):
    """A small data set in the place of MNIST."""
    everything = Digits(*handwriting(300, 1))
    data = Dataset(everything[:200], everything[200:250], everything[250:], "mnist")
    monkeypatch.setattr(detector_training, "load_dataset", lambda validation: data)
    return data


def test_drawings_that_are_no_digit_are_among_all_images_with_labels_of_their_own_and_none_twice(digits):
    data = detector_training.detector_data(handwriting=40, doodles=300, held_out=100)

    added = []
    for before, after, count in (
        (digits.training, data.training, 340),
        (digits.validation, data.validation, 100),
        (digits.test, data.test, 100),
    ):
        assert len(after) == len(before) + count
        np.testing.assert_array_equal(after.images[: len(before)], before.images)
        others = after[after.labels >= 10]
        assert set(others.labels) == {10, 11, 12}
        added += [image.tobytes() for image in others.images]
    assert len(set(added)) == 500


def test_a_trained_detector_is_saved_and_read_again(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(detector_training, "RECIPE", detector_training.RECIPE.model_copy(update={"epochs": 1}))
    data = detector_training.detector_data(handwriting=0, doodles=100, held_out=20)
    path = tmp_path / "detector.safetensors"

    trained, scores = detector_training.train_detector(data, lambda progress: None)
    path.write_bytes(trained.to_bytes())

    assert scores.test_images == 70
    probabilities = load_detector(path).probabilities(data.test.images)
    assert probabilities.shape == (70, DETECTOR_CLASSES)
    np.testing.assert_array_equal(probabilities, trained.probabilities(data.test.images))

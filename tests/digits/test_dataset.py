"""The data sets of recipes: what is trained on, held out and measured on, and that none of it is used twice."""

import numpy as np
import pytest

from core.digits import dataset
from core.digits.dataset import (
    Digits,
    compared_digits,
    drawn_digits,
    load_dataset,
    load_mnist,
    made_digits,
    mnist_sample,
    training_sample,
    unseen_digits,
)


@pytest.fixture(autouse=True)
def _quick_handwriting(monkeypatch):
    """Noise instead of built-in digits: made in no time, and the same for the same seed whatever the count."""

    def noise(count, seed, **options):
        random = np.random.default_rng(seed)
        return random.integers(0, 256, (count, 28, 28), np.uint8), (np.arange(count) % 10).astype(np.uint8)

    def part(count, seed, start, stop):
        images, labels = noise(count, seed)
        return images[start:stop], labels[start:stop]

    def clear():
        dataset._built_in_handwriting.cache_clear()
        dataset.drawn_digits.cache_clear()

    monkeypatch.setattr(dataset, "load_handwriting", noise)
    monkeypatch.setattr(dataset, "load_handwriting_part", part)
    clear()
    yield
    clear()


@pytest.fixture
def small_splits(little_mnist, monkeypatch):
    """Splits that fit the small MNIST."""
    monkeypatch.setenv("INKLING_MNIST", str(little_mnist))
    monkeypatch.setattr(dataset, "VALIDATION_IMAGES", 100)
    monkeypatch.setattr(dataset, "QUICK_IMAGES", 500)
    monkeypatch.setattr(dataset, "SHOWN_IMAGES", 150)


def as_bytes(digits):
    return {image.tobytes() for image in digits.images}


# Of recipes


@pytest.mark.bad_input(21)
def test_without_mnist_the_built_in_handwriting_is_used_with_a_notice(no_download):
    data = load_dataset("mnist")
    assert data.source == "handwriting"
    assert "built-in handwriting instead" in data.notice
    assert (len(data.training), len(data.validation), len(data.test)) == (55_000, 5_000, 10_000)


def test_handwriting_that_was_asked_for_comes_without_a_notice():
    data = load_dataset("handwriting", "quick")
    assert (data.source, data.notice) == ("handwriting", "")


def test_a_split_holds_out_the_same_images_each_time_with_each_digit_in_its_share_and_trains_on_none_of_them():
    data, again = (load_dataset("handwriting", "quick", "split") for _ in range(2))
    everything = load_dataset("handwriting", "quick", "none").training
    assert (len(data.training), len(data.validation)) == (8_000, 2_000)
    assert as_bytes(data.training) | as_bytes(data.validation) == as_bytes(everything)
    assert not as_bytes(data.training) & as_bytes(data.validation)
    np.testing.assert_array_equal(data.validation.images, again.validation.images)
    np.testing.assert_allclose(np.bincount(data.validation.labels), 200, atol=8)


def test_script_a_is_validated_on_the_test_set_and_script_b_not_at_all():
    script_a = load_dataset("handwriting", "full", "test")
    script_b = load_dataset("handwriting", "full", "none")
    assert script_a.validation is script_a.test
    assert script_b.validation is None
    assert len(script_a.training) == len(script_b.training) == 60_000


def test_the_images_are_shared_read_only():
    digits: Digits = load_dataset("handwriting", "quick").training
    assert digits.images.dtype == digits.labels.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        digits.images[0, 0, 0] = 1


def test_built_in_digits_are_mixed_into_the_training_images_only():
    plain, mixed = load_dataset("handwriting", "quick"), load_dataset("handwriting", "quick", handwriting=500)
    assert len(mixed.training) == len(plain.training) + 500
    np.testing.assert_array_equal(mixed.training.images[:-500], plain.training.images)
    np.testing.assert_array_equal(mixed.validation.images, plain.validation.images)
    np.testing.assert_array_equal(mixed.test.images, plain.test.images)
    assert not as_bytes(mixed.training[-500:]) & as_bytes(plain.test)


@pytest.mark.parametrize("validation", ["split", "test", "none"])
def test_what_inkling_made_is_all_of_a_run_on_handwriting(validation):
    made = made_digits("quick", validation, 300)
    data = load_dataset("handwriting", "quick", validation, 300)
    held_out = data.validation if validation == "split" else None
    for kind, digits in (("train", data.training), ("val", held_out), ("test", data.test)):
        assert (f"x_{kind}" in made) is (digits is not None)
        if digits:
            np.testing.assert_array_equal(made[f"x_{kind}"], digits.images)
            np.testing.assert_array_equal(made[f"y_{kind}"], digits.labels)


# Of pages


def test_no_drawn_digit_is_among_those_that_are_trained_on():
    assert len(as_bytes(drawn_digits())) > 4_990
    assert not as_bytes(drawn_digits()) & as_bytes(load_dataset("handwriting", handwriting=10_000).training)


@pytest.mark.parametrize("validation", ["split", "test", "none"])
@pytest.mark.parametrize("size", ["full", "quick"])
def test_a_sample_of_mnist_holds_images_that_every_recipe_trains_on(size, validation, small_splits):
    sample = mnist_sample()
    assert load_mnist.cache_info().currsize == 0  # the whole is not loaded for it
    training = load_dataset("mnist", size, validation).training
    labels = {image.tobytes(): label for image, label in zip(training.images, training.labels, strict=True)}
    assert len(sample) > 50
    assert [labels[image.tobytes()] for image in sample.images] == sample.labels.tolist()


def test_digits_to_compare_with_are_training_images(small_splits):
    sample, source = compared_digits("mnist")
    assert source == "mnist"
    assert load_mnist.cache_info().currsize == 0
    training = load_dataset("mnist").training
    labels = {image.tobytes(): label for image, label in zip(training.images, training.labels, strict=True)}
    assert [labels[image.tobytes()] for image in sample.images] == sample.labels.tolist()


def test_without_mnist_drawings_are_compared_with_built_in_digits(no_download):
    sample, source = compared_digits("mnist")
    assert (source, len(sample)) == ("handwriting", 2_000)


@pytest.mark.parametrize("source", ["mnist", "handwriting"])
def test_the_test_images_and_the_first_training_images_are_those_of_the_data_set(source, small_splits, monkeypatch):
    monkeypatch.setattr(dataset, "TRAINING_IMAGES", 700)
    monkeypatch.setattr(dataset, "TEST_IMAGES", 70)
    test, first = unseen_digits(source), training_sample(source)
    assert load_mnist.cache_info().currsize == 0
    data = load_dataset(source, validation="none")
    np.testing.assert_array_equal(test.images, data.test.images)
    np.testing.assert_array_equal(test.labels, data.test.labels)
    assert len(first) == 150
    assert as_bytes(first) <= as_bytes(data.training)

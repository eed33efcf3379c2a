import os
from dataclasses import replace

import numpy as np
import pytest

from core.digits.dataset import Digits, unseen_digits
from core.digits.mnist import NoMnist
from core.insight import stored_predictions as predictions_module
from core.insight.metrics import accuracy
from core.insight.stored_predictions import (
    PRETRAINED_ANSWERS,
    prediction_task,
    read_predictions,
    save_predictions,
    saved_predictions,
    to_bytes,
)
from core.networks.layers import Dense, Flatten
from core.networks.model import Model, pretrained
from core.networks.network import Network
from core.networks.presets import FAST
from tests.samples import random_weights

SHIP = "python -m core answers"


SCORES = pretrained().scores.model_copy(update={"data_source": "handwriting"})


def little_model(seed):
    """A network that reads ten thousand digits in a moment."""
    network = Network(layers=(Flatten(), Dense(units=10, activation="softmax")))
    recipe = FAST.model_copy(update={"network": network})
    return Model(recipe, random_weights(network, seed), SCORES, "")


@pytest.fixture(autouse=True)
def digits(tmp_path, monkeypatch):
    """Ten thousand images of dust for test digits, and a cache of its own."""
    random = np.random.default_rng(0)
    dust = Digits(random.integers(0, 256, (10_000, 28, 28), np.uint8), random.integers(0, 10, 10_000, np.uint8))
    monkeypatch.setattr(predictions_module, "unseen_digits", lambda source: dust)
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    predictions_module._tasks.clear()
    return dust


def test_the_shipped_file_belongs_to_the_shipped_model():
    shipped = read_predictions(PRETRAINED_ANSWERS, pretrained(), "mnist")
    assert shipped is not None, f"The shipped model has changed: make its answers again with `{SHIP}`."
    assert shipped.shape == (10_000, 10)
    np.testing.assert_allclose(shipped.sum(axis=1), 1, atol=1e-5)


@pytest.mark.skipif(not os.environ.get("INKLING_MNIST"), reason="INKLING_MNIST names no copy of MNIST")
def test_the_shipped_predictions_are_the_models_and_reach_its_score():
    shipped, test = read_predictions(PRETRAINED_ANSWERS, pretrained(), "mnist"), unseen_digits("mnist")
    some = slice(None, None, 100)
    np.testing.assert_allclose(shipped[some], pretrained().probabilities(test.images[some]), atol=3e-4)
    assert accuracy(shipped, test.labels) == pytest.approx(pretrained().scores.test_accuracy)


def test_predictions_change_by_next_to_nothing_in_their_file():
    model = little_model(0)
    probabilities = np.random.default_rng(1).dirichlet(np.full(10, 0.05), 10_000).astype(np.float32)
    save_predictions(model, "handwriting", probabilities)
    np.testing.assert_allclose(saved_predictions(model, "handwriting"), probabilities, atol=3e-4)
    assert saved_predictions(model, "mnist") is None
    assert saved_predictions(little_model(1), "handwriting") is None
    assert len(to_bytes(model, "mnist", probabilities)) < 210_000


@pytest.mark.parametrize("damage", [b"", b"\x08\0\0\0\0\0\0\0{}      ", "cut", "other numbers"])
def test_a_damaged_file_is_ignored(damage, tmp_path):
    model, path = little_model(0), tmp_path / "answers.safetensors"
    content = to_bytes(model, "mnist", np.full((10_000, 10), 0.1, np.float32))
    if damage == "cut":
        content = content[:5000]
    elif damage == "other numbers":
        content = content[:-200] + b"\x77" * 200
    else:
        content = damage
    path.write_bytes(content)
    assert read_predictions(path, model, "mnist") is None


def test_all_test_digits_are_read_once_in_the_background(digits):
    model = little_model(2)
    work = prediction_task(model, "handwriting")
    assert prediction_task(model, "handwriting") is work
    work.wait()
    assert (work.count, work.problem) == (10_000, "")
    np.testing.assert_allclose(work.probabilities, model.probabilities(digits.images), atol=1e-5)
    np.testing.assert_allclose(saved_predictions(model, "handwriting"), work.probabilities, atol=3e-4)


def test_a_task_that_cannot_succeed_says_why_and_is_started_again_the_next_time(monkeypatch):
    def no_mnist(source):
        raise NoMnist("MNIST is not on this machine yet.")

    monkeypatch.setattr(predictions_module, "unseen_digits", no_mnist)
    work = prediction_task(little_model(3), "mnist")
    work.wait()
    assert work.problem == "MNIST is not on this machine yet."
    assert work.probabilities is None
    assert prediction_task(little_model(3), "mnist") is not work


def test_a_bug_in_a_task_is_logged_with_the_run(monkeypatch, caplog):
    monkeypatch.setattr(predictions_module, "unseen_digits", lambda source: None)
    model = little_model(4)
    work = prediction_task(model, "mnist", "the_run")
    work.wait()
    assert "our fault" in work.problem
    assert caplog.messages == [f"event=test_predictions_failed run=the_run model={model.fingerprint[:12]} source=mnist"]


def test_the_oldest_files_of_the_cache_are_deleted(monkeypatch, tmp_path):
    monkeypatch.setattr(predictions_module, "MAX_CACHED_FILES", 2)
    probabilities = np.full((10_000, 10), 0.1, np.float32)
    for seed in range(4):
        save_predictions(little_model(seed), "mnist", probabilities)
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_fingerprint_depends_on_the_models_content():
    model = little_model(0)
    assert model.fingerprint == little_model(0).fingerprint != little_model(1).fingerprint
    scored = replace(model, scores=model.scores.model_copy(update={"temperature": 2.0}))
    assert scored.fingerprint != model.fingerprint

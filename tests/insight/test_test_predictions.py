import os
from dataclasses import replace

import numpy as np
import pytest

from core.digits.dataset import Digits, NoMnist, unseen_digits
from core.insight import test_predictions as answers_module
from core.insight.metrics import accuracy
from core.insight.test_predictions import PRETRAINED_ANSWERS, answering, keep, kept, read_answers, to_bytes
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
    monkeypatch.setattr(answers_module, "unseen_digits", lambda source: dust)
    monkeypatch.setenv("INKLING_HOME", str(tmp_path))
    answers_module._tasks.clear()
    return dust


def test_the_answers_that_are_shipped_are_those_of_the_shipped_model():
    shipped = read_answers(PRETRAINED_ANSWERS, pretrained(), "mnist")
    assert shipped is not None, f"The shipped model has changed: make its answers anew with `{SHIP}`."
    assert shipped.shape == (10_000, 10)
    np.testing.assert_allclose(shipped.sum(axis=1), 1, atol=1e-5)


@pytest.mark.skipif(not os.environ.get("INKLING_MNIST"), reason="INKLING_MNIST names no copy of MNIST")
def test_the_shipped_answers_are_what_the_shipped_model_says_and_reach_its_score():
    shipped, test = read_answers(PRETRAINED_ANSWERS, pretrained(), "mnist"), unseen_digits("mnist")
    some = slice(None, None, 100)
    np.testing.assert_allclose(shipped[some], pretrained().probabilities(test.images[some]), atol=3e-4)
    assert accuracy(shipped, test.labels) == pytest.approx(pretrained().scores.test_accuracy)


def test_answers_come_back_from_a_file_nearly_as_they_were():
    model = little_model(0)
    probabilities = np.random.default_rng(1).dirichlet(np.full(10, 0.05), 10_000).astype(np.float32)
    keep(model, "handwriting", probabilities)
    np.testing.assert_allclose(kept(model, "handwriting"), probabilities, atol=3e-4)
    assert kept(model, "mnist") is None
    assert kept(little_model(1), "handwriting") is None
    assert len(to_bytes(model, "mnist", probabilities)) < 210_000


@pytest.mark.parametrize("damage", [b"", b"\x08\0\0\0\0\0\0\0{}      ", "cut", "other numbers"])
def test_a_damaged_file_of_answers_is_as_good_as_none(damage, tmp_path):
    model, path = little_model(0), tmp_path / "answers.safetensors"
    content = to_bytes(model, "mnist", np.full((10_000, 10), 0.1, np.float32))
    if damage == "cut":
        content = content[:5000]
    elif damage == "other numbers":
        content = content[:-200] + b"\x77" * 200
    else:
        content = damage
    path.write_bytes(content)
    assert read_answers(path, model, "mnist") is None


def test_a_model_answers_all_test_digits_in_the_background_once_and_for_all(digits):
    model = little_model(2)
    work = answering(model, "handwriting")
    assert answering(model, "handwriting") is work
    work.wait()
    assert (work.answered, work.problem) == (10_000, "")
    np.testing.assert_allclose(work.probabilities, model.probabilities(digits.images), atol=1e-5)
    np.testing.assert_allclose(kept(model, "handwriting"), work.probabilities, atol=3e-4)


def test_work_that_cannot_be_done_ends_with_a_sentence_and_is_begun_anew_the_next_time(monkeypatch):
    def no_mnist(source):
        raise NoMnist("MNIST is not on this machine yet.")

    monkeypatch.setattr(answers_module, "unseen_digits", no_mnist)
    work = answering(little_model(3), "mnist")
    work.wait()
    assert work.problem == "MNIST is not on this machine yet."
    assert work.probabilities is None
    assert answering(little_model(3), "mnist") is not work


def test_work_that_fails_by_our_fault_is_logged_with_its_run(monkeypatch, caplog):
    monkeypatch.setattr(answers_module, "unseen_digits", lambda source: None)
    model = little_model(4)
    work = answering(model, "mnist", "the_run")
    work.wait()
    assert "our fault" in work.problem
    assert caplog.messages == [f"event=not_answered run=the_run model={model.fingerprint[:12]} source=mnist"]


def test_old_files_make_room_for_new_ones(monkeypatch, tmp_path):
    monkeypatch.setattr(answers_module, "KEPT_FILES", 2)
    probabilities = np.full((10_000, 10), 0.1, np.float32)
    for seed in range(4):
        keep(little_model(seed), "mnist", probabilities)
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_fingerprint_is_of_what_a_model_is_and_not_of_the_object():
    model = little_model(0)
    assert model.fingerprint == little_model(0).fingerprint != little_model(1).fingerprint
    scored = replace(model, scores=model.scores.model_copy(update={"temperature": 2.0}))
    assert scored.fingerprint != model.fingerprint

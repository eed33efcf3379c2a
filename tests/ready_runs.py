"""Runs as a worker would leave them, played by hand: no training, random weights."""

import hashlib

import numpy as np

from core.networks.history import BatchProgress, EpochResult
from core.networks.model import PRETRAINED, Model, Scores
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from core.store.runs import run_store
from core.training.checkpoint import Checkpoint, TrainedModel
from tests.samples import random_weights

SECRET = "A" * 43  # what a visitor's cookie holds
SOMEBODY = "somebody else"
OWNER = hashlib.sha256(SECRET.encode()).hexdigest()


class Worker:
    """A worker that trains one run, the next in the queue."""

    def __init__(self, run_id):
        assert run_store().claim_next() == run_id
        self.run_id = run_id
        self.recipe, _, self.attempt = run_store().begin(run_id)

    def keep_samples(self, samples):
        run_store().keep_samples(self.run_id, self.attempt, samples)

    def report(self, step=100, epoch=1, **values):
        progress = BatchProgress(epoch, step, 430, 0.1234, 0.96, 0.004, 9876.0, step / 100, **values)
        return run_store().report(self.run_id, self.attempt, progress, as_point=True)

    def end_epoch(self, epoch=1):
        results = tuple(EpochResult(number, 0.1, 0.97, 0.001, 0.08, 0.981) for number in range(1, epoch + 1))
        run_store().commit_epoch(
            self.run_id,
            self.attempt,
            Checkpoint(history=results, step=0, variables={}, metrics=(), best=None, patience={}, seconds=7.0),
        )

    def leave(self, state, notice=""):
        run_store().leave(self.run_id, self.attempt, state, notice)


def started(preset="fast", owner=OWNER) -> Worker:
    """A worker that has just taken up a run of this preset."""
    return Worker(run_store().submit(owner, PRESETS[preset]))


def finished_run(
    name: str = "",
    recipe: Recipe = PRESETS["fast"],
    owner: str = OWNER,
    store=None,
    samples=None,
    fine_tuning=None,
    drawing=None,
    snapshots=None,
    probabilities=None,
    was_stopped=False,
    has_curves=False,
    **scores: object,
) -> str:
    """A run that is finished, or stopped; its `.keras` file is the shipped model's."""
    store = store or run_store()
    run_id = store.submit(owner, recipe, name, fine_tuning=fine_tuning, drawing=drawing)
    assert store.claim_next() == run_id
    _, _, attempt = store.begin(run_id)
    if has_curves:
        for step in (100, 430):
            point = BatchProgress(1, step, 430, 0.5, 0.9, 0.001, 900.0, step / 50)
            store.report(run_id, attempt, point, as_point=True)
        epoch = EpochResult(1, 0.2, 0.95, 0.001, 0.1, 0.97)
        store.commit_epoch(run_id, attempt, Checkpoint((epoch,), 0, {}, (), None, {}, 1.0))
    if samples:
        store.keep_samples(run_id, attempt, samples)
    if snapshots:
        epochs = tuple(EpochResult(epoch, 0.5, 0.8, 0.01) for epoch in range(1, int(snapshots.epochs[-1]) + 1))
        store.commit_epoch(run_id, attempt, Checkpoint(epochs, 0, {}, (), None, {}, 1.0, snapshots))
    measured = {
        "data_source": "mnist",
        "test_accuracy": 0.9876,
        "test_images": 10_000,
        "test_loss": 0.04,
        "kept_epoch": 1,
        "kept_because": "last epoch",
        "epochs": 1,
        "seconds": 65.0,
    }
    model = Model(recipe, random_weights(recipe.network), Scores(**(measured | scores)), 'Model: "inkling"\n a summary')
    if probabilities is None:
        probabilities = np.full((10_000, 10), 0.1, np.float32)
    keras_file = PRETRAINED.with_suffix(".keras").read_bytes()
    store.finish(run_id, attempt, TrainedModel(model, (), probabilities, keras_file, was_stopped), "")
    return run_id

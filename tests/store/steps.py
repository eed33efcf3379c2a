"""What the tests of the store do to a run, as a page or a worker does it."""

import numpy as np
from sqlalchemy import text

from core.networks.history import BatchProgress, EpochResult
from core.training.checkpoint import Checkpoint
from tests.training import tiny

RECIPE = tiny.RECIPE
MINE, THEIRS = "a" * 64, "b" * 64


def progress(epoch=1, step=10):
    return BatchProgress(epoch, step, 20, 0.5, 0.8, 0.01, 5000.0, 1.5, sample_answers=(1, 2))


def checkpoint(epochs, step=0):
    history = tuple(EpochResult(epoch + 1, 0.5, 0.8, 0.01, 0.4, 0.9) for epoch in range(epochs))
    return Checkpoint(history, step, {"a": np.arange(3.0), "b": np.array(7)}, (), None, {}, 2.5)


def begun(store, owner=MINE, recipe=RECIPE):
    run_id = store.submit(owner, recipe)
    assert store.claim_next() == run_id
    return run_id, store.begin(run_id)[2]


def drawing(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)


def spoil(store, run_id, **values):
    """Write a row as another version would have."""
    columns = ", ".join(f"{column} = :{column}" for column in values)
    with store._database.writing() as session:
        session.execute(text(f"UPDATE run SET {columns} WHERE id = :id"), values | {"id": run_id})

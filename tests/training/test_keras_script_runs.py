"""The script that a recipe is exported as, executed: it must train what the run trained, on what the run saw."""

import io
import itertools
import zipfile

import keras
import numpy as np
import pytest

from core.digits import dataset
from core.digits.augmentation import Augmentation
from core.digits.dataset import Digits, load_dataset
from core.networks.keras_script import keras_archive, keras_script
from core.networks.presets import PRESETS
from core.networks.recipe import (
    SGD,
    AdamW,
    BestCheckpoint,
    Cosine,
    Data,
    EarlyStopping,
    OneCycle,
    PeriodicCheckpoint,
    ReduceLROnPlateau,
    RMSprop,
)
from core.training import fit as fitting
from core.training import keras_models
from core.training.batches import training_batches
from core.training.fit import fit
from tests.benchmarks.exports import run_script
from tests.training import tiny

QUICK = Data(size="quick")
RECIPE = tiny.RECIPE.model_copy(update={"data": QUICK})


def test_the_script_of_fast_on_built_in_handwriting_ends_where_the_run_ended(tmp_path):
    data = Data(source="handwriting", size="quick")
    # In its first epochs, rounding alone moves the accuracy of so few steps by 0.002; then it settles.
    recipe = PRESETS["fast"].model_copy(update={"data": data, "epochs": 3, "seed": 1})
    trained = fit(recipe, load_dataset(**dict(data)))
    with zipfile.ZipFile(io.BytesIO(keras_archive(recipe))) as archive:
        archive.extractall(tmp_path)
    accuracy = run_script(tmp_path / "inkling-fast" / "inkling-fast.py")
    assert accuracy == pytest.approx(trained.model.scores.test_accuracy, abs=0.003)
    assert accuracy > 0.8


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    """Ten thousand images that stand for MNIST, in the file that a script reads and for Inkling."""
    random = np.random.default_rng(3)
    images = random.integers(0, 256, (10_000, 28, 28), dtype=np.uint8)
    labels = random.integers(0, 10, 10_000).astype(np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels, x_test=images[:50], y_test=labels[:50])
    monkeypatch.setattr(dataset, "load_mnist", lambda: (Digits(images, labels), Digits(images[:50], labels[:50])))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def executed(mnist, monkeypatch, capsys):
    """Execute the script of a recipe up to its training; returns its names, and what it hands to Keras' fit."""
    handed = {}

    def execute(recipe):
        handed.clear()
        monkeypatch.setattr(keras.Sequential, "fit", lambda model, *data, **given: handed.update(given, data=data))
        monkeypatch.setattr(keras.Sequential, "evaluate", lambda model, *data, **given: (0.25, 0.98765))
        monkeypatch.setattr(keras.Sequential, "load_weights", lambda model, path: handed.update(loaded=path))
        names = {}
        exec(keras_script(recipe), names)
        assert "Test accuracy: 0.988\n" in capsys.readouterr().out
        return names, dict(handed)

    return execute


@pytest.mark.parametrize(
    "augmentation", [Augmentation(), Augmentation(rotation=10.0, shift=0.1, elastic=1.0, thickness=0.3)]
)
@pytest.mark.parametrize("validation", ["split", "test"])
def test_a_script_draws_the_runs_split_batches_changes_and_first_weights(executed, augmentation, validation):
    data = QUICK.model_copy(update={"validation": validation})
    batch_size = 1500 if augmentation.is_on else 4001  # changing images takes time; without, see a second epoch
    recipe = RECIPE.model_copy(update={"augmentation": augmentation, "batch_size": batch_size, "data": data})
    names, handed = executed(recipe)
    digits = load_dataset(**dict(data))
    np.testing.assert_allclose(handed["validation_data"][0][..., 0], digits.validation.images / 255, atol=1e-6)
    assert (handed["validation_data"][1].argmax(1) == digits.validation.labels).all()
    of_run = (batch for epoch in (0, 1) for batch in training_batches(digits.training, recipe, np.int32(epoch)))
    assert handed["steps_per_epoch"] == -(-len(digits.training) // batch_size)
    compared = list(zip(itertools.islice(handed["data"][0], 4), of_run, strict=False))
    assert len(compared) == 4
    for (images, labels), (run_images, run_labels) in compared:
        np.testing.assert_allclose(images, run_images, atol=2e-5)
        np.testing.assert_array_equal(labels, run_labels)
    for weights, run_weights in zip(
        names["model"].get_weights(), keras_models.keras_model(recipe).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weights, run_weights)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": SGD(momentum=0.9), "label_smoothing": 0.1},
        {"optimizer": AdamW(weight_decay=0.01, beta_1=0.8), "l1": 1e-5, "l2": 1e-4},
        {"optimizer": RMSprop(rho=0.8), "schedule": ReduceLROnPlateau(), "early_stopping": EarlyStopping()},
        {"data": Data(validation="none"), "batch_size": 32},
    ],
)
def test_a_script_compiles_its_model_as_the_run_does(executed, settings):
    recipe = RECIPE.model_copy(update=settings)
    names, handed = executed(recipe)
    model, run_model = names["model"], keras_models.compiled_model(recipe, steps=10)
    ours, theirs = model.optimizer.get_config(), run_model.optimizer.get_config()
    for config in (ours, theirs):
        config.pop("name")  # Keras counts them
    assert ours.pop("learning_rate") == pytest.approx(theirs.pop("learning_rate"))
    assert ours == theirs
    loss = keras.losses.get(model.loss)
    images, labels = np.random.default_rng(0).random((5, 28, 28, 1), np.float32), np.eye(10, dtype=np.float32)[:5]
    model.set_weights(run_model.get_weights())
    answers = model(images)
    values = [float(keras.ops.mean(measure(labels, answers))) for measure in (loss, run_model.loss)]
    assert values[0] == pytest.approx(values[1], rel=1e-5)
    assert float(sum(model.losses)) == pytest.approx(float(sum(run_model.losses)), rel=1e-5)
    kinds = [type(callback).__name__ for callback in handed.get("callbacks", [])]
    assert kinds == [type(callback).__name__ for callback in fitting._patience_callbacks(recipe).values()]


@pytest.mark.parametrize("schedule", [OneCycle(), OneCycle(warmup=0.05), Cosine()])
def test_a_script_follows_the_runs_learning_rate(executed, schedule):
    recipe = RECIPE.model_copy(update={"schedule": schedule})
    names, _ = executed(recipe)
    steps = names["STEPS"] * recipe.epochs
    curve = keras_models._CosineSchedule()
    curve.set_recipe(recipe, names["STEPS"])
    for step in (0, 1, 10, steps // 3, steps // 2, steps - 1):
        assert float(names["learning_rate"](step)) == pytest.approx(float(curve(step)), rel=1e-4, abs=1e-7)


def test_a_script_keeps_the_epoch_that_the_run_keeps(executed):
    _, handed = executed(RECIPE.model_copy(update={"early_stopping": EarlyStopping(patience=4)}))
    assert (handed["callbacks"][0].patience, handed["callbacks"][0].restore_best_weights) == (4, True)
    best = {"early_stopping": EarlyStopping(), "checkpoint": BestCheckpoint()}
    _, handed = executed(RECIPE.model_copy(update=best))
    assert not handed["callbacks"][0].restore_best_weights
    assert (handed["callbacks"][1].monitor, handed["callbacks"][1].save_best_only) == ("val_accuracy", True)
    assert handed["loaded"] == "best.weights.h5"
    names, handed = executed(RECIPE.model_copy(update={"checkpoint": PeriodicCheckpoint(epochs=2)}))
    assert handed["callbacks"][0].save_freq == 2 * names["STEPS"]
    assert "loaded" not in handed


@pytest.mark.parametrize("preset", ["script-a", "script-b"])
def test_a_classic_script_trains_as_its_author_would(executed, preset):
    names, handed = executed(PRESETS[preset])
    recipe = PRESETS[preset]
    assert (handed["batch_size"], handed["epochs"]) == (32, recipe.epochs)
    assert handed["data"][0].shape == (10_000, 28, 28, 1)
    assert ("validation_data" in handed) is (preset == "script-a")
    assert names["model"].count_params() == recipe.network.parameters
    assert "index_shuffle" not in keras_script(recipe)

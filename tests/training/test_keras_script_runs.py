"""Scripts A and B, and the script that a recipe is exported as, executed: each trains the network that it should."""

import io
import zipfile
from functools import partialmethod

import keras
import numpy as np
import pytest

from core.digits.augmentation import Augmentation
from core.lessons.scripts import SCRIPTS
from core.networks import keras_script as exported
from core.networks.keras_script import keras_archive, keras_script
from core.networks.presets import PRESETS
from core.networks.recipe import (
    SGD,
    AdamW,
    BestCheckpoint,
    Cosine,
    EarlyStopping,
    OneCycle,
    PeriodicCheckpoint,
    ReduceLROnPlateau,
    RMSprop,
)
from core.training import fit as fitting
from core.training import keras_models
from tests.training import tiny

RECIPE = tiny.RECIPE.model_copy(update={"data": PRESETS["fast"].data})
IMAGES = np.random.default_rng(3).integers(0, 256, (80, 28, 28), dtype=np.uint8)
LABELS = (np.arange(80) % 10).astype(np.uint8)


@pytest.fixture(autouse=True)
def mnist(tmp_path, monkeypatch):
    """A few images that stand for MNIST, and fewer of them held out."""
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: ((IMAGES, LABELS), (IMAGES[:20], LABELS[:20])))
    monkeypatch.setattr(exported, "VALIDATION_IMAGES", 20)
    monkeypatch.chdir(tmp_path)  # where checkpoints are written
    # To trace a graph takes longer than these few steps.
    monkeypatch.setattr(keras.Sequential, "compile", partialmethod(keras.Sequential.compile, run_eagerly=True))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_script_of_every_preset_trains_its_network(preset, capsys):
    recipe = PRESETS[preset].model_copy(update={"epochs": 1})
    names = {}
    exec(keras_script(recipe), names)
    assert names["model"].count_params() == recipe.network.parameters
    assert len(names["model"].history.history["loss"]) == 1
    assert "Test accuracy: 0." in capsys.readouterr().out


@pytest.mark.parametrize("preset", SCRIPTS)
def test_an_explained_script_runs_from_its_first_line_to_its_last(preset, monkeypatch, capsys):
    few = slice(40)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: ((IMAGES[few], LABELS[few]), (IMAGES, LABELS)))
    monkeypatch.setenv("MPLBACKEND", "agg")
    names = {}
    exec(SCRIPTS[preset].source.replace("plt.show()", ""), names)
    model = names["model"]
    assert model.count_params() == PRESETS[preset].network.parameters
    assert len(model.history.history["loss"]) == PRESETS[preset].epochs
    assert "Test accuracy: 0." in capsys.readouterr().out or names["digit"] in range(10)


def test_the_script_of_a_run_on_built_in_handwriting_reads_the_digits_beside_it(tmp_path, monkeypatch, capsys):
    digits = {f"{axis}_{part}": IMAGES if axis == "x" else LABELS for axis in "xy" for part in ("train", "val", "test")}
    monkeypatch.setattr(exported, "made_digits", lambda *data: digits)
    with zipfile.ZipFile(io.BytesIO(keras_archive(tiny.RECIPE, "inkling-tiny"))) as archive:
        archive.extractall(tmp_path)
    monkeypatch.chdir(tmp_path / "inkling-tiny")
    names = {}
    exec((tmp_path / "inkling-tiny" / "inkling-tiny.py").read_text(), names)
    np.testing.assert_array_equal(names["x_val"][..., 0], IMAGES.astype(np.float32) / 255)
    assert "Test accuracy: 0." in capsys.readouterr().out


@pytest.fixture
def executed(monkeypatch, capsys):
    """Execute the script of a recipe up to its training; returns its names, and what it hands to Keras' fit."""

    def execute(recipe):
        handed = {}
        monkeypatch.setattr(keras.Sequential, "fit", lambda model, *data, **given: handed.update(given, data=data))
        monkeypatch.setattr(keras.Sequential, "evaluate", lambda model, *data, **given: (0.25, 0.98765))
        monkeypatch.setattr(keras.Sequential, "load_weights", lambda model, path: handed.update(loaded=path))
        names = {}
        exec(keras_script(recipe), names)
        assert "Test accuracy: 0.988\n" in capsys.readouterr().out
        return names, handed

    return execute


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": SGD(momentum=0.9), "label_smoothing": 0.1},
        {"optimizer": AdamW(weight_decay=0.01, beta_1=0.8), "l1": 1e-5, "l2": 1e-4},
        {"optimizer": RMSprop(rho=0.8), "schedule": ReduceLROnPlateau(), "early_stopping": EarlyStopping()},
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
    steps = names["steps"]
    curve = keras_models._CosineSchedule()
    curve.set_recipe(recipe, steps // recipe.epochs)
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
    _, handed = executed(RECIPE.model_copy(update={"checkpoint": PeriodicCheckpoint(epochs=2)}))
    assert handed["callbacks"][0].save_freq == "epoch"
    assert "loaded" not in handed


def test_keras_changes_images_within_the_ranges_of_the_recipe(executed):
    ranges = Augmentation(rotation=9.0, shift=0.1, zoom=0.2, shear=45.0)
    names, _ = executed(RECIPE.model_copy(update={"augmentation": ranges}))
    zoom, shear, rotation, shift = names["model"].layers[:4]
    assert (zoom.height_factor, zoom.width_factor) == (0.2, 0.2)
    assert shear.x_factor == (-1.0, 1.0)
    assert rotation.factor == (-9 / 360, 9 / 360)
    assert (shift.height_factor, shift.width_factor) == (0.1, 0.1)
    assert {layer.fill_mode for layer in (zoom, shear, rotation, shift)} == {"constant"}
    images = (IMAGES[:2, ..., np.newaxis] / 255).astype(np.float32)
    answers = [names["model"](images, training=False).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*answers)  # nothing is changed when it answers

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from core import __main__ as command
from core.digits.dataset import Digits
from core.insight.stored_predictions import read_predictions
from core.networks.layers import Dense, Flatten
from core.networks.model import Model, load_model, pretrained
from core.networks.network import Network
from core.networks.presets import FAST
from core.networks.recipe import PeriodicCheckpoint
from tests.samples import random_weights
from tests.training import tiny

SMALL = tiny.RECIPE.model_copy(update={"epochs": 1})


@pytest.fixture(autouse=True)
def _few_images(monkeypatch):
    monkeypatch.setattr(command, "load_dataset", lambda **named: tiny.data())


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "recipe.json"
    path.write_text(SMALL.to_json())
    return path


def test_the_command_trains_a_recipe_and_saves_its_model(recipe_file, tmp_path, capsys, random_images):
    out = tmp_path / "models" / "mine.safetensors"
    assert command.main(["train", str(recipe_file), str(out)]) == 0
    said = capsys.readouterr().out
    assert "Epoch 1: loss" in said
    assert "Test accuracy 0." in said
    model = load_model(out)
    assert model.recipe == SMALL
    assert model.probabilities(random_images).shape == (16, 10)
    assert out.with_suffix(".keras").stat().st_size > 1000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (json.dumps({"epochs": 0}), "epochs must be a whole number from 1 to 200"),
        ("{", "no JSON"),
        (None, "neither a recipe file nor a preset; presets are fast, balanced, accurate, tiny"),
    ],
)
def test_a_bad_recipe_is_refused_with_a_sentence(content, sentence, tmp_path, capsys):
    path = tmp_path / "recipe.json"
    if content is not None:
        path.write_text(content)
    assert command.main(["train", str(path), str(tmp_path / "out.safetensors")]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out.safetensors").exists()


def test_the_output_must_be_named_as_a_model_file(recipe_file, tmp_path, capsys):
    assert command.main(["train", str(recipe_file), str(tmp_path / "model.h5")]) == 1
    assert ".safetensors" in capsys.readouterr().err


def test_a_preset_is_known_by_its_name():
    assert command.read_recipe("fast") == FAST


def test_an_interrupted_command_resumes_from_its_latest_checkpoint(tmp_path, monkeypatch, capsys):
    recipe = tiny.RECIPE.model_copy(update={"checkpoint": PeriodicCheckpoint(epochs=2)})
    path, out = tmp_path / "recipe.json", tmp_path / "out.safetensors"
    path.write_text(recipe.to_json())

    def interrupt(progress):
        if getattr(progress, "epoch", 0) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command, "_print_progress", interrupt)
        with pytest.raises(KeyboardInterrupt):
            command.main(["train", str(path), str(out)])
    assert not out.exists()
    assert command.main(["train", str(path), str(out)]) == 0
    assert "Resuming after epoch 2" in capsys.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.keras", "out.safetensors", "recipe.json"]


def test_a_folder_that_cannot_be_written_to_is_noticed_before_the_training(recipe_file, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert command.main(["train", str(recipe_file), str(tmp_path / "file" / "out.safetensors")]) == 1
    assert "could not be saved" in capsys.readouterr().err


def test_ctrl_c_ends_the_run_and_keeps_what_it_has_learned(tmp_path):
    path = tmp_path / "recipe.json"
    path.write_text(tiny.RECIPE.model_copy(update={"epochs": 200, "batch_size": 20}).to_json())
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "train", str(path), str(tmp_path / "out.safetensors")],
        stdout=subprocess.PIPE,
        text=True,
    )
    seen = ""
    while "Epoch 2" not in seen:
        piece = process.stdout.read(1)
        assert piece, seen
        seen += piece
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert "stopped here" in rest
    assert load_model(tmp_path / "out.safetensors").scores.kept_epoch >= 2


def test_the_predictions_of_a_model_on_the_test_set_are_saved_beside_it(tmp_path, capsys, monkeypatch):
    network = Network(layers=(Flatten(), Dense(units=10, activation="softmax")))
    recipe = SMALL.model_copy(update={"network": network})
    model = Model(recipe, random_weights(network), pretrained().scores, "")
    path = tmp_path / "mine.safetensors"
    path.write_bytes(model.to_bytes())
    random = np.random.default_rng(0)
    dust = Digits(random.integers(0, 256, (10_000, 28, 28), np.uint8), random.integers(0, 10, 10_000, np.uint8))
    monkeypatch.setattr(command, "load_mnist", lambda: (dust, dust))
    assert command.main(["answers", str(path)]) == 0
    assert "Test accuracy 0." in capsys.readouterr().out
    saved = read_predictions(tmp_path / "mine.answers.safetensors", load_model(path), "mnist")
    np.testing.assert_allclose(saved, model.probabilities(dust.images), atol=3e-4)


def test_a_missing_model_file_is_refused_with_a_sentence(tmp_path, capsys):
    assert command.main(["answers", str(tmp_path / "nothing.safetensors")]) == 1
    assert "cannot be read" in capsys.readouterr().err

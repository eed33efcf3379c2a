"""Scripts A and B, as they are explained line by line, run with Keras on a few images."""

import keras
import numpy as np
import pytest

from core.lessons.scripts import SCRIPTS
from core.networks.presets import PRESETS


@pytest.mark.parametrize("preset", SCRIPTS)
def test_a_script_runs_from_its_first_line_to_its_last(preset, monkeypatch, capsys):
    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    labels = (np.arange(40) % 10).astype(np.uint8)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: ((images, labels), (images[:10], labels[:10])))
    monkeypatch.setenv("MPLBACKEND", "agg")
    names = {}
    exec(SCRIPTS[preset].source.replace("plt.show()", ""), names)
    model = names["model"]
    assert model.count_params() == PRESETS[preset].network.parameters
    assert len(model.history.history["loss"]) == PRESETS[preset].epochs
    assert "Test accuracy: 0." in capsys.readouterr().out or names["digit"] in range(10)

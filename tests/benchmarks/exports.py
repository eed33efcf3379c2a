"""Each preset through Inkling, and its exported script as its own process: both must reach the same test accuracy.

`--presets` names some of them. The script runs with TensorFlow alone: neither this project nor its packages are on its
path where `--python` names another environment's interpreter.
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from core.digits.dataset import load_dataset
from core.networks.keras_script import file_stem, keras_archive, keras_script, needs_digits
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from tests.benchmarks import mnist_or_exit, report

CLOSE = 0.003  # of each other are two trainings that differ in nothing but rounding and order


def main(arguments: list[str] | None = None) -> None:
    """Train each preset twice and report; exit code 1 where a script ends elsewhere."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.exports")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--epochs", type=int, help="train for so many epochs, whatever the preset says")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the scripts")
    chosen = parser.parse_args(arguments)
    mnist_or_exit()
    figures = {}
    for preset in chosen.presets:
        recipe = PRESETS[preset]
        if chosen.epochs:
            recipe = recipe.model_copy(update={"epochs": chosen.epochs})
        print(f"{recipe.name} as a script: {recipe.epochs} epochs ...", flush=True)
        of_script = script_accuracy(recipe, chosen.python)
        print(f"{of_script:.3f}. Through Inkling ...", flush=True)
        of_run = run_accuracy(recipe)
        print(f"{of_run:.4f}.", flush=True)
        difference = abs(of_run - of_script)
        figures[preset] = {"run_accuracy": of_run, "script_accuracy": of_script, "difference": difference}
    report(**figures)
    sys.exit(any(figure["difference"] > CLOSE for figure in figures.values()))


def run_accuracy(recipe: Recipe) -> float:
    """The test accuracy that Inkling's own training reaches."""
    from core.training.fit import fit

    return fit(recipe, load_dataset(**dict(recipe.data))).model.scores.test_accuracy


def script_accuracy(recipe: Recipe, python: str = sys.executable) -> float:
    """The test accuracy that the exported script prints, with MNIST beside it."""
    training, test = mnist_or_exit()
    with tempfile.TemporaryDirectory() as folder:
        stem = file_stem(recipe.name)
        place = Path(folder) / stem
        if needs_digits(recipe):
            with zipfile.ZipFile(io.BytesIO(keras_archive(recipe))) as archive:
                archive.extractall(folder)
        else:
            place.mkdir()
            (place / f"{stem}.py").write_text(keras_script(recipe), encoding="utf-8")
        arrays = {"x_train": training.images, "y_train": training.labels, "x_test": test.images, "y_test": test.labels}
        np.savez(place / "mnist.npz", **arrays)
        return run_script(place / f"{stem}.py", python)


def run_script(script: Path, python: str = sys.executable) -> float:
    """Run a script in its folder and return the test accuracy that it prints.

    Raises:
        RuntimeError: it failed, with what it said.
    """
    # -I: neither the current folder nor PYTHONPATH, so that nothing of this project can be imported.
    done = subprocess.run(
        [shutil.which(python) or python, "-I", script.name],
        cwd=script.parent,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    found = re.search(r"^Test accuracy: ([\d.]+)$", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise RuntimeError(f"{script.name} failed:\n{done.stdout[-2000:]}\n{done.stderr[-5000:]}")
    return float(found[1])


if __name__ == "__main__":
    main()

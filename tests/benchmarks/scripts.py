"""Scripts A and B through Inkling and as plain Keras scripts, same data and seed: both must end in the same place."""

import io
import os
from contextlib import redirect_stdout

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")  # script B shows a digit

import keras

from core.digits.dataset import Digits, load_dataset
from core.lessons.scripts import SCRIPTS
from core.networks.presets import PRESETS
from core.training.fit import fit
from tests.benchmarks import mnist_or_exit, report

SEED = 0


def main() -> None:
    """Train each script twice and report."""
    training, test = mnist_or_exit()
    figures = {}
    for script in SCRIPTS:
        recipe = PRESETS[script].model_copy(update={"seed": SEED})
        print(f"{recipe.name} through Inkling: {recipe.epochs} epochs ...", flush=True)
        ours = fit(recipe, load_dataset(**dict(recipe.data))).model.scores.test_accuracy
        print(f"{ours:.3f}. As a plain Keras script ...", flush=True)
        keras.utils.set_random_seed(SEED)
        plain = plain_accuracy(script, training, test)
        print(f"{plain:.3f}.", flush=True)
        key = script.replace("-", "_")
        figures |= {f"{key}_accuracy": ours, f"{key}_plain_accuracy": plain}
    report(**figures)


def plain_accuracy(script: str, training: Digits, test: Digits) -> float:
    """Run the text of a script with these digits as MNIST; returns its model's accuracy on the test images."""
    keras.datasets.mnist.load_data = lambda: ((training.images, training.labels), (test.images, test.labels))
    names = {}
    with redirect_stdout(io.StringIO()):
        exec(SCRIPTS[script].source, names)
    return names["model"].evaluate(names["test_images"], names["test_labels"], verbose=0)[1]


if __name__ == "__main__":
    main()

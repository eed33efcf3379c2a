"""Preset "Fast" on built-in handwriting alone, not one real image: `python -m tests.benchmarks.handwriting [FILE...]`.

What it then reads of MNIST's test set, and of UNIPEN pen files, if there are any.
"""

import sys
import time
from pathlib import Path

import numpy as np

from core.digits.dataset import load_dataset
from core.digits.synthetic.handwriting import handwriting
from core.insight.metrics import accuracy
from core.insight.prediction import answer_drawing
from core.networks.model import Model
from core.networks.presets import FAST
from core.networks.recipe import Data
from tests.benchmarks import mnist_or_exit, report
from tests.benchmarks.pen_files import canvas_json, read_pen_file
from tests.benchmarks.pens import BASE


def main() -> None:
    """Measure and report."""
    _, test = mnist_or_exit()
    began = time.perf_counter()
    handwriting(60_000, seed=7)
    seconds = time.perf_counter() - began
    print(f"60,000 digits written in {seconds:.1f} s.", flush=True)
    from core.training.fit import fit

    recipe = FAST.model_copy(update={"data": Data(source="handwriting")})
    model = fit(recipe, load_dataset(**dict(recipe.data))).model
    print(f"Trained on built-in handwriting in {model.scores.seconds:.1f} s.", flush=True)
    report(
        mnist_test_accuracy=accuracy(model.probabilities(test.images), test.labels),
        pen_accuracy=_pen_accuracy(model, [Path(name) for name in sys.argv[1:]]),
        drawn_accuracy=model.scores.drawn_accuracy,
        generate_seconds_per_60000=seconds,
    )


def _pen_accuracy(model: Model, files: list[Path]) -> float | None:
    """Share of the files' digits that are read right in the base cell of `pens`; declined ones count as wrong."""
    digits = [digit for file in files for digit in read_pen_file(file)]
    if not digits:
        return None
    answers = [answer_drawing(model, canvas_json(BASE.drawn(digit), BASE.width)).digit for digit in digits]
    return float(np.mean([answer == digit.label for answer, digit in zip(answers, digits, strict=True)]))


if __name__ == "__main__":
    main()

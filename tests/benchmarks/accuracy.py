"""The shipped model on MNIST's test set: accuracy, calibration, and whether NumPy answers as Keras does.

`python -m tests.benchmarks.accuracy --recipe tiny --seeds 5` trains a preset from so many seeds instead. `--keep
FOLDER` saves every model, and the line before the last names the one that would be shipped: that which is best on the
validation images and the built-in drawn digits together, as the shipped model has to read both.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from core.digits.dataset import load_dataset
from core.insight.metrics import accuracy, accuracy_interval, expected_calibration_error
from core.networks.model import PRETRAINED, Model, Scores, pretrained, tempered
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from tests.benchmarks import mnist_or_exit, report


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.accuracy", description=__doc__)
    parser.add_argument("--recipe", choices=PRESETS, help="train this preset instead of measuring the shipped model")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="save every seed's model here")
    arguments = parser.parse_args()
    mnist_or_exit()
    if arguments.recipe:
        measure_recipe(PRESETS[arguments.recipe], arguments.seeds, arguments.keep)
    else:
        measure_shipped()


def measure_recipe(recipe: Recipe, seeds: int, folder: Path | None) -> None:
    """Train the recipe from every seed and report."""
    from core.training.fit import fit

    models, errors = [], []
    for seed in range(seeds):
        data = load_dataset(**dict(recipe.data))
        trained = fit(recipe.model_copy(update={"seed": seed}), data)
        models.append(trained.model)
        errors.append(expected_calibration_error(trained.test_probabilities, data.test.labels))
        scores = trained.model.scores
        print(
            f"{recipe.name}, seed {seed}: test {scores.test_accuracy:.4f}, "
            f"validation {scores.validation_accuracy:.4f}, drawn {scores.drawn_accuracy:.4f}, "
            f"{scores.kept_because}, {scores.seconds / 60:.1f} min",
            flush=True,
        )
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"seed-{seed}.safetensors").write_bytes(trained.model.to_bytes())
            (folder / f"seed-{seed}.keras").write_bytes(trained.keras_file)
    best = max(range(seeds), key=lambda seed: _worth(models[seed].scores))
    print(f"To be shipped: seed {best}{f', {folder}/seed-{best}.safetensors' if folder else ''}.")
    accuracies = [model.scores.test_accuracy for model in models]
    report(
        mean_accuracy=statistics.mean(accuracies),
        accuracies=accuracies,
        minutes=statistics.median(model.scores.seconds for model in models) / 60,
        parameters=recipe.network.parameters,
        ece=statistics.mean(errors),
        drawn_accuracy=statistics.mean(model.scores.drawn_accuracy for model in models),
        to_be_shipped=best,
    )


def _worth(scores: Scores) -> float:
    """By which seeds are compared: never by the test set."""
    return (scores.validation_accuracy or 0.0) + scores.drawn_accuracy


def measure_shipped() -> None:
    """Measure the shipped model and report."""
    _, test = mnist_or_exit()
    model = pretrained()
    print(f"{model.recipe.name}, as shipped, answers MNIST's {len(test):,} test images in NumPy.")
    raw = model.network.probabilities(model.weights, test.images)
    probabilities = tempered(raw, model.scores.temperature)
    share = accuracy(probabilities, test.labels)
    low, high = accuracy_interval(share, len(test))
    print(f"Test accuracy {share:.4f}, 95 % interval {low:.4f} to {high:.4f}.")
    report(
        test_accuracy=share,
        ece=expected_calibration_error(probabilities, test.labels),
        parameters=model.parameters,
        milliseconds_per_answer=_median_milliseconds(model, test.images),
        numpy_keras_max_difference=float(np.abs(raw - _keras_probabilities(test.images)).max()),
    )


def _median_milliseconds(model: Model, images: np.ndarray) -> float:
    """How long the model takes for one image, as it comes from the board."""
    durations = []
    for place in range(500):
        began = time.perf_counter()
        model.probabilities(images[place : place + 1])
        durations.append(time.perf_counter() - began)
    return 1000 * statistics.median(durations)


def _keras_probabilities(images: np.ndarray) -> np.ndarray:
    """The answers of the `.keras` file that ships beside the model."""
    import keras

    print("Keras answers them with the .keras file.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(PRETRAINED.with_suffix(".keras").read_bytes())
        model = keras.models.load_model(path)
    return model.predict(images.astype(np.float32)[..., np.newaxis] / 255, batch_size=500, verbose=0)


if __name__ == "__main__":
    main()

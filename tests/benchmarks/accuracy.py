"""The shipped model on MNIST's test set: accuracy, calibration, and whether NumPy answers as Keras does."""

import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from core.insight.evaluation import accuracy, accuracy_interval, expected_calibration_error
from core.networks.model import PRETRAINED, Model, pretrained, tempered
from tests.benchmarks import mnist_or_exit, report


def main() -> None:
    """Measure and report."""
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
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    print("Keras answers them with the .keras file.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(PRETRAINED.with_suffix(".keras").read_bytes())
        model = keras.models.load_model(path)
    return model.predict(images.astype(np.float32)[..., np.newaxis] / 255, batch_size=500, verbose=0)


if __name__ == "__main__":
    main()

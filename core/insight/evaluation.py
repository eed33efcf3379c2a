"""How good a model's answers are."""

import math

import numpy as np

CALIBRATION_BINS = 15


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of (n, 10) answers whose likeliest digit is the label."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def percent(share: float) -> str:
    """An accuracy as people read it: two decimals."""
    return f"{share * 100:.2f}\N{THIN SPACE}%"


def accuracy_interval(accuracy: float, count: int) -> tuple[float, float]:
    """95 % interval of an accuracy measured on `count` images.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    z = 1.959964  # 97.5 % of a normal distribution lie below
    centre = (accuracy + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(accuracy * (1 - accuracy) / count + (z / (2 * count)) ** 2) / (1 + z * z / count)
    return max(0.0, centre - half), min(1.0, centre + half)


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log(probability of the right digit), with Keras' floor of 1e-7 under the probability."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(right, 1e-7, 1)).mean())


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    """How far, on average, the confidence of an answer is from the share of such answers that are right.

    Answers are put into equally wide bins by their largest probability; each bin counts by its size.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (2017), section 2.
    """
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, confidence - is_right, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))

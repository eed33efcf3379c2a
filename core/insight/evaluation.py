"""How good a model's answers are."""

import math

import numpy as np

CALIBRATION_BINS = 15
TEMPERATURES = (0.5, 5.0)  # beyond them a few lucky validation images decide, and not the model


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


def fitted_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that makes (n, classes) answers fit their labels best: the cross-entropy is lowest there.

    Returns:
        Between `TEMPERATURES`; above 1 where the answers were too certain.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (2017), section 4.2.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30))  # up to what a softmax leaves out
    right = logits[np.arange(len(labels)), labels]

    def loss(log_temperature: float) -> float:
        sharpness = math.exp(-log_temperature)
        return float((np.log(np.exp(logits * sharpness).sum(axis=1)) - right * sharpness).mean())

    # Golden-section search: the loss has a single valley.
    low, high = map(math.log, TEMPERATURES)
    golden = (math.sqrt(5) - 1) / 2
    while high - low > 1e-3:
        first, second = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, second) if loss(first) <= loss(second) else (first, high)
    return round(math.exp((low + high) / 2), 4)


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

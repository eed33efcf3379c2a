"""How good a model's answers are: accuracy, confusion, calibration, mistakes, and a sentence about each."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.formatting import a_digit, percent
from core.networks.network import CLASSES

CALIBRATION_BINS = 15
TEMPERATURES = (0.5, 5.0)  # beyond them a few lucky validation images decide, and not the model


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of (n, 10) answers whose likeliest digit is the label."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


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


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """How far, on average, the confidence of an answer is from the share of such answers that are right.

    Answers are put into equally wide bins by their largest probability; each bin counts by its size.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (2017), section 2.
    """
    bins = reliability(probabilities, labels)
    return sum(each.images * abs((each.confidence or 0) - (each.accuracy or 0)) for each in bins) / len(labels)


def confusion_matrix(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How often each digit is read as each: (10, 10) whole numbers, a row per true digit, a column per answer."""
    pairs = labels.astype(np.intp) * CLASSES + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)


class DigitScores(NamedTuple):
    """How well one digit is read. A share of nothing is None.

    Attributes:
        precision: of the images that are read as this digit, the share that shows it.
        recall: of the images that show this digit, the share that is read as it.
        f1: harmonic mean of the two.
        images: that show it.
    """

    digit: int
    precision: float | None
    recall: float | None
    f1: float | None
    images: int


def digit_scores(matrix: np.ndarray) -> list[DigitScores]:
    """Precision, recall and F1 of every digit, from a confusion matrix."""
    scores = []
    for digit in range(CLASSES):
        right, shown, answered = (int(n) for n in (matrix[digit, digit], matrix[digit].sum(), matrix[:, digit].sum()))
        f1 = 2 * right / (shown + answered) if shown + answered else None
        precision, recall = right / answered if answered else None, right / shown if shown else None
        scores.append(DigitScores(digit, precision, recall, f1, shown))
    return scores


class Bin(NamedTuple):
    """The answers of one range of confidence; an empty bin has neither confidence nor accuracy.

    Attributes:
        low, high: the range.
        images: whose answers are in it.
        confidence: their mean largest probability.
        accuracy: share of them that is right.
    """

    low: float
    high: float
    images: int
    confidence: float | None
    accuracy: float | None


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> list[Bin]:
    """The bins of `expected_calibration_error`, in order, the empty ones too."""
    confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    bins = []
    for index in range(CALIBRATION_BINS):
        held, low, high = bin_of == index, index / CALIBRATION_BINS, (index + 1) / CALIBRATION_BINS
        if held.any():
            bins.append(Bin(low, high, int(held.sum()), float(confidence[held].mean()), float(is_right[held].mean())))
        else:
            bins.append(Bin(low, high, 0, None, None))
    return bins


def mistakes(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Indices of the images that are read wrong, the most confident answer first."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return _surest_first(wrong, probabilities)


def read_as(probabilities: np.ndarray, labels: np.ndarray, digit: int, answer: int) -> np.ndarray:
    """Indices of the images of a digit that are read as `answer`, the most confident first."""
    return _surest_first(np.flatnonzero((labels == digit) & (probabilities.argmax(axis=1) == answer)), probabilities)


def worst_confusion(matrix: np.ndarray) -> tuple[int, int]:
    """The digit, and the wrong answer to it, that come together most often; where nothing is wrong, (0, 0)."""
    wrong = matrix - np.diag(np.diag(matrix))
    digit, answer = divmod(int(wrong.argmax()), CLASSES)
    return digit, answer


def accuracy_sentence(matrix: np.ndarray) -> str:
    """How many are right, and how far chance alone moves that: the 95 % interval, in plain words."""
    right, count = int(np.trace(matrix)), int(matrix.sum())
    low, high = map(percent, accuracy_interval(right / count, count))
    return (
        f"It reads {right:,} of {count:,} test images right. Other images of the same kind would have given a slightly "
        f"different figure: between {low} and {high}, in 19 cases of 20 (the 95\N{THIN SPACE}% interval)."
    )


def confusion_sentence(matrix: np.ndarray) -> str:
    """Which digits are mixed up most: "It takes 9 for 4 most often: 6 times."."""
    wrong = int(matrix.sum() - np.trace(matrix))
    if not wrong:
        return f"It makes no mistake in {matrix.sum():,} images."
    digit, answer = worst_confusion(matrix)
    often = times(int(matrix[digit, answer]))
    if wrong == 1:
        return f"It makes one mistake: it takes a {digit} for {answer}."
    others = int((matrix == matrix[digit, answer]).sum()) - int((np.diag(matrix) == matrix[digit, answer]).sum()) - 1
    also = f" {others} other pairs are mixed up as often." if others > 1 else ""
    also = " One other pair is mixed up as often." if others == 1 else also
    return f"It takes {digit} for {answer} most often: {often}, of {wrong:,} mistakes in all.{also}"


def digits_sentence(scores: Sequence[DigitScores]) -> str:
    """Which digit is found least often, and which answer is to be trusted least."""
    found = [(score.recall, score.digit) for score in scores if score.recall is not None]
    trusted = [(score.precision, score.digit) for score in scores if score.precision is not None]
    if not found or not trusted:
        return "There is nothing to score."
    recall, missed = min(found)
    precision, mistrusted = min(trusted)
    if recall == precision == 1:
        return "It finds every image of each digit, and each of its answers is right."
    never = [str(score.digit) for score in scores if score.precision is None and score.images]
    said = f" It never answers {' or '.join(never)}." if never else ""
    return (
        f"{missed} is the digit that it misses most: it finds {percent(recall)} of them (recall). Where it answers "
        f"{mistrusted} it errs most: {percent(precision)} of those answers are right (precision).{said}"
    )


def calibration_sentence(probabilities: np.ndarray, labels: np.ndarray, temperature: float) -> str:
    """How far certainty and truth lie apart, which way, and what the temperature does."""
    error = expected_calibration_error(probabilities, labels)
    sure, right = float(probabilities.max(axis=1).mean()), accuracy(probabilities, labels)
    too = "a little " if abs(sure - right) < 0.01 else ""
    way = f"{too}too sure" if sure > right else f"{too}too modest"
    if abs(sure - right) < 0.0005:
        way = "neither too sure nor too modest"
    return (
        f"On average it is {percent(sure)} sure, and {percent(right)} of its answers are right: {way}. Bin by bin, "
        f"the two lie {error * 100:.2f} points apart (expected calibration error {error:.4f}). "
        f"{temperature_sentence(temperature)}"
    )


def bins_sentence(bins: Sequence[Bin]) -> str:
    """What the reliability diagram shows: how many answers are in its last bin, and where it is farthest off."""
    total, last = sum(each.images for each in bins), bins[-1]
    said = (
        f"{last.images:,} of {total:,} answers are at least {percent(last.low, 0)} sure. "
        "The dashed line is honesty; a bar is the 95\N{THIN SPACE}% interval of its point, long where answers are few."
    )
    off = [each for each in bins if _is_off(each)]
    if not off:
        return f"{said} The line runs through every bar."
    worst = max(off, key=lambda each: abs((each.confidence or 0) - (each.accuracy or 0)))
    return (
        f"{said} Farthest off: where it is {percent(worst.confidence or 0, 0)} sure, "
        f"{percent(worst.accuracy or 0, 0)} are right ({worst.images:,} images)."
    )


def _is_off(answers: Bin) -> bool:
    """Whether the mean confidence lies outside the 95 % interval of the accuracy."""
    if answers.confidence is None or answers.accuracy is None:
        return False
    low, high = accuracy_interval(answers.accuracy, answers.images)
    return not low <= answers.confidence <= high


def temperature_sentence(temperature: float) -> str:
    """What the temperature of a model does to its answers."""
    if temperature == 1:
        return "Its temperature is 1: the answers are those of its softmax."
    does = "less" if temperature > 1 else "more"
    return f"Its temperature is {temperature:.2f}, which makes its answers {does} certain than its softmax put them."


def mistakes_sentence(probabilities: np.ndarray, labels: np.ndarray) -> str:
    """How many are wrong, and how sure the surest of them is."""
    wrong = mistakes(probabilities, labels)
    if not len(wrong):
        return f"None of {len(labels):,} images is read wrong."
    confidence = probabilities[wrong].max(axis=1)
    first = int(wrong[0])
    sure = int((confidence >= 0.9).sum())
    return (
        f"{len(wrong):,} of {len(labels):,} images {'is' if len(wrong) == 1 else 'are'} read wrong, {sure:,} of them "
        f"with 90\N{THIN SPACE}% certainty or more. The surest: {a_digit(int(labels[first]))}, read as "
        f"{int(probabilities[first].argmax())}."
    )


def times(count: int) -> str:
    """How often, in words: once, twice, 3 times."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _surest_first(indices: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    return indices[np.argsort(-probabilities[indices].max(axis=1), kind="stable")]

import numpy as np

from core.networks.model import pretrained
from core.reports.fine_tuning_report import fine_tuning_sentence, readings
from tests.samples import scores

THIN, ARROW = "\N{THIN SPACE}", "\N{RIGHTWARDS ARROW}"


def test_a_sentence_compares_readings_and_accuracies_before_and_after():
    said = fine_tuning_sentence(
        [1, 2, 3, 4],
        [7, 7, 8, 9],
        [1, 2, 3, 9],
        scores(0.9962, drawn_accuracy=0.98),
        scores(0.9958, drawn_accuracy=0.985),
    )
    assert said == (
        f"Reads 3 of 4 drawings it was taught, before 0; test accuracy 99.62{THIN}% {ARROW} 99.58{THIN}%, "
        f"drawn digits 98.00{THIN}% {ARROW} 98.50{THIN}%."
    )


def test_accuracies_on_different_images_are_not_compared():
    said = fine_tuning_sentence([1], [1], [1], scores(0.99, drawn_accuracy=0.9), scores(0.9, data_source="handwriting"))
    assert said == f"Reads 1 of 1 drawing it was taught, before 1; test accuracy 90.00{THIN}%."


def test_readings_are_the_predicted_digits():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    assert readings(pretrained(), images) == pretrained().probabilities(images).argmax(axis=1).tolist()

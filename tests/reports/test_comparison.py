import pytest

from core.reports.comparison import comparison_sentence, may_be_chance
from tests.samples import scores

THIN = "\N{THIN SPACE}"


def test_the_worse_of_two_is_compared_with_the_better_in_points_and_time():
    sentence = comparison_sentence([("Fast", scores(0.9880, seconds=9.5)), ("Script A", scores(0.9912, seconds=95))])
    assert sentence == "Fast reads 0.32 points less than Script A, but took a tenth of the time (10 s, 1 min 35 s)."
    assert (
        comparison_sentence([("Script A", scores(0.9912, seconds=95)), ("Fast", scores(0.9880, seconds=9.5))])
        == sentence
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (10.5, "and took about as long"),
        (5, "but took half of the time"),
        (7.5, f"but took 75{THIN}% of the time"),
        (0.1, "but took less than a tenth of the time"),
        (20, "and took twice as long"),
        (34, "and took 3.4 times as long"),
    ],
)
def test_times_are_compared_in_words(seconds, words):
    assert words in comparison_sentence([("A", scores(0.99, seconds=10)), ("B", scores(0.97, seconds=seconds))])


def test_a_difference_that_other_images_might_reverse_is_called_chance():
    assert may_be_chance(scores(0.9905), scores(0.9904))
    assert not may_be_chance(scores(0.9905), scores(0.9800))
    assert "may be chance" in comparison_sentence([("A", scores(0.9905)), ("B", scores(0.9904))])
    assert "chance" not in comparison_sentence([("A", scores(0.9905)), ("B", scores(0.98))])


def test_equal_accuracies_are_called_equal():
    assert comparison_sentence([("A", scores(0.99)), ("B", scores(0.99))]).startswith("B reads as many")


def test_drawn_digits_are_compared_if_both_models_were_measured_on_them():
    sentence = comparison_sentence([("A", scores(0.99, drawn_accuracy=0.95)), ("B", scores(0.98, drawn_accuracy=0.97))])
    assert sentence.endswith("Of drawn digits it reads 2.00 points more.")
    assert "drawn" not in comparison_sentence([("A", scores(0.99, drawn_accuracy=0.95)), ("B", scores(0.98))])


def test_of_many_models_the_best_the_worst_and_the_quickest_are_named():
    sentence = comparison_sentence(
        [("A", scores(0.9905, seconds=60)), ("B", scores(0.97, seconds=5)), ("C", scores(0.9904, seconds=30))]
    )
    assert f"A reads most, 99.05{THIN}% of the test images, and B least, 97.00{THIN}%." in sentence
    assert "B was quickest, 5 s; A took longest, 1 min 00 s." in sentence
    assert sentence.endswith("The lead over C may be chance.")


def test_accuracies_on_different_images_are_not_compared():
    sentence = comparison_sentence([("A", scores(0.99)), ("B", scores(0.95, data_source="handwriting"))])
    assert "cannot be compared" in sentence
    assert "B on built-in handwriting" in sentence


def test_fewer_than_two_models_give_no_sentence():
    assert comparison_sentence([]) == comparison_sentence([("A", scores(0.99))]) == ""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formatting import a_digit, duration
from core.networks.history import BatchProgress, EpochResult, share_done
from core.reports import progress
from tests.samples import scores


def point(epoch, step, seconds=0.0, speed=1000.0, **more):
    return BatchProgress(epoch, step, 100, 0.5, 0.8, 0.001, speed, seconds, **more)


SCORES = scores(0.9904, validation_accuracy=0.991, kept_epoch=3, epochs=5)


def test_the_share_done_counts_epochs_and_steps():
    assert share_done(point(3, 50), 5) == pytest.approx(0.5)
    assert share_done(point(5, 100), 5) == 1


def test_the_remaining_time_follows_the_pace_since_the_first_point():
    # Ten seconds went by before the first point; then a tenth of the run took two.
    points = (point(1, 0, seconds=10.0), point(1, 50, seconds=12.0))
    assert progress.seconds_left(points[-1], points, 5, 32) == pytest.approx(18)


def test_at_the_first_point_the_remaining_time_follows_the_speed_of_its_batches():
    first = point(1, 1, speed=100.0)
    assert progress.seconds_left(first, (first,), 1, 10) == pytest.approx(99 * 10 / 100)


def test_no_time_is_negative():
    points = (point(1, 0, seconds=100.0), point(1, 50, seconds=10.0))
    assert progress.seconds_left(points[-1], points, 1, 32) == 0
    assert duration(-3) == "0 s"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (12.3, "12 s"), (59.6, "1 min 00 s"), (65, "1 min 05 s"), (7380, "2 h 03 min")]
)
def test_durations_are_formatted(seconds, text):
    assert duration(seconds) == text


def test_the_validation_accuracy_is_the_latest_and_an_epochs_own_precedes_those_within_it():
    within = (point(1, 90, validation_accuracy=0.9), point(2, 10))
    assert progress.last_validation_accuracy((), ()) is None
    assert progress.last_validation_accuracy(within, ()) == 0.9
    first = EpochResult(1, 0.1, 0.9, 0.001, 0.1, 0.95)
    assert progress.last_validation_accuracy(within, (first,)) == 0.95
    assert progress.last_validation_accuracy((*within, point(2, 50, validation_accuracy=0.97)), (first,)) == 0.97


def test_the_answers_to_the_samples_are_the_latest():
    points = (point(1, 10, sample_answers=(1, 2)), point(1, 20))
    assert progress.last_answers(None, ()) == ()
    assert progress.last_answers(point(1, 30), points) == (1, 2)
    assert progress.last_answers(point(1, 30, sample_answers=(7, 2)), points) == (7, 2)


@pytest.mark.parametrize(
    ("because", "sentence"),
    [
        ("best val_accuracy: 0.9910", "the one with the best validation accuracy, 99.10\N{THIN SPACE}%."),
        ("best val_loss: 0.0312", "the one with the lowest validation loss, 0.0312."),
        ("last epoch", "the last one."),
        ("stopped here", "where it was stopped."),
        ("last epoch before the loss stopped being a number", "last epoch before the loss stopped being a number."),
    ],
)
def test_a_sentence_says_which_epoch_was_kept_and_why(because, sentence):
    assert (
        progress.kept_sentence(SCORES.model_copy(update={"kept_because": because})) == f"Kept: epoch 3 of 5, {sentence}"
    )


def test_the_score_comes_with_its_interval():
    said = progress.score_sentence(SCORES)
    assert "99.04\N{THIN SPACE}% of 10,000 test images" in said
    assert "98.83\N{THIN SPACE}% to 99.21\N{THIN SPACE}%" in said


def test_the_accuracy_on_drawn_digits_is_given_where_it_was_measured():
    drawn = SCORES.model_copy(update={"drawn_accuracy": 0.9812})
    assert progress.score_words(drawn) == "99.04\N{THIN SPACE}%, drawn 98.12\N{THIN SPACE}%"
    assert progress.score_words(SCORES) == "99.04\N{THIN SPACE}%"
    assert "98.12\N{THIN SPACE}% of drawn digits" in progress.score_sentence(drawn)
    assert "drawn" not in progress.score_sentence(SCORES)


@pytest.mark.parametrize(("digit", "words"), [(7, "a 7"), (8, "an 8"), (1, "a 1")])
def test_a_digit_has_its_article(digit, words):
    assert a_digit(digit) == words
    answers = [0.003] * 10
    answers[digit] = 0.971
    assert progress.watched_sentence(True, answers) == f"Reads your drawing as {words}, 97.1\N{THIN SPACE}%."
    watched = progress.watched_sentence(True, answers, is_own=False)
    assert watched == f"Reads its owner's drawing as {words}, 97.1\N{THIN SPACE}%."


def history(*losses, validation=True):
    return tuple(
        EpochResult(epoch, loss, 0.9, 0.001, *((checked, 0.9) if validation else (None, None)))
        for epoch, (loss, checked) in enumerate(losses, 1)
    )


@pytest.mark.parametrize(
    ("losses", "sentence"),
    [
        ([(0.5, 0.4), (0.3, 0.2)], "Both losses still fall: more epochs may help."),
        ([(0.5, 0.4), (0.5, 0.2)], "Validation loss still falls."),
        (
            [(0.5, 0.4), (0.3, 0.1), (0.2, 0.15), (0.1, 0.2)],
            "Validation loss was lowest at epoch 2 and has risen since, while training loss fell: overfitting.",
        ),
        (
            [(0.5, 0.1), (0.9, 0.9)],
            "Validation loss was lowest at epoch 1 and has risen since, and so has training loss.",
        ),
        (
            [(0.5, 0.4), (0.3, 0.1), (0.2, 0.1005), (0.1, 0.0995)],
            "Validation loss has been level since epoch 2: more epochs would hardly help.",
        ),
        ([(0.2, 0.1)], "Validation loss is 0.100 after one epoch; only a second one would show where the curves go."),
    ],
)
def test_a_sentence_interprets_the_learning_curves(losses, sentence):
    assert progress.curves_sentence(history(*losses)) == sentence


def test_without_validation_the_sentence_says_that_the_curves_cannot_tell():
    assert progress.curves_sentence(()) == ""
    said = progress.curves_sentence(history((0.5, 0), (0.25, 0), validation=False))
    assert said.startswith("Training loss went from 0.500 to 0.250; without validation")
    assert progress.curves_sentence(history((0.5, 0), validation=False)).startswith("One epoch; without validation")


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=12), st.booleans())
def test_any_curves_can_be_interpreted(losses, validation):
    said = progress.curves_sentence(history(*losses, validation=validation))
    assert said.endswith(".") == bool(losses)


def test_the_state_names_the_epoch_that_was_begun():
    first, second = (EpochResult(epoch, 0.1, 0.97, 0.001, 0.08, 0.98) for epoch in (1, 2))
    points = [BatchProgress(epoch, 430, 430, 0.1, 0.97, 0.001, 900.0, 4.0) for epoch in (1, 2)]
    assert progress.state_words("stopped", points, [first], 20) == "Stopped in epoch 2 of 20"
    assert progress.state_words("paused", points, [first, second], 20) == "Paused after epoch 2 of 20"
    assert progress.state_words("interrupted", [], [first], 20) == "Interrupted after epoch 1 of 20"
    assert progress.state_words("queued", [], [], 20) == "Queued"
    assert progress.state_words("finished", points, [first, second], 2) == "Finished"

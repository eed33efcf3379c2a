"""The progress and the result of a run, in numbers and words."""

from __future__ import annotations

from collections.abc import Sequence

from core.formatting import a_digit, certainty, percent
from core.insight.metrics import accuracy_interval
from core.networks.history import BatchProgress, EpochResult, share_done
from core.networks.model import Scores

DRAWN = "built-in ones in many styles, drawn with an even pen; it was not trained on these"
NEGLIGIBLE = 0.02  # a relative change of a loss that counts as none
ENDED_EARLY = "It ended within its first epoch."  # beside curves without a whole epoch
WAITS_TO_BE_MEASURED = "waits to be measured"  # a run that was stopped while it was paused
STEADY_SHARE = 0.01  # of the run, after which its overall pace is steadier than the last batches'


def seconds_left(progress: BatchProgress, points: Sequence[BatchProgress], epochs: int, batch_size: int) -> float:
    """Seconds that the remaining epochs will take at the pace so far; early stopping may end them sooner.

    The time before the first point does not count, as the network was built in it.
    """
    done = share_done(progress, epochs)
    if points and (ran := done - share_done(points[0], epochs)) > STEADY_SHARE:
        return max(0.0, (progress.seconds - points[0].seconds) / ran * (1 - done))
    images = (1 - done) * epochs * progress.steps * batch_size
    return images / max(progress.images_per_second, 1e-6)


def state_words(state: str, points: Sequence[BatchProgress], history: Sequence[EpochResult], epochs: int) -> str:
    """A run's state and epoch: "Stopped in epoch 3 of 20", "Paused after epoch 2 of 20", "Finished".

    Args:
        state: of the run, in one word.
        points: of its curve.
        history: of the finished epochs.
        epochs: of its recipe.
    """
    said, ended = state.capitalize(), len(history)
    if state == "finished":
        return said
    if points and points[-1].epoch > ended:
        return f"{said} in epoch {points[-1].epoch} of {epochs}"
    return f"{said} after epoch {ended} of {epochs}" if ended else said


def action_words(requested_action: str, has_begun: bool) -> tuple[str, str]:
    """What a run does after a request to stop or pause, and its current step: "stopping", "measuring what ..."."""
    doing = "stopping" if requested_action == "stop" else "pausing"
    if not has_begun:
        return doing, "before the first batch"
    return doing, "measuring what was learned" if requested_action == "stop" else "keeping where it is"


def last_validation_accuracy(points: Sequence[BatchProgress], history: Sequence[EpochResult]) -> float | None:
    """The latest validation accuracy. That of a whole epoch, on all images, replaces those from within the epoch."""
    within = [point for point in points if point.validation_accuracy is not None]
    ended = history[-1] if history else None
    if ended and (not within or within[-1].epoch <= ended.epoch):
        return ended.validation_accuracy
    return within[-1].validation_accuracy if within else None


def curves_sentence(history: Sequence[EpochResult]) -> str:
    """What the learning curves show: still learning, levelled off, or overfitting; "" before the first epoch is over.

    Example: "Validation loss was lowest at epoch 4 and has risen since, while training loss fell: overfitting."
    """
    if not history:
        return ""
    last, count = history[-1], len(history)
    checked = [(one.validation_loss, one.epoch, one.loss) for one in history if one.validation_loss is not None]
    if not checked:
        learned = f"Training loss went from {history[0].loss:#.3g} to {last.loss:#.3g}" if count > 1 else "One epoch"
        return f"{learned}; without validation the curves cannot tell learning from learning by heart."
    now = checked[-1][0]
    if len(checked) == 1:
        return f"Validation loss is {now:#.3g} after one epoch; only a second one would show where the curves go."
    lowest, epoch, loss_then = min(checked)
    if now > lowest * (1 + 2 * NEGLIGIBLE):
        why = ", while training loss fell: overfitting" if last.loss < loss_then else ", and so has training loss"
        return f"Validation loss was lowest at epoch {epoch} and has risen since{why}."
    before = min(loss for loss, _, _ in checked[:-1])
    if now < before * (1 - NEGLIGIBLE):
        is_falling = last.loss < history[-2].loss
        return "Both losses still fall: more epochs may help." if is_falling else "Validation loss still falls."
    level = next(number for loss, number, _ in checked if loss <= lowest * (1 + 2 * NEGLIGIBLE))
    return f"Validation loss has been level since epoch {level}: more epochs would hardly help."


def last_answers(live: BatchProgress | None, points: Sequence[BatchProgress]) -> tuple[int, ...]:
    """The latest predicted digits of the sample images; empty before the first validation."""
    newest_first = ([live] if live else []) + list(reversed(points))
    return next((point.sample_answers for point in newest_first if point.sample_answers), ())


def watched_sentence(is_drawn: bool, probabilities: Sequence[float], *, is_own: bool = True) -> str:
    """How the network in training reads its owner's drawing: "Reads your drawing as a 7, 97.1 %."."""
    whose = "your" if is_own else "its owner's"
    if not is_drawn:
        return f"What the network makes of {whose} own digit."
    if not probabilities:
        return f"{whose.capitalize()} drawing. Its answers will appear here."
    highest = max(probabilities)
    return f"Reads {whose} drawing as {a_digit(probabilities.index(highest))}, {certainty(highest)}."


def score_words(scores: Scores) -> str:
    """A model's accuracies, to follow its name: "99.62 %, drawn 98.90 %"."""
    words = percent(scores.test_accuracy)
    return words if scores.drawn_accuracy is None else f"{words}, drawn {percent(scores.drawn_accuracy)}"


def kept_sentence(scores: Scores) -> str:
    """Which epoch's weights were kept, and why: "Kept: epoch 3 of 5, the one with the best ..."."""
    why, _, value = scores.kept_because.partition(": ")
    if why == "best val_accuracy" and scores.validation_accuracy is not None:
        why = f"the one with the best validation accuracy, {percent(scores.validation_accuracy)}"
    elif why == "best val_loss":
        why = f"the one with the lowest validation loss, {value}"
    elif why in ("", "last epoch"):
        why = "the last one"
    elif why == "stopped here":
        why = "where it was stopped"
    return f"Kept: epoch {scores.kept_epoch} of {scores.epochs}, {why}."


def score_sentence(scores: Scores) -> str:
    """The test accuracy in percent with its interval, the accuracy on drawn digits, and which weights were kept."""
    low, high = accuracy_interval(scores.test_accuracy, scores.test_images)
    drawn = "" if scores.drawn_accuracy is None else f", and {percent(scores.drawn_accuracy)} of drawn digits"
    return (
        f"Reads {percent(scores.test_accuracy)} of {scores.test_images:,} test images "
        f"(95\N{THIN SPACE}% interval {percent(low)} to {percent(high)}){drawn}. {kept_sentence(scores)}"
    )

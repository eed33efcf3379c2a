"""Runs side by side: how they differ, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.digits.dataset import SOURCE_NAMES
from core.formatting import duration, percent
from core.networks.model import Scores

SAME_TIME = 1.15  # ratio below which times count as equal; other work on the machine changes them as much
_PARTS = ("", "", "half", "a third", "a quarter", "a fifth", "a sixth", "a seventh", "an eighth", "a ninth", "a tenth")


def comparison_sentence(named: Sequence[tuple[str, Scores]]) -> str:
    """Say how models differ: "Fast reads 0.12 points less than Script A, but took a tenth of the time (7 s, ...).".

    Args:
        named: each model's name and scores.

    Returns:
        The sentence; "" for fewer than two models.
    """
    if len(named) < 2:
        return ""
    if len({scores.data_source for _, scores in named}) > 1:
        measured = "; ".join(f"{name} on {SOURCE_NAMES[scores.data_source]}" for name, scores in named)
        return f"Their accuracies cannot be compared, because they were measured on different images: {measured}."
    ranked = sorted(named, key=lambda one: one[1].test_accuracy, reverse=True)
    return _pair(*ranked) if len(ranked) == 2 else _several(ranked)


def may_be_chance(first: Scores, second: Scores) -> bool:
    """Whether two accuracies are so close that other test images might have reversed their order.

    The two-sided test of two proportions at 5 %. Both were measured on the same images, which makes the test strict: a
    difference that passes is real.
    """
    variance = sum(one.test_accuracy * (1 - one.test_accuracy) / one.test_images for one in (first, second))
    return abs(first.test_accuracy - second.test_accuracy) < 1.96 * math.sqrt(variance)


def _pair(better: tuple[str, Scores], other: tuple[str, Scores]) -> str:
    (name_of_better, best), (name, scores) = better, other
    behind = _points(best.test_accuracy - scores.test_accuracy)
    is_faster = scores.seconds * SAME_TIME < best.seconds
    if not behind:
        sentence = f"{name} reads as many test images as {name_of_better}, and {_time(scores.seconds, best.seconds)}."
    else:
        link = "but" if is_faster else "and"
        sentence = f"{name} reads {behind} less than {name_of_better}, {link} {_time(scores.seconds, best.seconds)}."
        if may_be_chance(best, scores):
            sentence += f" On {scores.test_images:,} images such a small difference may be chance."
    if scores.drawn_accuracy is not None and best.drawn_accuracy is not None:
        ahead = scores.drawn_accuracy - best.drawn_accuracy
        if points := _points(abs(ahead)):
            sentence += f" Of drawn digits it reads {points} {'more' if ahead > 0 else 'less'}."
    return sentence


def _several(ranked: Sequence[tuple[str, Scores]]) -> str:
    (most, best), (least, last) = ranked[0], ranked[-1]
    by_time = sorted(ranked, key=lambda one: one[1].seconds)
    (quickest, quick), (slowest, slow) = by_time[0], by_time[-1]
    sentence = (
        f"{most} reads most, {percent(best.test_accuracy)} of the test images, and {least} least, "
        f"{percent(last.test_accuracy)}. {quickest} was quickest, {duration(quick.seconds)}; "
        f"{slowest} took longest, {duration(slow.seconds)}."
    )
    equal = [name for name, scores in ranked[1:] if may_be_chance(best, scores)]
    if equal:
        others = equal[0] if len(equal) == 1 else f"{len(equal)} of them"
        sentence += f" The lead over {others} may be chance."
    return sentence


def _points(difference: float) -> str:
    """A difference of accuracies in percentage points; "" if two decimals do not show it."""
    return f"{difference * 100:.2f} points" if difference >= 0.00005 else ""


def _time(seconds: float, other: float) -> str:
    times = f"({duration(seconds)}, {duration(other)})"
    ratio = max(seconds, 0.1) / max(other, 0.1)
    if 1 / SAME_TIME <= ratio <= SAME_TIME:
        return f"took about as long {times}"
    if ratio > 1:
        longer = f"{ratio:.1f}".removesuffix(".0") + " times as long"
        return f"took {'twice as long' if longer.startswith('2 ') else longer} {times}"
    part = round(1 / ratio)
    if part < 2:
        return f"took {percent(ratio, 0)} of the time {times}"
    return (
        f"took {_PARTS[part]} of the time {times}"
        if part < len(_PARTS)
        else f"took less than a tenth of the time {times}"
    )

"""What is answered to drawings that are no digit, and which digits are refused: `python -m tests.benchmarks.refusals`.

The drawings go as canvas JSON through the functions that the Draw page calls, with the shipped model. They come from
another generator than those the detector learned from, see `negatives.py`. The digits are MNIST's test images, and pen
digits where UNIPEN pen files are given; they are for measuring only, nothing is chosen by them.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.digits.preprocessing import BOARD_SIZE
from core.insight.prediction import Answer, answer_drawing, answer_image, digit_odds
from core.networks.model import pretrained
from tests.benchmarks import mnist_or_exit, negatives, report
from tests.benchmarks.pen_files import canvas_json, placed, read_pen_file

DRAWINGS = 1000  # of each kind
PEN_WIDTH = 18.0  # pixels
SEED = 4


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.refusals", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="UNIPEN pen files, plain or .gz")
    arguments = parser.parse_args()
    _, test = mnist_or_exit()
    pens = [digit for file in arguments.files for digit in read_pen_file(file)]
    model = pretrained()

    print(f"{model.recipe.name} is shown {len(test):,} digits of MNIST's test images and {len(pens):,} pen digits.")
    answers = {"mnist": [answer_image(model, image.astype(np.float32) / 255) for image in test.images]}
    if pens:
        centre = (BOARD_SIZE / 2, BOARD_SIZE / 2)
        drawn = [placed(digit.strokes, 0.6 * BOARD_SIZE, centre, 0) for digit in pens]
        answers["pens"] = [answer_drawing(model, canvas_json(strokes, PEN_WIDTH)) for strokes in drawn]
    by_source = {
        source: {"refused": _share(found, lambda a: a.digit is None), "not_sure": _share(found, _is_not_sure)}
        for source, found in answers.items()
    }
    digits = [answer for found in answers.values() for answer in found]

    lines = [list(digit.strokes) for digit in pens] or [negatives.digit_lines(image) for image in test.images[:1000]]
    kinds: dict[str, Callable[[np.random.Generator], negatives.Strokes]] = {
        "blank": negatives.blank,
        "dot": negatives.dot,
        "filled": negatives.filled,
        "scribble": negatives.scribble,
        "shape": negatives.shape,
        "two digits": lambda rng: negatives.two_digits(rng, lines),
        "letter": negatives.letter,
    }
    refused = {}
    for kind, draw in kinds.items():
        rng = np.random.default_rng([SEED, len(kind)])
        refused[kind] = [answer_drawing(model, canvas_json(draw(rng), PEN_WIDTH)) for _ in range(DRAWINGS)]
        print(f"{kind}: {_share(refused[kind], lambda a: a.is_sure):.3f} get a sure answer", flush=True)

    by_category = {kind: _share(found, lambda a: a.is_sure) for kind, found in refused.items()}
    others = [answer for found in refused.values() for answer in found]
    report(
        false_sure=max(by_category.values()),
        by_category=by_category,
        digits_refused=_share(digits, lambda a: a.digit is None),
        digits_not_sure=_share(digits, _is_not_sure),
        by_source=by_source,
        auroc=_auroc(_odds(digits), _odds(others)),
        drawings_of_each_kind=DRAWINGS,
    )


def _is_not_sure(answer: Answer) -> bool:
    return answer.digit is not None and not answer.is_sure


def _share(answers: Sequence[Answer], holds: Callable[[Answer], bool]) -> float:
    return sum(map(holds, answers)) / len(answers)


def _odds(answers: Sequence[Answer]) -> np.ndarray:
    """The detector's log odds of each drawing; what could not even be framed is no digit for certain."""
    return np.array([-np.inf if answer.image is None else digit_odds(answer.image)[0] for answer in answers])


def _auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """How often a digit scores above what is none; ties count half."""
    ordered = np.sort(negative)
    below, up_to = np.searchsorted(ordered, positive, "left"), np.searchsorted(ordered, positive, "right")
    return float(np.mean(below + up_to) / 2 / len(negative))


if __name__ == "__main__":
    main()

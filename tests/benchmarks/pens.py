"""Real pen strokes through the functions the Draw page calls: `python -m tests.benchmarks.pens FILE...`.

Each digit is put on the board in 19 ways, which differ in one thing from the base (pen of 18 pixels, 0.6 of the board,
centred, upright), and sent as the canvas sends it. The pen files are for measuring only: nothing is chosen by them.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from core.digits.preprocessing import BOARD_SIZE
from core.insight.metrics import expected_calibration_error
from core.insight.prediction import answer_drawing
from core.networks.model import PRETRAINED, load_model
from tests.benchmarks import report
from tests.benchmarks.pen_files import PenDigit, canvas_json, placed, read_pen_file
from tests.drawings import naive_resize

AT_A_TIME = 250  # digits that a process takes on
ERRORS_SHOWN = 200


@dataclass(frozen=True)
class Cell:
    """One way to put a digit on the board.

    Attributes:
        width: of the pen, in canvas pixels.
        size: the digit's longer side, in sides of the board.
        place: of its middle, in sides of the board from the board's.
        tilt: clockwise, in degrees.
    """

    width: float = 18
    size: float = 0.6
    place: tuple[float, float] = (0, 0)
    tilt: float = 0

    def drawn(self, digit: PenDigit) -> list[np.ndarray]:
        """The digit's strokes in canvas pixels."""
        x, y = self.place
        centre = ((0.5 + x) * BOARD_SIZE, (0.5 + y) * BOARD_SIZE)
        return placed(digit.strokes, self.size * BOARD_SIZE, centre, self.tilt)


BASE = Cell()
AWAY = 0.26  # from the middle: the pen of a digit that fills 0.4 stays on the board, just
CELLS = {
    "base": BASE,
    **{f"width {width}": Cell(width=width) for width in (4, 8, 30, 40)},
    **{f"size {size}": Cell(size=size) for size in (0.15, 0.3, 0.85, 0.95)},
    **{
        f"place {x:+} {y:+}": Cell(size=0.4, place=(x * AWAY, y * AWAY))
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
        if (x, y) != (0, 0)
    },
    **{f"tilt {tilt:+}": Cell(tilt=tilt) for tilt in (-15, 15)},
}


@dataclass(frozen=True)
class Reading:
    """What was answered to a drawing: the digit, or None where the answer was declined."""

    digit: int | None
    is_sure: bool
    probabilities: np.ndarray | None


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pens", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="UNIPEN pen files, plain or .gz")
    parser.add_argument(
        "--model", type=Path, default=PRETRAINED, help="a .safetensors model instead of the shipped one"
    )
    parser.add_argument("--quick", action="store_true", help="the base cell only")
    parser.add_argument("--errors", action="store_true", help=f"list up to {ERRORS_SHOWN} digits that were misread")
    arguments = parser.parse_args()
    digits = [digit for file in arguments.files for digit in read_pen_file(file)]
    if not digits:
        print("There is no digit in these files.", file=sys.stderr)
        sys.exit(2)
    labels = np.array([digit.label for digit in digits])
    model = load_model(arguments.model)
    cells = {"base": BASE} if arguments.quick else CELLS
    print(f"{model.recipe.name} reads {len(digits):,} digits in {len(cells)} cells.", flush=True)
    shares = {}
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for name, cell in cells.items():
            readings = _spread(processes, partial(_readings, arguments.model, cell), digits)
            is_right = np.array([reading.digit == label for reading, label in zip(readings, labels, strict=True)])
            if cell == BASE:
                base, right = readings, is_right
            shares[name] = float(is_right.mean())
            print(f"{name}: {shares[name]:.4f}", flush=True)
        naive = np.array(_spread(processes, _naively_resized, digits))
    answered = np.array([reading.digit is not None for reading in base])
    if arguments.errors:
        for place in np.flatnonzero(~right)[:ERRORS_SHOWN]:
            print(f"{labels[place]} read as {base[place].digit} ({digits[place].comment})")
    report(
        digits=len(digits),
        accuracy=shares["base"],
        accuracy_when_answered=float(right[answered].mean()) if answered.any() else 0.0,
        declined=float(1 - answered.mean()),
        not_sure=float(np.mean([reading.digit is not None and not reading.is_sure for reading in base])),
        worst_cell_accuracy=min(shares.values()),
        naive_resize_accuracy=float(np.mean(model.probabilities(naive).argmax(axis=1) == labels)),
        ece=expected_calibration_error(
            np.array([reading.probabilities for reading in base if reading.digit is not None]), labels[answered]
        ),
        cells=shares,
    )


def _spread(processes: ProcessPoolExecutor, work: Callable, digits: Sequence[PenDigit]) -> list:
    """What `work` makes of all digits, a portion of them at a time."""
    portions = [digits[start : start + AT_A_TIME] for start in range(0, len(digits), AT_A_TIME)]
    return [result for results in processes.map(work, portions) for result in results]


_model = cache(load_model)  # in each process


def _readings(path: Path, cell: Cell, digits: Sequence[PenDigit]) -> list[Reading]:
    answers = [answer_drawing(_model(path), canvas_json(cell.drawn(digit), cell.width)) for digit in digits]
    return [Reading(answer.digit, answer.is_sure, answer.probabilities) for answer in answers]


def _naively_resized(digits: Sequence[PenDigit]) -> list[np.ndarray]:
    """What simple apps feed their networks: the board's pixels, averaged to 28x28."""
    return [naive_resize(BASE.drawn(digit), BASE.width) for digit in digits]


if __name__ == "__main__":
    main()

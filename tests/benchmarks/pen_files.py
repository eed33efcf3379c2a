"""UNIPEN pen files: digits as the strokes in which a pen on a tablet wrote them, and as a canvas would send them.

Source of the format: Guyon et al., "UNIPEN project of on-line data exchange and recognizer benchmarks" (1994).
"""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.drawings import canvas

DECIMATION = 0.4  # canvas pixels; Fabric leaves out points that are nearer to the one before


@dataclass(frozen=True)
class PenDigit:
    """One written digit.

    Attributes:
        label: what the writer was asked for, 0-9.
        strokes: (n, 2) float64 x and y of each, y down, in the tablet's units.
        comment: what the file says about it; UCI's names the digit, the writer and the box on the sheet.
    """

    label: int
    strokes: tuple[np.ndarray, ...]
    comment: str = ""


def read_pen_file(path: Path) -> list[PenDigit]:
    """Read the digits of a file, plain or gzipped; segments that are no digit or hold no stroke are left out."""
    opener = gzip.open if path.suffix == ".gz" else open
    digits: list[PenDigit] = []
    label, comment = "", ""
    strokes: list[list[list[float]]] = []
    is_down = False

    def end_segment() -> None:
        lines = tuple(np.array(stroke) * (1.0, -1.0) for stroke in strokes if stroke)
        if lines and label in set("0123456789"):
            digits.append(PenDigit(int(label), lines, comment))

    with opener(path, "rt", encoding="ascii", errors="replace") as file:
        for line in file:
            words = line.split()
            match words:
                case [".SEGMENT", *_, quoted]:
                    end_segment()
                    label, comment, strokes, is_down = quoted.strip('"'), "", [], False
                case [".COMMENT", *rest]:
                    comment = " ".join(rest)
                case [".PEN_DOWN", *_]:
                    strokes.append([])
                    is_down = True
                case [".PEN_UP", *_]:
                    is_down = False
                case [x, y, *_] if is_down and not x.startswith("."):
                    strokes[-1].append([float(x), float(y)])
    end_segment()
    return digits


def placed(strokes: Sequence[np.ndarray], size: float, centre: tuple[float, float], tilt: float) -> list[np.ndarray]:
    """Strokes with their longer side so many pixels long, then turned clockwise by degrees, about a centre."""
    low, high = np.min([s.min(axis=0) for s in strokes], axis=0), np.max([s.max(axis=0) for s in strokes], axis=0)
    scale = size / max((high - low).max(), 1e-9)
    cosine, sine = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return [(stroke - (low + high) / 2) * scale @ turn + centre for stroke in strokes]


def canvas_json(strokes: Sequence[np.ndarray], pen_width: float) -> dict[str, object]:
    """What the board sends for strokes in canvas pixels: a path each, as Fabric's PencilBrush writes it."""
    return canvas([_decimated(stroke) for stroke in strokes], strokeWidth=pen_width)


def _decimated(stroke: np.ndarray) -> np.ndarray:
    if len(stroke) == 1:  # Fabric makes a dot a very short line
        return stroke + np.array([[-0.018, 0], [0.018, 0]])
    kept = [stroke[0]]
    for point in stroke[1:-1]:
        if ((point - kept[-1]) ** 2).sum() >= DECIMATION**2:
            kept.append(point)
    return np.array([*kept, stroke[-1]])

"""Benchmarks: `python -m tests.benchmarks.NAME`. Each prints what it does and, as its last line, one JSON object."""

import json
import sys

from core.digits.dataset import Digits, load_mnist
from core.digits.mnist import NoMnist


def mnist_or_exit() -> tuple[Digits, Digits]:
    """MNIST's training and test digits; without them the benchmark ends with exit code 2 and a sentence."""
    try:
        return load_mnist()
    except NoMnist as problem:
        print(f"{problem} Name a copy in INKLING_MNIST.", file=sys.stderr)
        sys.exit(2)


def report(**figures: object) -> None:
    """Print the figures as the benchmark's last line; groups are dictionaries, what was not measured is None."""
    print(json.dumps(_rounded(figures)))


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 6) if isinstance(value, float) else value

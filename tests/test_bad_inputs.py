"""What may go wrong, and what people are owed then: each row is held by a test that names it, `bad_input(row)`."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROWS = {
    1: "a blank canvas: no answer, but what to do",
    2: "a dot or a few pixels: too little ink",
    3: "a filled canvas: too much ink",
    4: "a digit at the edge, tiny, huge, off centre: read as in the middle",
    5: "two digits: noticed, and declined",
    6: "a scribble, a letter, a shape: not sure, with the two likeliest digits",
    7: "undo to empty, clear: the bars empty too",
    8: "a drawing of 100,000 points, megabytes of state: refused by its size",
    9: "a drawing of wrong types, unknown objects, NaN: blank, or what is bad is skipped",
    10: "a picture that is none, whatever its name: PNG or JPEG please",
    11: "a picture of few bytes and very many pixels: refused from its header",
    12: "16 bits, palette, alpha, CMYK, turned, light on dark: read as the same digit",
    13: "a senseless number in a recipe: refused with its range, and nothing starts",
    14: "a batch larger than the data: cut to it, and said",
    15: "a network that cannot be: refused before it is built, with the layer's name",
    16: "a loss that is no number: the last good epoch is kept, the cause explained",
    17: "a recipe file that is large, deep, of unknown keys or newer: refused with the reason",
    18: "a link to no run, to somebody else's: a way home; watched, and not touched",
    19: "a run's name of whatever letters: a label, never a path, a template or markup",
    20: "a model file that is none, forged or damaged: refused with the reason, at once, before memory grows",
    21: "no internet, no MNIST or a damaged one, a proxy that hangs: built-in handwriting, and said",
    22: "two processes that download at once: one whole file",
    23: "a disk that is full or read-only: the run goes on, what was there stays, said",
    24: "a damaged database: set aside, a new one made, said",
    25: "a worker that is killed or hangs: the run goes on from its last epoch, once, and then says so",
    26: "a web server that ends in mid-run: the run is found again, or can be resumed",
    27: "reload, second tab, closed tab, lost connection: the same run, found by its link",
    28: "double click, two tabs, fifty clicks: one run",
    29: "thirty people press Train: a fair queue with place and expected wait, and a way out of it",
    30: "Stop at any moment: heard within a second or two, what was learned is kept",
    31: "a run that is deleted while it trains or is shown: it stops, and the page says that it is gone",
    32: "a slow or dead client: nobody else feels it",
    33: "a clock that is set back: durations stay positive",
    34: "a page opened by its link on a cold server: the same as from the menu",
    35: "a phone of 320 pixels: draws, does not scroll, bars in sight",
    36: "an engine that died, hangs or is of another version, whatever file it left: new runs train, old ones go on",
    37: "two versions on one database: what the other has written is passed over, never failed, never erased",
    38: "a laptop that sleeps while a run trains: it goes on where it was",
    39: "another user of the machine: cannot read the home, nor reach the engine",
    40: "a TensorFlow that cannot be imported or ends the process: named with its reason, and not tried for ever",
    41: "a temporary folder that is full or read-only: the model is kept, and what could not be made is said",
    42: "a workspace that hoards runs: it gives way first, and is told before it trains again",
}


@cache
def held() -> dict[int, list[str]]:
    """For each row the tests that are marked with it."""
    found: dict[int, list[str]] = {}
    for path in sorted(Path(__file__).parent.rglob("test_*.py")):
        for test in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test_"):
                continue
            for mark in test.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.bad_input":
                    for row in mark.args:
                        found.setdefault(ast.literal_eval(row), []).append(test.name)
    return found


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_held_by_a_test(row):
    assert held().get(row), f"no test holds row {row}: {ROWS[row]}"


def test_no_test_names_a_row_that_there_is_not():
    assert set(held()) <= set(ROWS)

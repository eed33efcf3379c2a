import csv
import io
import json
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from core.networks.history import BatchProgress, EpochResult
from core.reports.charts import MAX_ROWS
from core.reports.curves import (
    MOST,
    SHAPES,
    Curve,
    curves_figure,
    history_csv,
    overlaid_curves,
    overlaid_rows,
    overlay_sentence,
)

COLORS = [f"#{digit}00000" for digit in range(MOST)]


def curve(name, epochs=2, seconds=1.0, validation=True, steps=100):
    points = tuple(
        BatchProgress(epoch, step, steps, 0.5 / epoch, 0.9, 0.001, 5000.0, ((epoch - 1) * steps + step) * seconds)
        for epoch in range(1, epochs + 1)
        for step in range(1, steps + 1)
    )
    checked = (0.1, 0.98) if validation else (None, None)
    history = tuple(EpochResult(epoch, 0.2, 0.95, 0.001, *checked) for epoch in range(1, epochs + 1))
    return Curve(name, points, history, epochs * steps * seconds)


@pytest.mark.parametrize("count", range(1, MOST + 1))
def test_a_chart_of_many_runs_has_few_rows_and_keeps_the_end_of_each_run(count):
    curves = [curve(f"Run {index}", epochs=index + 1) for index in range(count)]
    rows = overlaid_rows(curves)
    assert len(rows) <= MAX_ROWS
    for index, one in enumerate(curves):
        mine = [row for row in rows if row["run"] == one.name]
        assert max(row["epoch"] for row in mine) == index + 1
        assert any(row["marked"] for row in mine)


def test_an_epoch_is_placed_at_the_second_at_which_it_ended():
    rows = [row for row in overlaid_rows([curve("A", seconds=0.5)]) if row["series"] == "validation"]
    assert [(row["epoch"], row["seconds"]) for row in rows] == [(1, 50), (2, 100)]
    without_points = [Curve("A", (), curve("A").history, 80.0)]
    assert [row["seconds"] for row in overlaid_rows(without_points)] == [40, 80]


@pytest.mark.parametrize("axis", ["epoch", "seconds"])
@pytest.mark.parametrize("value", ["accuracy", "loss"])
def test_runs_are_told_apart_by_symbol_as_well_as_by_colour_and_validation_is_dashed(value, axis):
    spec = overlaid_curves([curve("A"), curve("B", 4)], value, axis, COLORS)
    assert json.loads(json.dumps(spec)) == spec
    line, symbols = (layer["encoding"] for layer in spec["layer"])
    assert symbols["shape"]["scale"] == {"domain": ["A", "B"], "range": list(SHAPES[:2])}
    assert spec["encoding"]["color"]["scale"] == {"domain": ["A", "B"], "range": COLORS[:2]}
    assert line["strokeDash"]["scale"]["range"][0] != line["strokeDash"]["scale"]["range"][1]
    assert spec["encoding"]["x"]["scale"]["domain"] == [0, 4 if axis == "epoch" else 400]
    assert len(set(SHAPES)) == MOST


def test_the_sentence_says_where_the_curves_end():
    sentence = overlay_sentence([curve("A"), curve("B", validation=False), Curve("C", (), ())])
    assert "98.00\N{THIN SPACE}% (A)" in sentence
    assert "of its training images (B)" in sentence
    assert "(C)" not in sentence
    assert "None" in overlay_sentence([Curve("C", (), ())])


def test_curves_can_be_downloaded_as_png_and_svg_without_pyplot(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    curves = [curve("A <b> & $x$"), curve("_B", validation=False), Curve("C", (), ())]
    picture = np.asarray(Image.open(io.BytesIO(curves_figure(curves, "png"))).convert("RGB"))
    assert picture.shape[1] > picture.shape[0] > 400
    assert (picture < 100).any()
    svg = curves_figure(curves, "svg")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert svg.count(b"<!-- A &lt;b&gt; &amp; $x$, training -->") == 2  # the legends of both panels
    assert svg.count(b"<!-- _B, training -->") == 2
    assert b"<!-- C," not in svg
    assert curves_figure([Curve("Empty", (), ())], "svg")
    assert "matplotlib.pyplot" not in sys.modules


def test_a_history_is_a_table_with_each_epoch_after_its_points():
    one = curve("A", steps=2)
    lines = list(csv.DictReader(io.StringIO(history_csv(one.points, one.history))))
    assert [line["line"] for line in lines] == ["within an epoch", "within an epoch", "epoch"] * 2
    assert float(lines[5]["validation_accuracy"]) == 0.98
    assert lines[0]["validation_accuracy"] == ""
    assert history_csv((), ()).count("\n") == 1

import json

import numpy as np
import pytest

from core.lessons import lesson_charts as charts
from core.lessons.descent import OVERFIT_STEPS, batch_gradients, overfit
from core.lessons.trade_offs import CHANGES, LAYERS, SETTINGS, change_sentence
from core.reports.charts import MAX_ROWS

SPECS = {
    "lines": charts.lines(("step", 0, 100), ("loss", 0.1, 10), ("a", "b", "c")),
    "curve": charts.curve_with_point(("in", 0, 1), ("out", 0, 5)),
    "bars": charts.probability_bars(),
    "walks": charts.valley_walks(),
    "cloud": charts.gradient_cloud(),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_spec_is_plain_json_and_holds_no_data(spec):
    assert json.loads(json.dumps(spec)) == spec
    assert "data" not in spec


@pytest.mark.parametrize("name", ["lines", "walks"])
def test_curves_are_told_apart_without_colour(name):
    dashes = [
        part["encoding"]["strokeDash"]["scale"]["range"]
        for part in [SPECS[name], *SPECS[name].get("layer", [])]
        if "strokeDash" in part.get("encoding", {})
    ]
    assert len({tuple(dash) for dash in dashes[0]}) == 3


def test_paths_that_leave_the_chart_end_there_and_the_rows_stay_few():
    paths = charts.walks(0.25, 0.95)
    rows = charts.walk_rows(paths)
    assert len(rows) < 2 * MAX_ROWS
    assert max(abs(row["y"]) for row in rows) <= 50
    assert "SGD has flown out of it" in charts.walk_sentence(paths)


def test_the_sentence_about_the_walks_names_the_lowest_optimiser():
    paths = {
        "SGD": np.array([[-4, 1.2], [0, 1]]),
        "momentum": np.array([[-4, 1.2], [0, 0.1]]),
        "Adam": np.array([[-4, 1.2], [1, 1]]),
    }
    assert charts.walk_sentence(paths).endswith("momentum is nearest to the lowest point.")
    on_the_floor = np.array([[-4, 1.2], [0, 0]])
    sentence = charts.walk_sentence(paths | {"SGD": on_the_floor, "momentum": on_the_floor})
    assert "SGD is below height 0.001, momentum is below height 0.001" in sentence
    assert "nearest" not in sentence


def test_a_loss_of_zero_is_raised_onto_the_logarithmic_axis():
    rows = charts.line_rows(np.arange(2), {"a": np.array([0.0, 2.0])}, least=0.1)
    assert [row["y"] for row in rows] == [0.1, 2.0]


def test_the_gradients_are_a_dot_for_each_batch_and_a_cross_for_all_images():
    rows = charts.gradient_rows(batch_gradients(32, 10))
    assert [row["series"] for row in rows] == ["a batch"] * 10 + ["all images"]


def test_the_sentence_about_overfitting_follows_the_curves():
    result = overfit(50, 32)
    assert f"lowest after step {result.best}" in charts.overfitting_sentence(result)
    assert charts.overfitting_sentence(result).endswith("overfits.")
    level = np.linspace(2, 1, OVERFIT_STEPS)
    calm = type(result)(np.arange(OVERFIT_STEPS), level, level, OVERFIT_STEPS - 1)
    assert charts.overfitting_sentence(calm).endswith("hardly any overfitting.")


def test_every_trade_off_names_what_rises_and_falls_and_every_change_is_counted():
    assert all(all(row) for row in (*LAYERS, *SETTINGS))
    assert "60,554" in change_sentence("a third pooling")
    assert all("93,322" in change_sentence(change) for change in CHANGES)

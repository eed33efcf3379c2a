import numpy as np
import pytest

from core.digits.dataset import Digits
from core.digits.mnist import NoMnist
from core.insight import metrics
from core.insight import stored_predictions as predictions_module
from core.networks.layers import Dense, Flatten
from core.networks.model import pretrained
from core.networks.network import Network
from core.networks.presets import FAST
from core.reports.progress import score_words
from core.store.runs import run_store
from pages.components.base.errors import plain
from pages.components.evaluate import data_browser, model_and_answers
from tests.pages.harness import all_data_of, buttons, data_of, downloads, opened, set_state, table_of, texts
from tests.ready_runs import OWNER, finished_run

PERCENT = "\N{THIN SPACE}%"
SMALL = FAST.model_copy(update={"network": Network(layers=(Flatten(), Dense(units=10, activation="softmax")))})


@pytest.fixture(autouse=True)
def digits(monkeypatch):
    """Ten thousand images of dust stand in for test digits of either source."""
    random = np.random.default_rng(0)
    dust = Digits(random.integers(0, 256, (10_000, 28, 28), np.uint8), (np.arange(10_000) % 10).astype(np.uint8))
    for module in (model_and_answers, data_browser, predictions_module):
        monkeypatch.setattr(module, "unseen_digits", lambda source: dust)
    monkeypatch.setattr(data_browser, "training_sample", lambda source: dust[:1000])
    monkeypatch.setattr(data_browser, "drawn_digits", lambda: dust[:500])
    data_browser._training_sample.clear()
    model_and_answers._stored_probabilities.clear()
    return dust


def probabilities(digits, wrong):
    """Right answers, 90 % sure, but for `wrong`: the answer and its probability by the image's place."""
    rows = np.full((len(digits), 10), 0.1 / 9, np.float32)
    rows[np.arange(len(digits)), digits.labels] = 0.9
    for place, (answer, sure) in wrong.items():
        rows[place] = (1 - sure) / 9
        rows[place, answer] = sure
    return rows


# Nine as four three times, three as five once. The digit of a place is its last figure.
WRONG = {9: (4, 0.7), 19: (4, 0.99), 29: (4, 0.5), 33: (5, 0.8)}


def evaluate_page(run_id=None, **state):
    return opened("evaluate", state=state, run=run_id)


def mine(digits, wrong=WRONG, **options):
    options.setdefault("recipe", SMALL)
    return finished_run("Mine", probabilities=probabilities(digits, wrong), drawn_accuracy=0.9876, **options)


def figures(app):
    """Value by label."""
    return {metric.label: metric.value for metric in app.metric}


def sent(app, component, key=""):
    return all_data_of(app, component, key)[-1]


def test_a_run_is_evaluated_from_the_answers_that_were_stored_with_it(digits, monkeypatch):
    monkeypatch.setattr(model_and_answers, "prediction_task", None)  # nothing is worked out
    app = evaluate_page(mine(digits))
    assert not app.error
    assert list(figures(app).values()) == [f"99.96{PERCENT}", f"98.76{PERCENT}"]
    said = texts(app)
    assert "It reads 9,996 of 10,000 test images right" in said
    assert "built-in ones in many styles" in said
    assert "It takes 9 for 4 most often: 3 times, of 4 mistakes in all." in said
    assert "9 is the digit that it misses most: it finds 99.70" in said
    error = metrics.expected_calibration_error(probabilities(digits, WRONG), digits.labels)
    assert f"(expected calibration error {error:.4f})" in said
    assert "Its temperature is 1:" in said
    assert "The surest: a 9, read as 4." in said
    assert sent(app, "confusion_matrix")["counts"][9][4] == 3
    assert sent(app, "thumbnails", "mistakes")["words"][0] == f"9 \N{RIGHTWARDS ARROW} 4, 99.0{PERCENT}"


def choose_cell(app, run_id, cell):
    """What the browser sends when a cell is clicked."""
    return set_state(app, **{f"confusion_{run_store().model(run_id).fingerprint[:12]}": {"cell": cell}})


def test_the_commonest_mistake_is_shown_first_and_any_other_cell_when_it_is_chosen(digits):
    run_id = mine(digits)
    app = evaluate_page(run_id)
    assert "**A 9 read as 4: 3 times**" in texts(app)
    assert sent(app, "thumbnails", "cell")["words"] == [f"{sure}{PERCENT}" for sure in ("99.0", "70.0", "50.0")]
    for cell, heading in (([3, 5], "A 3 read as 5: once"), ([8, 8], "An 8 read right: 1,000 times"), ([0, 1], "never")):
        choose_cell(app, run_id, cell)
        assert not app.error
        assert heading in texts(app)
        assert sent(app, "confusion_matrix")["selected"] == cell
    for cell in (None, "x", [1], [10, 0], [-1, 2], [True, 2], [[0], [1]], {"a": 1}):  # a browser may send anything
        choose_cell(app, run_id, cell)
        assert not app.error
        assert sent(app, "confusion_matrix")["selected"] == [9, 4]


def test_more_mistakes_are_shown_on_request(digits):
    app = evaluate_page(mine(digits, {place: ((place + 1) % 10, 0.6) for place in range(40)}))
    assert len(sent(app, "thumbnails", "mistakes")["words"]) == 24
    app.button(key="mistakes_more").click().run()
    assert len(sent(app, "thumbnails", "mistakes")["words"]) == 40
    assert "mistakes_more" not in buttons(app)


def test_a_model_without_mistakes_is_described(digits):
    app = evaluate_page(mine(digits, {}))
    assert not app.error
    assert "It makes no mistake in 10,000 images." in texts(app)
    assert "None of 10,000 images is read wrong." in texts(app)


def test_a_model_that_always_gives_one_answer_has_scores(digits):
    app = evaluate_page(finished_run("Stuck", SMALL))
    assert not app.error
    assert "It never answers 1 or 2 or 3" in texts(app)
    scores, bold = table_of(app, "digit_scores"), data_of(app, "table")["bold"]
    assert scores["0"] == [f"10.00{PERCENT}", f"100.00{PERCENT}", f"18.18{PERCENT}", "1,000"]
    assert scores["1"] == ["\N{EN DASH}", f"0.00{PERCENT}", f"0.00{PERCENT}", "1,000"]
    assert bold[:2] == [[False, True, False, False, False], [False, False, True, True, False]]  # the lowest


def test_a_run_on_built_in_handwriting_is_evaluated_on_it_and_its_name_is_no_markup_or_path(digits):
    right = probabilities(digits, {})
    app = evaluate_page(finished_run("../../x $a$", probabilities=right, data_source="handwriting"))
    assert not app.error
    assert "Test accuracy, built-in handwriting" in figures(app)
    assert downloads(app) == ["The confusion matrix as a picture (PNG)", "The confusion matrix as a picture (SVG)"]


def test_the_shipped_model_is_named_where_there_is_no_other_to_choose(digits):
    app = evaluate_page()
    assert plain(f"Pretrained, {score_words(pretrained().scores)}") in texts(app).splitlines()
    assert app.button(key="train_own").label == "Train a network of your own"


def test_without_a_link_it_is_the_model_that_answers_on_draw_and_without_a_choice_the_shipped_one(digits, monkeypatch):
    run_id = mine(digits)
    assert evaluate_page(answering_run=run_id).selectbox(key="evaluated_model").value == run_id
    shipped = probabilities(digits, {})
    monkeypatch.setattr(
        model_and_answers, "saved_predictions", lambda model, source: shipped if model is pretrained() else None
    )
    app = evaluate_page()
    assert app.selectbox(key="evaluated_model").value == "pretrained"
    assert "Test accuracy, MNIST" in figures(app)
    app = evaluate_page(answering_run=run_id)
    app.selectbox(key="evaluated_model").select("pretrained").run()
    assert app.query_params["run"] == "pretrained"
    assert figures(app)["Test accuracy, MNIST"] == f"100.00{PERCENT}"


def test_a_model_from_a_file_is_read_in_the_background_with_a_line_about_it(digits, monkeypatch):
    class Work:
        count, probabilities, problem = 3200, None, ""

    work = Work()
    monkeypatch.setattr(model_and_answers, "saved_predictions", lambda model, source: None)
    monkeypatch.setattr(model_and_answers, "prediction_task", lambda model, source, run: work)
    model = run_store().model(mine(digits))
    app = evaluate_page(opened_model=model, opened_name="![Theirs]")
    assert not app.error
    assert app.selectbox(key="evaluated_model").value == "opened"
    assert app.get("progress")[0].proto.text == "Reading the test digits: 3,200 of 10,000"
    assert not figures(app)
    work.problem = "It could not be done."
    assert [error.value for error in app.run().error] == ["It could not be done."]
    work.probabilities = probabilities(digits, WRONG)
    app.run()
    assert figures(app)["Test accuracy, MNIST"] == f"99.96{PERCENT}"


def test_without_mnist_the_shipped_model_is_measured_on_built_in_handwriting_and_that_is_said(digits, monkeypatch):
    def no_mnist(source):
        if source == "mnist":
            raise NoMnist("MNIST is not on this machine yet.")
        return digits

    monkeypatch.setattr(model_and_answers, "unseen_digits", no_mnist)
    asked = []
    answers = probabilities(digits, {})
    monkeypatch.setattr(model_and_answers, "saved_predictions", lambda model, source: asked.append(source) or answers)
    app = evaluate_page()
    assert not app.error
    assert asked == ["handwriting"]
    assert "Test accuracy, built-in handwriting" in figures(app)
    assert "MNIST is not on this machine" in app.warning[0].value


def test_a_change_is_measured_when_it_is_chosen_and_not_before(digits, monkeypatch):
    measured = []
    from core.insight import robustness

    monkeypatch.setattr(
        robustness,
        "accuracy_at",
        lambda model, digits, change, amount: measured.append(amount) or 1 - abs(amount) / 100,
    )
    app = evaluate_page(mine(digits))
    assert measured == []
    app.segmented_control(key="change").set_value("Rotation").run()
    assert not app.error
    assert measured == list(robustness.CHANGES["Rotation"].amounts)
    assert f"At 30 degrees right it reads 70.00{PERCENT} of the digits, unchanged 100.00{PERCENT}" in texts(app)
    assert len(sent(app, "thumbnails", "changed")["words"]) == 10
    app.select_slider(key="amount_Rotation").set_value(-45).run()
    assert f"At 45 degrees left it reads 55.00{PERCENT}" in texts(app)
    assert len(measured) == len(robustness.CHANGES["Rotation"].amounts)  # nothing is measured twice


def test_the_data_can_be_looked_through_by_digit_and_split(digits):
    app = evaluate_page(mine(digits))
    assert "1,000 of them are 0s, and these are 1 to 60" in texts(app)
    app.pagination(key="evaluate_data_page").set_value(2).run()
    assert "and these are 61 to 120" in texts(app)
    app.segmented_control(key="evaluate_data_digit").set_value(7).run()
    assert "are 7s, and these are 1 to 60" in texts(app)
    assert set(sent(app, "thumbnails", "data")["words"]) == {"7"}
    app.segmented_control(key="evaluate_data_split").set_value("Drawn").run()
    assert "The 500 drawn digits" in texts(app)
    assert "50 of them are 7s, and these are 1 to 50" in texts(app)
    app.segmented_control(key="evaluate_data_split").set_value("Training").run()
    assert "The first 1,000 training images of MNIST" in texts(app)
    assert not app.error


def test_a_run_that_still_goes_on_has_nothing_to_evaluate_yet(digits):
    app = evaluate_page(run_store().submit(OWNER, SMALL, "![x](y)"))
    assert not app.error
    assert "is not finished yet" in app.info[0].value
    app.button(key="evaluate_pretrained").click()
    assert not figures(app)

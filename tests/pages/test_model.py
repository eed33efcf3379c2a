import numpy as np
import pytest

from core.digits.dataset import Digits
from core.formatting import duration, percent
from core.insight.metrics import accuracy_interval
from core.networks.model import pretrained
from core.networks.presets import PRESETS
from core.reports.progress import score_words
from core.store.runs import run_store
from core.training.fine_tuning import FineTuning, fine_tuning_recipe
from pages.components.base.errors import plain
from tests.pages.harness import answered_by, data_of, downloads, followed, opened, texts
from tests.ready_runs import OWNER, finished_run
from tests.samples import many_snapshots


def facts(app):
    return {metric.label: metric.value for metric in app.metric}


def network(app):
    return data_of(app, "network_view")


def model_page(run_id=None):
    return opened("model", run=run_id)


def test_the_shipped_model_is_shown_with_its_scores_where_there_is_no_run_yet():
    app = model_page()
    assert not app.error
    scores = pretrained().scores
    assert facts(app)["Test accuracy"] == percent(scores.test_accuracy)
    assert facts(app)["Parameters"] == "284,074"
    assert facts(app)["Training"] == duration(scores.seconds)
    assert "Accurate, trained on MNIST" in texts(app)
    low, high = map(percent, accuracy_interval(scores.test_accuracy, scores.test_images))
    assert f"{low} to {high}" in texts(app)
    assert f"epoch {scores.kept_epoch} of {scores.epochs}" in texts(app)
    assert not app.selectbox
    assert plain(f"Pretrained, {score_words(scores)}") in [text.value for text in app.markdown]
    assert app.button(key="train_own").label == "Train a network of your own"
    assert downloads(app) == [
        "inkling-pretrained.keras",
        "inkling-pretrained.safetensors",
        "inkling-pretrained.json",
        "inkling-pretrained.py",
    ]


def test_table_code_and_totals_are_those_of_the_network():
    shipped = PRESETS["accurate"].network
    page = model_page()
    data = network(page)
    assert [layer["name"] for layer in data["layers"]] == [name for name, _ in shipped.named_layers()]
    assert [line["layer"] for line in data["lines"] if line["layer"]] == [name for name, _ in shipped.named_layers()]
    assert data["layers"][0]["shape"] == "24\N{MULTIPLICATION SIGN}24\N{MULTIPLICATION SIGN}32"
    numbers = [int(data[name].replace(",", "")) for name in ("trainable", "non_trainable", "parameters")]
    assert numbers[0] + numbers[1] == numbers[2] == shipped.parameters
    assert "keras.Sequential" in data["code"]
    assert "Total params: 284,074" in page.code[0].value


def test_accuracy_on_drawn_digits_stands_beside_the_test_accuracy_and_drawn_is_explained():
    app = model_page(finished_run("Mine", drawn_accuracy=0.9901))
    assert facts(app)["Drawn digits"] == "99.01\N{THIN SPACE}%"
    assert "Drawn digits are built-in ones in many styles" in texts(app)
    assert "Mine, 98.76\N{THIN SPACE}%, drawn 99.01\N{THIN SPACE}%" in app.selectbox(key="shown_model").options
    assert "Drawn digits" not in facts(model_page(finished_run("Older")))


def test_a_run_is_found_by_its_link_and_in_the_list():
    older = finished_run("First try", PRESETS["script-b"])
    newer = finished_run("Second try", test_accuracy=0.5, kept_epoch=3, epochs=5, kept_because="best val_loss: 0.0312")
    app = model_page(newer)
    assert app.selectbox(key="shown_model").value == newer
    assert facts(app)["Test accuracy"] == "50.00\N{THIN SPACE}%"
    assert facts(app)["Training"] == "1 min 05 s"
    assert [code.value for code in app.code] == ['Model: "inkling"\n a summary']
    assert "epoch 3 of 5, the one with the lowest validation loss, 0.0312" in texts(app)
    assert downloads(app)[0] == "inkling-second-try.keras"
    app.selectbox(key="shown_model").select(older).run()
    assert app.query_params["run"] == older
    assert facts(app)["Parameters"] == "542,230"
    app.button(key="draw_with_it").click().run()
    assert answered_by(followed(app, "draw")).startswith("First try")
    followed(app, "model").selectbox(key="shown_model").select("").run()
    assert "run" not in app.query_params
    assert facts(app)["Parameters"] == "284,074"


def test_two_runs_with_one_name_and_score_have_distinct_labels():
    older, newer = finished_run("Same"), finished_run("Same")
    run_store().rename(newer, OWNER, "Same")  # which had its number already
    app = model_page()
    assert app.selectbox(key="shown_model").options[1:] == [
        "Same (2), 98.76\N{THIN SPACE}%",
        "Same, 98.76\N{THIN SPACE}%",
    ]
    app.selectbox(key="shown_model").select(older).run()
    assert app.query_params["run"] == older != newer


def test_anyone_with_the_link_sees_a_run_but_finds_it_in_no_list_without():
    run_id = finished_run("Theirs", owner="somebody else")
    app = model_page(run_id)
    assert not app.error
    assert facts(app)["Test accuracy"] == "98.76\N{THIN SPACE}%"
    assert not model_page().selectbox


def test_a_run_that_waits_shows_its_network_and_no_model():
    run_id = run_store().submit(OWNER, PRESETS["script-a"])
    app = model_page(run_id)
    assert not app.error
    assert "it is queued" in texts(app)
    assert facts(app)["Parameters"] == "93,322"
    assert "Test accuracy" not in facts(app)
    assert downloads(app) == ["inkling-script-a.json", "inkling-script-a.py"]
    assert not app.code


@pytest.mark.bad_input(19)
def test_a_name_is_a_label_and_never_markup_or_a_path():
    app = model_page(finished_run("![x](http://a.example/b.png) ../../x {epoch}"))
    assert not app.error
    assert downloads(app)[1] == "inkling-x-http-a-example-b-png-x-epoch.safetensors"
    assert not any("![x]" in text.value for text in app.markdown)


def test_a_run_is_downloaded_as_a_script_and_with_its_digits_where_inkling_drew_them():
    assert downloads(model_page(finished_run("Mine")))[-1] == "inkling-mine.py"
    app = model_page(finished_run("Ours", data_source="handwriting"))
    assert downloads(app)[-1] == "inkling-ours.zip"
    assert "trained on built-in handwriting" in texts(app)


def test_what_began_with_another_models_weights_has_no_script_and_says_why():
    images = np.zeros((1, 28, 28), np.uint8)
    fine_tuning = FineTuning(pretrained(), Digits(images, np.zeros(1, np.uint8)))
    app = model_page(finished_run("Mine", fine_tuning_recipe(PRESETS["accurate"]), fine_tuning=fine_tuning))
    assert not [name for name in downloads(app) if name.endswith((".py", ".zip"))]
    assert any("because it started from another model's weights" in text.value for text in app.markdown)


def test_the_snapshots_of_a_run_show_filters_statistics_answers_and_a_sentence_for_each_epoch():
    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    samples = Digits(images, np.arange(100, dtype=np.uint8) % 10)
    app = model_page(
        finished_run("Mine", samples=samples, snapshots=many_snapshots(PRESETS["fast"].network, 3, images))
    )
    assert not app.error
    snapshots = data_of(app, "snapshots_view")
    assert snapshots["names"] == ["before epoch 1", "after epoch 1", "after epoch 2", "after epoch 3"]
    assert snapshots["shape"] == [16, 5, 5]
    assert snapshots["layers"][0] == "conv2d_1"
    assert len(snapshots["statistics"]) == 4
    assert "largest weight grew from" in snapshots["sentences"][3]
    assert "no weight is NaN" in snapshots["sentences"][3]
    assert "they have changed by 33\N{THIN SPACE}%" in snapshots["filters"][3]
    assert len(snapshots["labels"]) == 20
    assert snapshots["sample_names"][7:9] == ["A 7", "An 8"]
    assert {len(answers) for answers in snapshots["answers"]} == {20}


def test_where_there_are_no_snapshots_a_sentence_says_so():
    for app in (model_page(), model_page(finished_run("Older"))):
        assert data_of(app, "snapshots_view") is None
        assert any("No epochs of this training were recorded" in text.value for text in app.markdown)
    app = model_page(finished_run("Stopped", was_stopped=True))
    assert any("stopped within its first epoch" in text.value for text in app.markdown)
    app = model_page(run_store().submit(OWNER, PRESETS["script-a"]))
    assert any("shown once the first epoch is over" in text.value for text in app.markdown)

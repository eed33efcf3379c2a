import base64
import io
import re
import time

import numpy as np
import pytest
from PIL import Image

from core.digits.augmentation import Augmentation
from core.digits.dataset import Digits
from core.engine.jobs import EngineState
from core.lessons.glossary import TERMS
from core.networks.layers import Conv2D, Dense, Dropout, Flatten
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import SGD, Data, EarlyStopping
from core.networks.recipe_link import to_link
from core.store import database
from core.store.runs import RunState, forget_rescued, rescue, run_store
from pages.components.train import augmentation_preview, training_view
from pages.components.visitor import workspace
from tests.pages.harness import (
    NO_SUCH_RUN,
    THIN,
    all_data_of,
    buttons,
    charts,
    choose_preset,
    data_of,
    followed,
    image,
    opened,
    run_figures,
    run_status,
    set_state,
    texts,
    values,
)
from tests.played import OWNER, SECRET, Worker, finished_run

SOMEBODY = "somebody else"


def train_page(**query):
    return opened("train", **query)


def samples():
    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    return Digits(images, (np.arange(100) % 10).astype(np.uint8))


def started(preset="fast", owner=OWNER):
    return Worker(run_store().submit(owner, PRESETS[preset]))


# Before a run


def test_before_the_first_run_each_thing_has_its_place_and_no_chart_is_drawn(engine):
    app = train_page()
    assert not app.error
    assert app.title[0].value == "Train a network"
    assert set(run_figures(app).values()) == {"\N{EN DASH}"}
    assert "will appear" in app.header[0].value
    assert not charts(app)
    assert len(data_of(app, "thumbnails", "sample_strip")["words"]) == 20
    assert not app.button(key="train").disabled
    assert engine.visits > 0
    assert engine.queue_checks == 0


def test_each_preset_is_a_card_and_the_fast_one_is_chosen():
    cards = data_of(train_page(), "preset_cards")
    assert [card["preset"] for card in cards["cards"]] == list(PRESETS)
    assert all(card["line"] and card["expect"] for card in cards["cards"])
    assert (cards["chosen"], cards["changed"]) == ("fast", False)
    assert "idle cores" in texts(train_page())


def test_a_changed_card_promises_nothing_and_the_others_still_do():
    app = train_page()
    app.number_input(key="recipe_epochs").set_value(3).run()
    expected = {card["preset"]: card["expect"] for card in data_of(app, "preset_cards")["cards"]}
    assert expected.pop("fast") == ""
    assert all(expected.values())


def test_a_run_with_one_setting_changed_is_called_after_it():
    app = choose_preset(train_page(), "script-a")
    app.toggle(key="recipe_augmentation_rotation_on").set_value(True).run()
    assert trained(app).name == "Script A, rotation 10\N{DEGREE SIGN}"


@pytest.mark.parametrize("preset", PRESETS)
def test_a_chosen_preset_fills_the_controls_and_is_trained_as_it_stands(preset, engine):
    app = choose_preset(train_page(), preset)
    assert app.number_input(key="recipe_epochs").value == PRESETS[preset].epochs
    assert app.number_input(key="recipe_batch_size").value == PRESETS[preset].batch_size
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    assert run.recipe == PRESETS[preset]
    assert engine.queue_checks == 1
    assert app.query_params["run"] == run.id


def test_a_preset_that_nobody_offers_is_ignored():
    app = choose_preset(train_page(), "../../etc")
    assert not app.error
    assert data_of(app, "preset_cards")["chosen"] == "fast"


def test_what_is_changed_is_trained_and_the_card_says_so():
    app = train_page()
    app.number_input(key="recipe_epochs").set_value(3)
    app.number_input(key="recipe_batch_size").set_value(64)
    app.selectbox(key="recipe_data_size").select("quick")
    app.number_input(key="recipe_seed").set_value(7)
    app.selectbox(key="recipe_optimizer").select("SGD").run()
    app.number_input(key="recipe_optimizer_SGD_momentum").set_value(0.9).run()
    assert data_of(app, "preset_cards")["changed"]
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    assert (run.recipe.epochs, run.recipe.batch_size, run.recipe.data.size, run.recipe.seed) == (3, 64, "quick", 7)
    assert (run.recipe.optimizer.kind, run.recipe.optimizer.momentum) == ("SGD", 0.9)
    assert run.name == "Fast, changed"


def test_a_number_typed_just_before_the_click_counts():
    app = train_page()
    app.number_input(key="recipe_epochs").set_value(4)  # the page has not been drawn with it yet
    app.button(key="train").click().run()
    assert run_store().runs_of(OWNER)[0].recipe.epochs == 4


def test_choosing_the_same_preset_again_brings_back_what_was_changed():
    app = choose_preset(train_page(), "fast")
    app.number_input(key="recipe_epochs").set_value(9).run()
    choose_preset(app, "fast", click=2)
    assert app.number_input(key="recipe_epochs").value == 1


def test_architecture_and_dropout_of_another_preset_can_be_taken():
    app = train_page()
    app.selectbox(key="recipe_network").select("script-a-improved").run()
    app.slider(key="recipe_dropout_dropout_2").set_value(0.3).run()
    assert any("60,554" in part.proto.json for part in app.get("bidi_component"))
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    assert [layer.rate for layer in run.recipe.network.layers if layer.layer == "Dropout"] == [0.25, 0.3]
    assert run.recipe.epochs == 1


def test_controls_are_explained_in_the_recipes_own_words():
    app = train_page()
    assert app.number_input(key="recipe_epochs").help.startswith("How often the network sees every training image.")
    assert app.toggle(key="recipe_augmentation_rotation_on").label == "Rotation"
    assert "Turn by up to this many degrees, either way." in texts(app)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_control_leads_to_its_word_in_the_glossary(preset):
    app = choose_preset(train_page(), preset)
    for bar in ("recipe_epochs", "recipe_batch_size"):
        assert "learn?chapter=glossary&term=" in app.number_input(key=bar).help
    controls = [*app.number_input, *app.selectbox, *app.toggle]
    below = [text.value for text in app.markdown if "learn?chapter=glossary&term=" in text.value]
    assert len(below) >= sum(control.key.startswith("recipe_") for control in controls) - 2
    linked = {term for text in below for term in re.findall("glossary&term=([a-z0-9-]+)", text)}
    assert linked <= set(TERMS)
    assert {"optimiser", "learning-rate", "l2-penalty", "rotation", "early-stopping", "seed"} <= linked


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("recipe_epochs", 0, "Epochs must be a whole number from 1 to 200, not 0."),
        ("recipe_epochs", -5, "Epochs must be a whole number from 1 to 200, not -5."),
        ("recipe_batch_size", 999_999, "Batch size must be a whole number from 1 to 4,096, not 999999."),
        ("recipe_optimizer_Adam_learning_rate", 11.0, "Learning rate must be a number from 1e-06 to 10"),
        ("recipe_data_handwriting", -1, "Built-in digits mixed in must be a whole number from 0 to 60,000, not -1."),
        ("recipe_seed", -1, "Seed must be a whole number from 0"),
    ],
)
@pytest.mark.bad_input(13)
def test_a_senseless_number_gets_its_range_and_nothing_can_be_started(key, value, sentence):
    app = train_page()
    app.number_input(key=key).set_value(value).run()
    assert len(app.error) == 1
    assert sentence in app.error[0].value.replace("\\", "")
    assert app.button(key="train").disabled


def test_a_contradiction_becomes_one_sentence_and_nothing_can_be_started():
    app = choose_preset(train_page(), "script-b")
    app.toggle(key="recipe_early_stopping").set_value(True).run()
    assert len(app.error) == 1
    assert "there is no validation" in app.error[0].value
    assert app.button(key="train").disabled
    app.selectbox(key="recipe_data_validation").select("split").run()
    assert not app.error
    assert not app.button(key="train").disabled


def trained(app):
    app.button(key="train").click().run()
    return run_store().runs_of(OWNER)[0].recipe


def test_each_augmentation_has_its_switch_and_only_while_it_is_on_a_range():
    app = train_page()
    for field, info in Augmentation.model_fields.items():
        assert not any(slider.key == f"recipe_augmentation_{field}" for slider in app.slider)
        app.toggle(key=f"recipe_augmentation_{field}_on").set_value(True).run()
        slider = app.slider(key=f"recipe_augmentation_{field}")
        assert 0 < slider.min < slider.value < slider.max == info.metadata[-1].le
    augmentation = trained(app).augmentation
    assert all(value > 0 for _, value in augmentation)


def test_a_range_counts_while_its_switch_is_on_and_is_remembered_while_it_is_off():
    app = train_page()
    app.toggle(key="recipe_augmentation_elastic_on").set_value(True).run()
    app.slider(key="recipe_augmentation_elastic").set_value(3.0).run()
    app.toggle(key="recipe_augmentation_elastic_on").set_value(False).run()
    assert not data_of(app, "preset_cards")["changed"]
    app.toggle(key="recipe_augmentation_elastic_on").set_value(True).run()
    assert trained(app).augmentation == Augmentation(elastic=3.0)


def test_a_sliders_sum_of_steps_becomes_the_number_that_was_chosen():
    app = train_page()
    app.toggle(key="recipe_augmentation_shift_on").set_value(True).run()
    app.slider(key="recipe_augmentation_shift").set_value(0.1 + 0.05 + 0.02).run()
    assert trained(app).augmentation.shift == 0.17


def test_built_in_digits_can_be_mixed_in():
    app = train_page()
    assert app.number_input(key="recipe_data_handwriting").label == "Built-in digits mixed in"
    assert "do not write as the world does" in texts(app)
    app.number_input(key="recipe_data_handwriting").set_value(20_000).run()
    assert trained(app).data == Data(handwriting=20_000)


def test_what_was_chosen_is_still_there_after_a_visit_to_another_page():
    app = choose_preset(train_page(), "script-a")
    app.number_input(key="recipe_epochs").set_value(2).run()
    followed(app, "draw")
    followed(app, "train")
    assert app.number_input(key="recipe_epochs").value == 2
    assert data_of(app, "preset_cards")["chosen"] == "script-a"


def test_after_a_reload_the_form_shows_the_recipe_of_the_run_that_goes_on_and_train_stays_disabled():
    app = choose_preset(train_page(), "script-a")
    app.number_input(key="recipe_epochs").set_value(7).run()
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    again = train_page(run=run.id)
    assert data_of(again, "preset_cards")["chosen"] == "script-a"
    assert again.number_input(key="recipe_epochs").value == 7
    assert again.number_input(key="recipe_batch_size").value == 32
    assert again.button(key="train").disabled
    again.number_input(key="recipe_epochs").set_value(9).run()
    assert not again.button(key="train").disabled


def test_somebody_elses_run_and_one_that_is_over_leave_the_form_as_it_is():
    over = finished_run(recipe=PRESETS["script-b"])
    theirs = run_store().submit(SOMEBODY, PRESETS["script-a"])
    for run_id in (theirs, over):
        assert data_of(train_page(run=run_id), "preset_cards")["chosen"] == "fast"


@pytest.mark.parametrize(("preset", "is_raised"), [("fast", True), ("script-a", False)])
def test_beside_a_loss_with_label_smoothing_it_is_said_that_this_raises_it(preset, is_raised):
    started(preset).report(100)
    assert ("Label smoothing raises it" in texts(train_page())) is is_raised


def test_after_a_start_anew_train_shows_none_of_the_runs_before_and_keeps_them():
    run_id = finished_run()
    app = train_page(anew="1")
    assert "anew" not in app.query_params
    assert "will appear" in app.header[0].value
    assert "will appear" in app.run().header[0].value
    assert data_of(train_page(), "run_figures")["bring"] == ""  # a session that was not begun anew finds it again
    assert run_figures(train_page(run=run_id))["Test accuracy"]
    app.button(key="train").click().run()
    assert "will appear" not in app.header[0].value


# What augmentation does


@pytest.fixture
def mnist_here(monkeypatch):
    """MNIST is on this machine; its digits are all black but for their label's row."""
    images = np.full((82, 28, 28), 255, np.uint8)
    labels = (np.arange(82) % 10).astype(np.uint8)
    monkeypatch.setattr(augmentation_preview, "_mnist", lambda: Digits(images, labels))


def opened_group(preset="fast"):
    return set_state(choose_preset(train_page(), preset), group_data=True)


def strip_of(app):
    """The preview's images: (rows, columns, 28, 28)."""
    data = data_of(app, "thumbnails", "augmentation_preview")
    strip = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image"].partition(",")[2]))))[..., 1]
    assert strip.shape[1] == len(data["words"]) * 28
    return np.stack(np.split(strip, strip.shape[1] // 28, axis=1)).reshape(-1, data["columns"], 28, 28)


def test_the_preview_is_drawn_only_while_its_group_is_open():
    app = train_page()
    assert data_of(app, "thumbnails", "augmentation_preview") is None
    assert "other_images" not in buttons(app)
    assert strip_of(opened_group()).shape == (4, 6, 28, 28)


@pytest.mark.usefixtures("mnist_here")
def test_nothing_switched_on_shows_the_images_as_they_are():
    app = opened_group()
    strip = strip_of(app)
    assert (strip == strip[:, :1]).all()
    assert "All is off" in texts(app)


@pytest.mark.usefixtures("mnist_here")
@pytest.mark.parametrize("switch", Augmentation.model_fields)
def test_each_switch_changes_the_variants_and_never_the_originals(switch):
    app = opened_group()
    before = strip_of(app)
    app.toggle(key=f"recipe_augmentation_{switch}_on").set_value(True).run()
    after = strip_of(app)
    np.testing.assert_array_equal(after[:, 0], before[:, 0])
    if switch not in ("elastic", "thickness"):  # a sheet full of ink cannot show these
        assert (after[:, 1:] != before[:, 1:]).any(axis=(2, 3)).mean() > 0.7
    assert "Validation and test images are never changed." in texts(app)
    range_ = app.slider(key=f"recipe_augmentation_{switch}")
    range_.set_value(range_.max).run()
    if switch not in ("elastic", "thickness"):
        assert (strip_of(app) != after).any()


def test_bending_and_thickness_show_on_digits():
    app = opened_group()
    before = strip_of(app)
    for switch in ("elastic", "thickness"):
        app.toggle(key=f"recipe_augmentation_{switch}_on").set_value(True).run()
        after = strip_of(app)
        assert (after[:, 1:] != before[:, 1:]).any(axis=(2, 3)).all()
        before = after


def test_other_images_are_shown_on_request_and_no_others_before():
    app = opened_group("accurate")
    first = strip_of(app)
    app.run()
    np.testing.assert_array_equal(strip_of(app), first)
    app.button(key="other_images").click().run()
    assert not np.array_equal(strip_of(app)[:, 0], first[:, 0])


@pytest.mark.usefixtures("mnist_here")
def test_built_in_digits_that_are_mixed_in_are_marked_among_the_originals():
    app = opened_group()
    for mixed, built_in in ((0, 0), (10_000, 1), (60_000, 2)):
        app.number_input(key="recipe_data_handwriting").set_value(mixed).run()
        data = data_of(app, "thumbnails", "augmentation_preview")
        assert data["words"][::6] == ["MNIST"] * (4 - built_in) + ["built-in"] * built_in
        assert sum("(built-in)" in alt for alt in data["alt"]) == built_in


def test_without_mnist_built_in_digits_stand_in_and_nothing_is_downloaded(monkeypatch):
    monkeypatch.delenv("INKLING_MNIST", raising=False)
    augmentation_preview._mnist.clear()  # an earlier test may have found it
    app = opened_group()
    assert "MNIST is not on this machine yet. Built-in digits stand in for it here." in texts(app)
    assert data_of(app, "thumbnails", "augmentation_preview")["words"][::6] == ["built-in"] * 4


def test_while_the_recipe_cannot_be_used_there_is_no_preview_and_no_second_error():
    app = opened_group()
    app.number_input(key="recipe_epochs").set_value(0).run()
    assert len(app.error) == 1
    assert "other_images" not in buttons(app)


# While a run goes on


@pytest.mark.bad_input(28)
def test_a_second_click_finds_the_run_that_is_active():
    app, other = train_page(), train_page()
    app.button(key="train").click().run()
    other.button(key="train").click().run()  # a second tab, drawn before the first click
    assert len(run_store().runs_of(OWNER)) == 1
    assert app.query_params["run"] == other.query_params["run"]
    assert app.button(key="train").disabled


@pytest.mark.bad_input(29)
def test_a_queued_run_says_its_place_and_how_long_it_will_wait_and_can_be_cancelled():
    run_store().submit(SOMEBODY, PRESETS["fast"])
    run_store().submit(OWNER, PRESETS["fast"])
    app = train_page()
    assert re.fullmatch(r"Place 2 in the queue: begins in about \d+ s", run_status(app))
    run_store().claim_next()
    assert re.fullmatch(r"Next in the queue, behind 1 that trains: begins in about \d+ s", run_status(app.run()))
    app.button(key="stop").click().run()
    assert run_store().runs_of(OWNER)[0].state == RunState.STOPPED


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (EngineState.STARTING, "about 10 s the first time"),
        (EngineState.UNREACHABLE, "cannot be reached"),
        (EngineState.READY, "Next in the queue"),
    ],
)
def test_a_waiting_run_says_what_happens_now(engine, state, sentence):
    engine.state = state
    run_store().submit(OWNER, PRESETS["fast"])
    assert sentence in run_status(train_page())


def test_another_recipe_may_wait_behind_the_first_and_a_third_finds_no_room(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_ACTIVE_RUNS", "2")
    app = train_page()
    app.button(key="train").click().run()
    assert app.button(key="train").disabled
    app.number_input(key="recipe_epochs").set_value(2).run()
    app.button(key="train").click().run()
    assert len(run_store().runs_of(OWNER)) == 2
    app.number_input(key="recipe_epochs").set_value(3).run()
    assert app.button(key="train").disabled
    assert any("At most 2 runs at a time" in line.value for line in app.markdown)


def test_the_servers_limits_are_said_and_bind_the_controls(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_EPOCHS", "3")
    app = train_page()
    assert any("limits: at most 3 epochs of a run" in line.value.replace("\\", "") for line in app.markdown)
    app.number_input(key="recipe_epochs").set_value(4).run()
    assert app.button(key="train").disabled
    assert "allows 3 epochs, and not 4" in app.error[0].value


def test_a_limit_that_is_none_is_a_sentence_on_the_page(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_EPOCHS", "many")
    app = train_page()
    assert "must be a whole number from 1 to 200, not 'many'" in app.error[0].value.replace("\\", "")


def test_a_starting_run_says_what_happens_and_has_no_chart():
    started()
    app = train_page()
    assert "Warming up TensorFlow: about 10 s the first time" in run_status(app)
    assert not charts(app)
    assert not app.error


def test_a_running_run_shows_figures_curves_samples_and_a_sentence_for_each_curve():
    worker = started()
    worker.keep_samples(samples())
    worker.report(50)
    worker.report(215, validation_loss=0.09, validation_accuracy=0.972, sample_answers=tuple(range(9)) + (4,) * 91)
    app = train_page()
    assert run_figures(app) == {
        "Epoch": "1 of 1",
        "Validation": f"97.20{THIN}%",
        "Loss": "0.123",
        "Images/s": "9,876",
        "Time left": "2 s",
    }
    assert run_status(app) == "Epoch 1, batch 215 of 430"
    assert data_of(app, "run_figures")["share"] == pytest.approx(0.5)
    assert len(charts(app)) == 3
    assert f"Validation accuracy 97.20{THIN}% in epoch 1." in texts(app)
    assert "Validation loss 0.0900 in epoch 1." in texts(app)
    strip = data_of(app, "thumbnails", "sample_strip")
    assert strip["alt"][8:10] == ["An 8, read right", "A 9, wrongly read as 4"]
    assert "".join(strip["words"][:10]) == "0123456784"
    assert strip["marks"] == [True] * 9 + [False] * 5 + [True] + [False] * 5
    assert strip["image"].startswith("data:image/png;base64,")
    assert "Reads 10 of these 20" in texts(app)


def test_a_live_chart_changes_its_rows_and_never_its_spec():
    worker = started()
    worker.report(50)
    app = train_page()
    before = [chart.proto.spec for chart in charts(app)]
    worker.report(300, validation_loss=0.09, validation_accuracy=0.972)
    app.run()
    assert [chart.proto.spec for chart in charts(app)] == before


@pytest.mark.parametrize(("button", "requested_action"), [("stop", "stop"), ("pause", "pause")])
def test_stop_and_pause_reach_the_worker_once(button, requested_action):
    worker = started()
    worker.report(50)
    app = train_page()
    app.button(key=button).click().run()
    assert worker.report(60).requested_action == requested_action
    assert run_status(app).startswith("Stopping" if requested_action == "stop" else "Pausing")
    assert run_figures(app)["Time left"] == "\N{EN DASH}"
    assert app.button(key="stop").disabled
    assert app.button(key="pause").disabled


def test_a_run_that_is_stopped_while_it_warms_up_claims_no_learning():
    worker = started()
    run_store().ask(worker.run_id, OWNER, "stop")
    assert run_status(train_page()) == "Stopping: before the first batch"


@pytest.mark.bad_input(26)
@pytest.mark.parametrize(("state", "notice"), [("paused", ""), ("interrupted", "Interrupted after epoch 1.")])
def test_a_run_that_was_set_aside_is_found_without_its_link_and_resumed_where_it_stands(engine, state, notice):
    worker = started("script-a")
    worker.report(400)
    worker.end_epoch()
    worker.leave(RunState(state), notice)
    app = train_page()
    assert run_status(app) == f"{state.title()} after epoch 1 of {PRESETS['script-a'].epochs}"
    assert [warning.value for warning in app.warning] == ([notice] if notice else [])
    assert not app.error
    assert len(charts(app)) == 3
    app.button(key="resume").click().run()
    assert run_store().run(worker.run_id).state == RunState.QUEUED
    assert len(run_store().run(worker.run_id).history) == 1
    assert engine.queue_checks == 1


def test_a_paused_run_is_stopped_without_a_further_epoch(engine):
    worker = started("script-a")
    worker.report(400)
    worker.end_epoch()
    worker.leave(RunState.PAUSED)
    app = train_page()
    app.button(key="stop").click().run()
    run = run_store().run(worker.run_id)
    assert (run.state, run.requested_action) == (RunState.QUEUED, "stop")
    assert engine.queue_checks == 1
    assert run_status(app).startswith("Waits to be measured. ")
    assert app.button(key="stop").label == "Cancel"
    app.button(key="stop").click().run()
    assert run_store().run(worker.run_id).state == RunState.PAUSED


def test_a_paused_run_waits_while_as_many_are_active_as_may_be(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_ACTIVE_RUNS", "1")
    paused = started()
    paused.end_epoch()
    paused.leave(RunState.PAUSED)
    started()
    app = train_page(run=paused.run_id)
    assert app.button(key="resume").disabled
    app.button(key="stop").click().run()
    assert [toast.value for toast in app.toast] == [r"One run at a time\: free again when one of yours is over."]
    assert run_store().run(paused.run_id).state == RunState.PAUSED


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.INTERRUPTED])
def test_a_run_that_went_wrong_says_why_and_training_can_go_on(state):
    worker = started()
    worker.leave(state, "The loss is no longer a number. <b>Lower</b> the rate.")
    app = train_page(run=worker.run_id)
    notices = [*app.error, *app.warning]
    assert len(notices) == 1
    assert r"\<b\>Lower" in notices[0].value
    assert not app.button(key="train").disabled
    assert ("resume" in buttons(app)) is (state == RunState.INTERRUPTED)


# The visitor's own digit


def watched(app):
    return data_of(app, "watched_digit")


def answered(*likely, by=10):
    return {"drawing_probabilities": tuple(0.9 if digit in likely else 0.1 / (by - 1) for digit in range(by))}


def test_without_a_drawing_its_place_is_there_and_invites_to_draw():
    app = train_page()
    assert watched(app)["image"] == ""
    assert watched(app)["probabilities"] == []
    assert any("Put a digit of yours here" in link.proto.label for link in app.get("page_link"))


def test_the_last_drawing_goes_with_the_run_and_its_answer_moves_with_the_reports():
    app = train_page(drawing=image())
    assert watched(app)["sentence"] == "Your drawing. Its answers will appear here."
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    np.testing.assert_array_equal(run.drawing, image())
    worker = Worker(run.id)
    worker.report(10, **answered(3))
    app.run()
    assert watched(app)["sentence"] == f"Reads your drawing as a 3, 90.0{THIN}%."
    worker.report(20, **answered(8))
    app.run()
    assert watched(app)["sentence"] == f"Reads your drawing as an 8, 90.0{THIN}%."
    assert watched(app)["probabilities"][8] == 0.9


def test_what_is_drawn_while_the_run_goes_on_is_watched_from_then_on():
    worker = started()
    worker.report(10)
    app = train_page()
    set_state(app, last_drawing=image(1))
    np.testing.assert_array_equal(worker.report(20).drawing, image(1))


def test_whoever_watches_somebody_elses_run_does_not_change_its_drawing():
    run_id = run_store().submit(SOMEBODY, PRESETS["fast"], drawing=image(0))
    worker = Worker(run_id)
    app = train_page(run=run_id)
    set_state(app, last_drawing=image(1))
    assert not app.error
    np.testing.assert_array_equal(worker.report(20).drawing, image(0))


def test_when_the_run_is_over_its_model_answers_the_drawing():
    run_id = finished(drawing=image())
    app = train_page(run=run_id)
    expected = run_store().model(run_id).probabilities(image()[np.newaxis])[0]
    assert watched(app)["probabilities"] == pytest.approx(expected.tolist(), abs=1e-6)


# Who may do what


@pytest.mark.bad_input(18)
def test_a_link_lets_anyone_watch_and_nobody_else_stop():
    worker = started(owner=SOMEBODY)
    worker.report(50)
    app = train_page(run=worker.run_id)
    assert not app.error
    assert run_figures(app)["Loss"] == "0.123"
    assert not buttons(app) & {"stop", "pause", "resume"}
    assert "You are watching" in texts(app)
    assert not app.button(key="train").disabled


@pytest.mark.parametrize("run_id", ["nosuchrun", "../../etc/passwd", "<script>", "x" * 5000, "\N{GRINNING FACE}"])
@pytest.mark.bad_input(18)
def test_a_link_to_no_run_gets_one_sentence_and_a_way_home(run_id):
    app = train_page(run=run_id)
    assert values(app.error) == [NO_SUCH_RUN]
    app.button(key="way_home").click().run()
    assert not app.error
    assert "run" not in app.query_params


@pytest.mark.bad_input(27)
def test_the_active_run_is_found_again_without_its_link():
    worker = started()
    worker.report(50)
    assert run_figures(train_page())["Epoch"] == "1 of 1"


def test_a_workspace_is_taken_over_by_its_link_and_the_secret_leaves_the_address():
    worker = started()
    app = opened(secret=None).switch_page("pages/train.py")
    app.query_params["workspace"] = SECRET
    app.run()
    assert "workspace" not in app.query_params
    assert data_of(app, "workspace") == {"name": "inkling_workspace", "token": SECRET, "adopts": True}
    assert "stop" in buttons(app)
    assert run_store().run(worker.run_id).owner == OWNER


def test_whoever_leaves_runs_behind_is_shown_the_way_back():
    finished_run()
    app = train_page(workspace="B" * 43)
    assert any(code.value.endswith(f"?workspace={SECRET}") for code in app.code)
    assert data_of(app, "workspace")["token"] == "B" * 43


@pytest.mark.parametrize("token", ["short", "A" * 44, "A" * 42 + ";", "", "\N{GRINNING FACE}" * 43])
def test_a_link_to_no_workspace_changes_nothing_and_says_so(token):
    app = train_page(workspace=token)
    assert len(app.error) == 1
    assert "incomplete" in app.error[0].value
    assert data_of(app, "workspace")["token"] == SECRET


def test_a_visitor_without_a_cookie_gets_an_unguessable_workspace_of_their_own():
    tokens = {data_of(opened(secret=None), "workspace")["token"] for _ in range(2)}
    assert len(tokens) == 2
    assert all(len(token) == 43 for token in tokens)


def test_the_link_to_watch_carries_no_secret():
    worker = started()
    links = [code.value for code in train_page().code]
    watching = next(link for link in links if worker.run_id in link)
    assert SECRET not in watching


# When something is in the way


@pytest.mark.bad_input(31)
@pytest.mark.parametrize("button", ["stop", "pause", "resume"])
def test_a_button_of_a_run_that_another_tab_has_deleted_says_so_and_the_page_leads_home(button):
    worker = started()
    worker.report(50)
    if button == "resume":
        worker.leave(RunState.PAUSED)
    app = train_page(run=worker.run_id)
    run_store().delete(worker.run_id, OWNER)
    app.button(key=button).click().run()
    assert not app.exception
    assert values(app.toast) == [NO_SUCH_RUN]
    assert values(app.error) == [NO_SUCH_RUN]
    app.button(key="way_home").click().run()
    assert not app.error
    assert not app.toast
    assert not app.button(key="train").disabled


@pytest.mark.bad_input(31)
def test_a_run_that_is_deleted_while_it_is_shown_is_gone_without_a_click(monkeypatch):
    worker = started()
    run = run_store().run(worker.run_id)
    run_store().delete(run.id, OWNER)
    seen = iter([run])  # by the page, before its view looks for itself
    current_run = workspace.current_run
    monkeypatch.setattr(workspace, "current_run", lambda: next(seen, None) or current_run())
    app = train_page(run=run.id)
    assert values(app.error) == [NO_SUCH_RUN]
    assert "way_home" in buttons(app)


@pytest.mark.bad_input(23)
@pytest.mark.parametrize("button", ["train", "stop", "pause", "resume"])
def test_what_the_disk_does_not_take_is_said_and_everything_stays(button, full_disk):
    if button != "train":
        worker = started()
        worker.report(50)
        if button == "resume":
            worker.leave(RunState.PAUSED)
    app = choose_preset(train_page(), "script-a")
    before = run_store().runs_of(OWNER)
    with full_disk():
        app.button(key=button).click().run()
    assert not app.exception
    assert not app.error
    assert [toast.value for toast in app.toast] == ["The disk is full."]
    assert not app.button(key=button).disabled
    assert data_of(app, "preset_cards")["chosen"] == "script-a"
    assert [run.state for run in run_store().runs_of(OWNER)] == [run.state for run in before]


# When a run is over


def finished(**scores):
    """A finished run with samples."""
    return finished_run(samples=samples(), **scores)


def test_a_run_that_ended_before_it_read_its_samples_shows_what_its_model_reads_in_them():
    app = train_page(run=finished(probabilities=np.eye(10, dtype=np.float32)[np.full(10_000, 3)]))
    assert data_of(app, "thumbnails", "sample_strip")["words"] == ["3"] * 20
    assert "Reads 2 of these 20" in texts(app)
    assert "Each will carry" not in texts(app)


def test_a_finished_run_shows_its_score_with_interval_and_kept_epoch():
    app = train_page(run=finished(test_accuracy=0.9904))
    assert run_figures(app)["Test accuracy"] == "99.04\N{THIN SPACE}%"
    assert f"98.83{THIN}% to 99.21{THIN}%" in run_status(app)
    assert run_figures(app)["Drawn digits"] == "\N{EN DASH}"
    assert "Kept: epoch 1 of 1, the last one." in run_status(app)
    assert data_of(app, "run_figures")["share"] == 1
    assert "stop" not in buttons(app)
    assert not app.button(key="train").disabled


def test_a_finished_run_says_how_many_drawn_digits_it_reads():
    app = train_page(run=finished(drawn_accuracy=0.9874))
    assert run_figures(app)["Drawn digits"] == f"98.74{THIN}%"
    assert f"98.74{THIN}% of drawn digits" in run_status(app)


def test_script_bs_check_shows_a_random_test_image_and_another_on_request():
    run_id = finished()
    app = train_page(run=run_id)
    place = app.session_state[f"check_{run_id}"]
    assert "Read as 0" in texts(app)
    assert ("Right." in texts(app)) is (place % 10 == 0)
    app.button(key="another_image").click().run()
    assert app.session_state[f"check_{run_id}"] != place


def test_a_stopped_run_keeps_what_it_learned():
    run_id = finished(kept_because="stopped here")
    assert "where it was stopped" in run_status(train_page(run=run_id))


def test_draw_with_it_makes_this_model_answer():
    run_id = finished(name="Mine")
    app = train_page(run=run_id)
    app.button(key="draw_with_it").click().run()
    assert app.session_state["answering_run"] == run_id


# On every page


def banner(app, what="what"):
    sent = all_data_of(app, "run_banner")
    return next((f"{data.get('name', '')} {data[what]}, {data.get('rest', '')}" for data in sent if what in data), None)


def end_told(app):
    return banner(app, "over")


def test_a_run_in_progress_shows_on_other_pages_and_not_twice_on_train():
    worker = started("script-a")
    worker.report(215, validation_loss=0.09, validation_accuracy=0.986)
    app = train_page()
    assert banner(app) is None
    followed(app, "draw")
    assert f"Script A epoch 1 of 5, 98.60{THIN}%" in banner(app)
    followed(app, "model")
    assert "left" in banner(app)
    assert end_told(app) is None
    worker.leave(RunState.FAILED)
    app.run()
    assert banner(app) is None
    assert "Script A has failed." in end_told(app)
    followed(app, "draw")
    assert "Script A has failed." in end_told(app)  # for as long as it takes to read it
    app.session_state["run_over"] = (app.session_state["run_over"][0], time.monotonic())
    app.run()
    assert end_told(app) is None


def test_who_sees_a_run_end_on_train_is_not_told_so_twice_nor_of_a_run_that_ended_before():
    worker = started()
    app = train_page()
    worker.leave(RunState.FAILED)
    assert end_told(app.run()) is None
    assert end_told(followed(train_page(), "draw")) is None


def test_somebody_elses_run_shows_on_no_page_of_mine():
    started(owner=SOMEBODY).report(50)
    app = followed(train_page(), "draw")
    assert banner(app) is None


def test_a_watcher_on_train_still_sees_the_own_run_in_the_line():
    started().report(50)
    theirs = finished_run(owner=SOMEBODY)
    assert "Fast epoch 1 of 1" in banner(train_page(run=theirs))


def test_a_run_that_waits_is_named_on_the_page_of_another():
    started("script-b", owner=SOMEBODY).report(50)
    run_store().submit(OWNER, PRESETS["tiny"])
    theirs = run_store().active_run(SOMEBODY).id
    assert banner(train_page(run=theirs)).startswith("Tiny waits, Next in the queue, behind 1")


@pytest.mark.parametrize(
    ("requested_action", "words"),
    [
        ("stop", "Fast stopping, measuring what was learned"),
        ("pause", "Fast pausing, keeping where it is"),
    ],
)
def test_a_run_that_was_asked_to_stop_or_pause_promises_no_time_any_more(requested_action, words):
    worker = started()
    worker.report(50)
    run_store().ask(worker.run_id, OWNER, requested_action)
    assert banner(followed(train_page(), "draw")) == words


# A recipe that comes by a link


OWN_NETWORK = Network(
    layers=(
        Conv2D(filters=6, kernel_size=5, strides=2, activation="relu"),
        Dropout(rate=0.15),
        Flatten(),
        Dense(units=10, activation="softmax"),
    )
)


@pytest.mark.parametrize(
    ("changes", "preset"),
    [
        ({"name": "A slow one", "epochs": 7, "optimizer": SGD(learning_rate=0.02), "seed": 12}, "fast"),
        ({"name": "Script B, changed", "augmentation": Augmentation(rotation=0.4)}, "script-b"),
        ({"name": "Mine", "network": OWN_NETWORK, "l2": 0.001, "early_stopping": EarlyStopping(patience=9)}, "fast"),
    ],
)
def test_a_recipe_in_the_link_fills_the_form_and_is_trained_as_it_stands(changes, preset):
    recipe = PRESETS[preset].model_copy(update=changes)
    app = train_page(recipe=to_link(recipe))
    assert not app.error
    assert not app.exception
    assert "recipe" not in app.query_params
    assert data_of(app, "preset_cards")["chosen"] == preset
    assert recipe.name in texts(app)
    app.number_input(key="recipe_batch_size").set_value(64).run()  # what is changed then stays changed
    app.run()
    app.button(key="train").click().run()
    trained = run_store().active_run(OWNER).recipe
    assert trained.batch_size == 64
    name = f"{recipe.name.removesuffix(', changed')}, changed"
    assert trained == recipe.model_copy(update={"batch_size": 64, "name": name})


def test_a_preset_in_the_link_is_chosen_and_a_card_forgets_the_link(engine):
    app = train_page(recipe=to_link(PRESETS["script-a"]))
    assert data_of(app, "preset_cards") | {"chosen": "script-a", "changed": False} == data_of(app, "preset_cards")
    assert "filled with" not in texts(app)
    app.query_params["recipe"] = to_link(PRESETS["fast"].model_copy(update={"name": "Mine", "network": OWN_NETWORK}))
    app.run()
    assert app.selectbox(key="recipe_network").value == "linked"
    app.button(key="train").click().run()
    assert run_store().active_run(OWNER).recipe.name == "Mine"
    app = choose_preset(app, "script-b")
    assert "filled with" not in texts(app)
    assert app.selectbox(key="recipe_network").value == "script-b"


@pytest.mark.parametrize("link", ["nonsense!", "AAAA", to_link(PRESETS["fast"])[:-9]])
def test_a_bad_link_gets_one_sentence_and_the_default_form(link):
    app = train_page(recipe=link)
    assert len(app.error) == 1
    assert "link" in app.error[0].value
    assert app.number_input(key="recipe_epochs").value == PRESETS["fast"].epochs
    assert not app.button(key="train").disabled
    assert not app.run().error


@pytest.mark.bad_input(23)
def test_a_disk_that_takes_nothing_is_said_on_every_page_and_what_is_there_is_still_shown(full_disk, monkeypatch):
    monkeypatch.setattr(database, "LOOK_SECONDS", 0.0)
    there = finished()
    app = train_page()
    with full_disk():
        for page in ("draw", "model", "evaluate", "runs", "learn", "scoreboard", "privacy", "train"):
            followed(app, page)
            assert not app.exception
            assert [error.value for error in app.error] == [], page
            said = [warning.value for warning in app.warning if "MNIST is not on this machine" not in warning.value]
            assert said == ["The disk is full."], page
        app.query_params["run"] = there
        app.run()
        assert [heading.value for heading in app.header][:1] == ["Fast"]
        assert "draw_with_it" in buttons(app)
    assert not app.run().warning


@pytest.mark.bad_input(23)
def test_a_model_that_the_disk_does_not_take_can_be_downloaded_where_its_run_is_shown(monkeypatch):
    offered = []
    monkeypatch.setattr(training_view.st, "download_button", lambda *given, **named: offered.append(given[:3]))
    worker = started()
    worker.report(400)
    assert not [file for _, _, file in offered if file.endswith(".safetensors")]
    rescue(worker.run_id, b"model")
    app = train_page(run=worker.run_id)
    worker.leave(RunState.INTERRUPTED)  # where the disk has taken nothing for an hour
    much_later = train_page(run=worker.run_id)
    forget_rescued(worker.run_id)
    assert len([file for _, _, file in offered if file.endswith(".safetensors")]) == 2
    assert offered[-1] == ("Download the model", b"model", "inkling-fast.safetensors")
    for page in (app, much_later):
        assert any("the server's disk does not take its model" in warning.value for warning in page.warning)
        assert not page.exception


def test_a_server_that_forgets_says_so_where_runs_are_made(monkeypatch):
    monkeypatch.setenv("INKLING_FORGETS", "1")
    app = train_page()
    assert any("This server forgets" in line.value for line in app.markdown)
    followed(app, "draw")
    assert not any("This server forgets" in line.value for line in app.markdown)

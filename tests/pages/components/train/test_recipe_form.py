"""The form of a recipe on Train: presets, controls, limits, and a recipe that comes by a link."""

import re

import pytest

from core.digits.augmentation import Augmentation
from core.lessons.glossary import TERMS
from core.networks.layers import Conv2D, Dense, Dropout, Flatten
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import SGD, EarlyStopping
from core.networks.recipe_link import to_link
from core.store.runs import run_store
from tests.pages.harness import (
    choose_preset,
    followed,
    opened,
    texts,
)
from tests.ready_runs import OWNER, SOMEBODY, finished_run


def presets(app):
    return app.radio(key="recipe_preset")


def is_changed(app):
    """Whether the controls differ from the chosen preset."""
    return not app.button(key="reset_recipe").disabled


def test_each_preset_is_a_card_and_the_fast_one_is_chosen():
    app = opened("train", state={"recipe_preset": "../../etc"})  # a browser may send anything
    assert not app.error
    assert presets(app).options == [preset.name for preset in PRESETS.values()]
    assert all("%" in caption for caption in presets(app).proto.captions)
    assert presets(app).value == "fast"
    assert not is_changed(app)
    assert "idle cores" in texts(app)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_chosen_preset_fills_the_controls_and_is_trained_as_it_stands(preset, engine):
    app = choose_preset(opened("train"), preset)
    assert app.number_input(key="recipe_epochs").value == PRESETS[preset].epochs
    assert app.number_input(key="recipe_batch_size").value == PRESETS[preset].batch_size
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    assert run.recipe == PRESETS[preset]
    assert engine.queue_checks == 1
    assert app.query_params["run"] == run.id


def test_what_is_changed_is_trained_even_if_typed_just_before_the_click_and_the_card_says_so():
    app = opened("train")
    app.number_input(key="recipe_epochs").set_value(3)
    app.number_input(key="recipe_batch_size").set_value(64)
    app.selectbox(key="recipe_data_size").select("quick")
    app.number_input(key="recipe_seed").set_value(7)
    app.selectbox(key="recipe_optimizer").select("SGD").run()
    fast, *others = presets(app).proto.captions
    assert fast.endswith("Changed")
    assert "%" not in fast
    assert all("%" in caption for caption in others)
    app.number_input(key="recipe_optimizer_SGD_momentum").set_value(0.9)  # the page has not been drawn with it yet
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    assert (run.recipe.epochs, run.recipe.batch_size, run.recipe.data.size, run.recipe.seed) == (3, 64, "quick", 7)
    assert (run.recipe.optimizer.kind, run.recipe.optimizer.momentum) == ("SGD", 0.9)
    assert run.name == "Fast, changed"
    app.button(key="reset_recipe").click().run()
    assert app.number_input(key="recipe_epochs").value == 1
    assert not is_changed(app)


def test_architecture_and_dropout_of_another_preset_can_be_taken():
    app = opened("train")
    app.selectbox(key="recipe_network").select("script-a-improved").run()
    app.slider(key="recipe_dropout_dropout_2").set_value(0.3).run()
    assert any("60,554" in part.proto.json for part in app.get("bidi_component"))
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    assert [layer.rate for layer in run.recipe.network.layers if layer.layer == "Dropout"] == [0.25, 0.3]
    assert run.recipe.epochs == 1


def test_every_control_is_explained_in_the_recipes_own_words_and_leads_to_the_glossary():
    app = choose_preset(opened("train"), "script-a-improved")  # which has a control of each kind
    assert app.number_input(key="recipe_epochs").help.startswith("How often the network sees every training image.")
    assert "Turn by up to this many degrees, either way." in texts(app)
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
        ("recipe_optimizer_Adam_learning_rate", 11.0, "Learning rate must be a number from 1e-06 to 10"),
        ("recipe_data_handwriting", -1, "Built-in digits mixed in must be a whole number from 0 to 60,000, not -1."),
    ],
)
@pytest.mark.bad_input(13)
def test_a_number_out_of_range_is_refused_with_its_range_and_nothing_can_be_started(key, value, sentence):
    app = opened("train")
    app.number_input(key=key).set_value(value).run()
    assert len(app.error) == 1
    assert sentence in app.error[0].value.replace("\\", "")
    assert app.button(key="train").disabled


def test_contradicting_settings_are_refused_in_one_sentence():
    app = choose_preset(opened("train"), "script-b")
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
    app = opened("train")
    for field, info in Augmentation.model_fields.items():
        assert not any(slider.key == f"recipe_augmentation_{field}" for slider in app.slider)
        app.toggle(key=f"recipe_augmentation_{field}_on").set_value(True).run()
        slider = app.slider(key=f"recipe_augmentation_{field}")
        assert 0 < slider.min < slider.value < slider.max == info.metadata[-1].le
        if field == "rotation":
            assert trained(app).name == "Fast, rotation 10\N{DEGREE SIGN}"


def test_a_range_counts_while_its_switch_is_on_and_is_remembered_while_it_is_off():
    app = opened("train")
    app.toggle(key="recipe_augmentation_elastic_on").set_value(True).run()
    app.slider(key="recipe_augmentation_elastic").set_value(3.0).run()
    app.toggle(key="recipe_augmentation_elastic_on").set_value(False).run()
    assert not is_changed(app)
    app.toggle(key="recipe_augmentation_elastic_on").set_value(True).run()
    app.toggle(key="recipe_augmentation_shift_on").set_value(True).run()
    app.slider(key="recipe_augmentation_shift").set_value(0.1 + 0.05 + 0.02).run()  # not quite 0.17
    assert trained(app).augmentation == Augmentation(elastic=3.0, shift=0.17)


def test_what_was_chosen_is_still_there_after_a_visit_to_another_page():
    app = choose_preset(opened("train"), "script-a")
    app.number_input(key="recipe_epochs").set_value(2).run()
    followed(app, "draw")
    followed(app, "train")
    assert app.number_input(key="recipe_epochs").value == 2
    assert presets(app).value == "script-a"


def test_after_a_reload_the_form_shows_the_recipe_of_the_active_run():
    app = choose_preset(opened("train"), "script-a")
    app.number_input(key="recipe_epochs").set_value(7).run()
    app.button(key="train").click().run()
    (run,) = run_store().runs_of(OWNER)
    again = opened("train", run=run.id)
    assert presets(again).value == "script-a"
    assert again.number_input(key="recipe_epochs").value == 7
    assert again.number_input(key="recipe_batch_size").value == 32
    assert again.button(key="train").disabled
    again.number_input(key="recipe_epochs").set_value(9).run()
    assert not again.button(key="train").disabled


def test_neither_another_visitors_run_nor_a_finished_one_fills_the_form():
    over = finished_run(recipe=PRESETS["script-b"])
    theirs = run_store().submit(SOMEBODY, PRESETS["script-a"])
    for run_id in (theirs, over):
        assert presets(opened("train", run=run_id)).value == "fast"


def test_a_second_recipe_can_wait_and_a_third_exceeds_the_limit(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_ACTIVE_RUNS", "2")
    app = opened("train")
    app.button(key="train").click().run()
    assert app.button(key="train").disabled
    app.number_input(key="recipe_epochs").set_value(2).run()
    app.button(key="train").click().run()
    assert len(run_store().runs_of(OWNER)) == 2
    app.number_input(key="recipe_epochs").set_value(3).run()
    assert app.button(key="train").disabled
    assert any("At most 2 runs at a time" in line.value for line in app.markdown)


def test_the_servers_limits_are_stated_and_enforced(monkeypatch):
    monkeypatch.setenv("INKLING_MAX_EPOCHS", "3")
    app = opened("train")
    assert any("limits: at most 3 epochs of a run" in line.value.replace("\\", "") for line in app.markdown)
    app.number_input(key="recipe_epochs").set_value(4).run()
    assert app.button(key="train").disabled
    assert "allows 3 epochs, and not 4" in app.error[0].value
    monkeypatch.setenv("INKLING_MAX_EPOCHS", "many")
    assert "must be a whole number from 1 to 200, not 'many'" in app.run().error[0].value.replace("\\", "")


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
    app = opened("train", recipe=to_link(recipe))
    assert not app.error
    assert not app.exception
    assert "recipe" not in app.query_params
    assert presets(app).value == preset
    assert recipe.name in texts(app)
    app.number_input(key="recipe_batch_size").set_value(64).run()  # what is changed then stays changed
    app.run()
    app.button(key="train").click().run()
    trained = run_store().active_run(OWNER).recipe
    assert trained.batch_size == 64
    name = f"{recipe.name.removesuffix(', changed')}, changed"
    assert trained == recipe.model_copy(update={"batch_size": 64, "name": name})


def test_a_preset_in_the_link_is_chosen_and_a_card_forgets_the_link(engine):
    app = opened("train", recipe=to_link(PRESETS["script-a"]))
    assert presets(app).value == "script-a"
    assert not is_changed(app)
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
    app = opened("train", recipe=link)
    assert len(app.error) == 1
    assert "link" in app.error[0].value
    assert app.number_input(key="recipe_epochs").value == PRESETS["fast"].epochs
    assert not app.button(key="train").disabled
    assert not app.run().error

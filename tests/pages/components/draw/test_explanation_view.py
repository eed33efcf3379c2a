"""The groups below the answer: folded they cost nothing, unfolded each says in words what it shows."""

import pytest
from streamlit.testing.v1 import AppTest

from core.networks.layers import AveragePooling2D, Dense, Flatten
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from tests.pages.harness import SEVEN, answer, data_of, draw, opened, set_state, table_of, texts
from tests.ready_runs import finished_run

GROUPS = ("layer_views", "pixels_mattered", "nearest", "second_likeliest", "arithmetic")
A = [(60, 240), (140, 40), (220, 240)]
FLAT = Recipe(
    name="Flat",
    network=Network(layers=(AveragePooling2D(pool_size=28), Flatten(), Dense(units=10, activation="softmax"))),
)


@pytest.fixture
def app(monkeypatch) -> AppTest:
    monkeypatch.setattr("core.digits.dataset.COMPARED_DIGITS", 200)
    return opened()


def unfold(app, *groups):
    return set_state(app, **dict.fromkeys(groups, True))


def rows(app, name):
    """The rows of maps of a group, by what they are headed."""
    key = {"layer_views": "layer_maps", "pixels_mattered": "pixels_that_mattered", "second_likeliest": "runner_up"}
    return data_of(app, "map_rows", key[name])["rows"]


def test_before_there_is_a_drawing_each_group_asks_for_one(app):
    unfold(app, *GROUPS)
    assert texts(app).count("Draw a digit, and this is shown") == len(GROUPS)
    assert not app.error


def test_every_layer_of_the_model_has_its_row_with_a_sentence_and_pictures_with_names(app):
    draw(app, SEVEN)
    unfold(app, "layer_views")
    shown = rows(app, "layer_views")
    assert [row["title"] for row in shown] == [row.name for row in PRESETS["accurate"].network.table()]
    assert all(row["sentence"] for row in shown)
    first, last = shown[0], shown[-1]
    assert len(first["words"]) == len(first["alt"]) == 10
    assert first["under"]["image"].startswith("data:image/png")
    assert last["words"] == [str(digit) for digit in range(10)]
    assert "of 7" in last["sentence"]
    app.segmented_control(key="shown_maps").set_value("Up to 128").run()
    assert len(rows(app, "layer_views")[0]["words"]) == 32


def test_occlusion_and_grad_cam_are_shown_with_their_sentences(app):
    draw(app, SEVEN)
    unfold(app, "pixels_mattered")
    covered, cam = rows(app, "pixels_mattered")
    assert "probability of 7" in covered["sentence"]
    assert "relu_4, 4\N{MULTIPLICATION SIGN}4" in cam["sentence"]
    app.selectbox[-1].set_value("relu_1").run()
    assert "relu_1, 12" in rows(app, "pixels_mattered")[1]["sentence"]
    app.segmented_control(key="occlusion_patch").set_value("Grey").run()
    assert rows(app, "pixels_mattered")[0]["pictures"] != covered["pictures"]


def test_the_nearest_training_digits_are_shown_with_label_and_distance(app):
    draw(app, SEVEN)
    unfold(app, "nearest")
    shown = data_of(app, "thumbnails")
    assert len(shown["words"]) == 8
    assert sum(word.startswith("7, ") for word in shown["words"]) > 4
    assert all(
        said.startswith("An 8, " if word[0] == "8" else f"A {word[0]}, ")
        for word, said in zip(shown["words"], shown["alt"], strict=True)
    )
    assert "nearest" in texts(app)


def test_the_runner_up_is_named_with_what_speaks_for_it(app):
    draw(app, SEVEN)
    unfold(app, "second_likeliest")
    (row,) = rows(app, "second_likeliest")
    assert row["sentence"].startswith("Second is ")
    assert row["words"][0] == "Ink here speaks for 7"
    assert len(row["words"]) == len(row["alt"])


def test_a_pixel_is_worked_out_and_another_is_chosen_with_numbers(app):
    draw(app, SEVEN)
    unfold(app, "arithmetic")
    maps = data_of(app, "pixel_grids", "worked_maps")
    column = next(field for field in app.number_input if field.label == "Column")
    assert maps["grids"][1]["window"][1] == column.value - 1
    column.set_value(3).run()
    patch, pixel = (grid["window"] for grid in data_of(app, "pixel_grids", "worked_maps")["grids"])
    assert (patch[1:], pixel[1]) == ([2, 5, 5], 2)
    app.button(key="strongest_pixel").click().run()
    assert data_of(app, "pixel_grids", "worked_maps") == maps
    products = [grid["title"] for grid in data_of(app, "pixel_grids", "worked_products")["grids"]]
    assert products == ["what lies there", "the kernel", "products"]
    assert "sum of all products" in table_of(app, "worked_steps")


def test_a_declined_drawing_is_explained_too_and_said_to_be_declined(app):
    draw(app, A, [(90, 160), (190, 160)])
    assert answer(app)["digit"] is None
    unfold(app, "pixels_mattered", "second_likeliest")
    assert "There is no answer to this drawing" in texts(app)
    assert len(rows(app, "pixels_mattered")) == 2
    assert not app.error


@pytest.mark.parametrize("recipe", [*PRESETS.values(), FLAT], ids=lambda recipe: recipe.name)
def test_any_runs_model_is_explained(app, recipe):
    app.session_state["answering_run"] = finished_run(recipe=recipe)
    draw(app, SEVEN)
    unfold(app, *GROUPS)
    assert not app.error
    assert len(rows(app, "layer_views")) == len(recipe.network.layers)
    assert ("no convolution to work out" in texts(app)) == (recipe is FLAT)
    assert ("there is no Grad-CAM" in texts(app)) == (recipe is FLAT)


@pytest.mark.usefixtures("no_mnist")
def test_without_mnist_the_nearest_are_built_in_digits(app):
    draw(app, SEVEN)
    unfold(app, "nearest")
    assert "built-in digits" in texts(app)

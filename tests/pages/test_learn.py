import json
import re
from math import prod

import numpy as np
import pytest

from core.digits.synthetic.handwriting import handwriting
from core.lessons.glossary import TERMS
from core.networks.layers import Dense, Flatten
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from pages.chapters.inputs import scaling
from pages.chapters.layers import flatten
from pages.chapters.training import epochs, overfitting
from tests.pages.harness import NO_SUCH_RUN, ROOT, all_data_of, data_of, opened, texts, values
from tests.ready_runs import finished_run

CHAPTERS = sorted(path.stem for path in (ROOT / "pages/chapters").glob("*/*.py"))
CHOICES = {
    "scaling_rate": scaling.RATES,
    "epochs_batch": epochs.BATCH_SIZES,
    "overfitting_images": overfitting.COUNTS,
    "overfitting_units": overfitting.UNITS,
    "pooling_size": (2, 7),
}
WITH_MODEL = ["one_hot", "convolution", "flatten", "dense", "relu", "softmax", "loss", "parameters"]
WITH_DIGIT = {"data", "scaling", "max_pooling", *WITH_MODEL} - {"parameters"}
NO_CONVOLUTION = Recipe(network=Network(layers=(Flatten(), Dense(units=10, activation="softmax"))))


def learn_page(chapter=None, drawing=None, **query):
    app = opened("learn", drawing=drawing, chapter=chapter, **query)
    assert not app.exception
    return app


def links(app):
    return [link for data in all_data_of(app, "chapter_links") for link in data["links"]]


def grids(app):
    return [grid for data in all_data_of(app, "pixel_grids") for grid in data["grids"]]


def plain_texts(app):
    """What is shown as it stands, not as Markdown."""
    return [*(option for box in app.selectbox for option in box.options), *(grid["title"] for grid in grids(app))]


@pytest.fixture(scope="module")
def seven():
    images, labels = handwriting(10, 3, spread=0.3, even_pen=True)
    return images[labels == 7][0]


def test_the_contents_list_every_chapter_with_a_sentence_and_credit_both_texts():
    app = learn_page()
    listed = {link["href"].removeprefix("learn?chapter="): link for link in links(app)}
    assert sorted(listed) == CHAPTERS
    assert all(re.fullmatch(r"[^.?!]+[.?!]", link["sentence"]) for link in listed.values())
    assert "Sonia Milanoi" in texts(app)
    assert "three convolutions" in texts(app)


@pytest.mark.parametrize(
    ("chapter", "has_drawn"),
    [*((chapter, False) for chapter in CHAPTERS), *((chapter, True) for chapter in sorted(WITH_DIGIT))],
)
def test_a_chapter_opens_with_and_without_a_drawing_and_links_to_chapters_and_terms_that_exist(
    chapter, has_drawn, seven
):
    app = learn_page(chapter, seven if has_drawn else None)
    assert not app.error
    assert len(app.title) == 1
    assert ("This is a sample digit" in texts(app)) == (chapter in WITH_DIGIT and not has_drawn)
    assert all(json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart"))
    assert set(re.findall(r"chapter=glossary&term=([^)&]+)", texts(app))) <= set(TERMS)
    assert set(re.findall(r"learn\?chapter=([a-z_]+)", texts(app))) <= set(CHAPTERS)


@pytest.mark.parametrize("chapter", WITH_MODEL)
def test_a_chapter_uses_the_model_of_the_run_in_its_link_and_shows_its_name_as_given(chapter, seven):
    run = finished_run("a_b [c]", PRESETS["script-a"])
    app = learn_page(chapter, seven, run=run)
    assert not app.error
    assert all(f"run={run}" in link["href"] for link in links(app))
    assert not [text for text in plain_texts(app) if "\\" in text]
    assert "“a_b [c]”" not in texts(app)  # it would be Markdown
    assert chapter == "convolution" or "“a_b [c]”" in " ".join(plain_texts(app)) + texts(app).replace("\\", "")


@pytest.mark.parametrize("chapter", WITH_MODEL)
def test_a_chapter_opens_with_a_model_without_a_convolution(chapter):
    assert not learn_page(chapter, run=finished_run("Bare", NO_CONVOLUTION)).error


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 2), (3, 3, 1)])
def test_a_short_row_is_shown_whole_with_its_count(shape, monkeypatch):
    size = prod(shape)
    monkeypatch.setattr(flatten, "flatten_input", lambda *_: np.arange(size, dtype=np.float32).reshape(shape))
    app = learn_page("flatten")
    assert not app.error
    row = grids(app)[1]
    assert len(row["numbers"]) == size
    assert row["title"] == "the row, from number 1 on"
    assert len(app.slider) == (size > 1)


@pytest.mark.parametrize("name", ["nosuch", "<script>", "../data", "x" * 3000])
def test_a_link_to_no_chapter_shows_one_sentence_and_the_contents(name):
    app = learn_page(name)
    assert not app.error
    assert values(app.info) == ["There is no such chapter. These are the chapters that exist."]
    assert len(links(app)) == len(CHAPTERS)


def test_a_link_to_no_run_shows_one_sentence_and_the_links_to_other_chapters_stay():
    app = learn_page("softmax", run="nosuchrun")
    assert values(app.error) == [NO_SUCH_RUN]
    assert len(links(app)) == 3


def test_each_chapter_links_to_its_neighbours_and_the_last_one_back_to_the_contents():
    order = [link["href"] for link in links(learn_page())]
    for index, expected in ((0, order[1:2]), (5, [order[4], order[6]]), (-1, [order[-2], "learn"])):
        app = learn_page(order[index].removeprefix("learn?chapter="))
        assert [link["href"] for link in data_of(app, "chapter_links", "neighbours")["links"]] == expected


def test_moving_the_kernel_grows_the_map_and_shows_the_arithmetic(seven):
    app = learn_page("convolution", seven)
    assert "The image is like the kernel here." in texts(app)  # it begins where the drawing is
    app.slider(key="convolution_position_3").set_value(1).run()
    assert grids(app)[0]["window"] == [0, 0, 3, 3]
    assert grids(app)[3]["done"] == 1
    assert "At row 1, column 1: Only paper lies under the kernel, so the sum is 0. Nothing found here." in texts(app)
    app.toggle(key="convolution_whole").set_value(True).run()
    assert grids(app)[3]["done"] is None


def test_a_kernel_that_the_model_has_learned_can_be_moved():
    app = learn_page("convolution")
    app.selectbox(key="convolution_kernel").select("Learned by the model").run()
    assert not app.error
    assert len(grids(app)[2]["numbers"]) == 25
    assert "Filter 1 of 32 in the first layer of the pretrained model" in texts(app)


def test_the_counts_of_both_scripts_follow_the_sliders():
    app = learn_page("parameters")
    assert "**93,322**" in texts(app)
    app.slider(key="parameters_kernel_32_3_Script A").set_value(9).run()
    app.slider(key="parameters_filters_32_3_Script A").set_value(128).run()
    assert not app.error
    assert not app.warning  # 20 pixels are left, enough for the rest
    app.selectbox(key="parameters_network").select("Script B").run()
    assert "**542,230**" in texts(app)
    app.slider(key="parameters_filters_32_3_Script B").set_value(16).run()
    assert f"**{16 * 10 + (13 * 13 * 16 + 1) * 100 + 101 * 10:,}**" in texts(app)


def test_temperature_evens_out_the_probabilities_and_keeps_the_leader(seven):
    app = learn_page("softmax", seven)
    leading = []
    for temperature in (0.2, 1.0, 10.0):
        app.slider(key="softmax_temperature").set_value(temperature).run()
        leading.append(float(re.search(r"takes your drawing for a 7 with ([\d.]+)", texts(app)).group(1)))
    assert leading == sorted(leading, reverse=True)


def test_a_temperature_is_called_measured_only_if_images_were_kept_aside():
    assert "For the pretrained model it is **" in texts(learn_page("softmax"))
    without = texts(learn_page("softmax", run=finished_run(recipe=PRESETS["script-a"])))  # validated on the test set
    assert "nothing was measured, and its answers are given at **1.00**" in without
    assert "it is **" not in without


def test_the_loss_of_a_drawing_depends_on_what_was_meant(seven):
    app = learn_page("loss", seven)
    assert app.button_group(key="loss_digit").value == 7
    app.button_group(key="loss_digit").set_value(3).run()
    assert "If a 3 was meant" in texts(app)


@pytest.mark.parametrize(
    "chapter", ["scaling", "max_pooling", "flatten", "dense", "relu", "optimizers", "epochs", "overfitting"]
)
def test_every_slider_of_a_chapter_can_be_moved_to_both_ends(chapter, seven):
    app = learn_page(chapter, seven)
    for end in (0, 1):
        for slider in app.slider:
            slider.set_value((slider.min, slider.max)[end])
        for key, options in CHOICES.items():
            if key.partition("_")[0] in chapter:
                app.session_state[key] = options[-end]
        app.run()
        assert not app.exception
        assert not app.error


@pytest.mark.usefixtures("no_mnist")
def test_without_mnist_built_in_digits_are_shown():
    assert "Built-in digits are shown instead." in texts(learn_page("data"))

import json
import re
from math import prod

import numpy as np
import pytest

from core.digits.synthetic.handwriting import handwriting
from core.networks.layers import Dense, Flatten
from core.networks.network import Network
from core.networks.presets import PRESETS
from core.networks.recipe import Recipe
from pages.chapters.inputs import scaling
from pages.chapters.layers import flatten
from pages.chapters.training import epochs, overfitting
from tests.pages.harness import ROOT, all_data_of, opened, texts
from tests.played import finished_run

CHAPTERS = sorted(path.stem for path in (ROOT / "pages" / "chapters").glob("*/*.py"))
CHOICES = {
    "scaling_rate": scaling.RATES,
    "epochs_batch": epochs.BATCH_SIZES,
    "overfitting_images": overfitting.COUNTS,
    "overfitting_units": overfitting.UNITS,
    "pooling_size": (2, 7),
}
ON_A_MODEL = ["one_hot", "convolution", "flatten", "dense", "relu", "softmax", "loss", "parameters"]
READ_ONLY = ["better_than_script_a", "improvements", "script_a", "script_b", "workshop", "glossary"]
NO_CONVOLUTION = Recipe(network=Network(layers=(Flatten(), Dense(units=10, activation="softmax"))))


def learn_page(chapter=None, drawing=None, **query):
    return opened("learn", drawing=drawing, chapter=chapter, **query)


def links(app):
    return [link for data in all_data_of(app, "chapter_links") for link in data["links"]]


def a_seven():
    images, labels = handwriting(10, 3, spread=0.3, even_pen=True)
    return images[labels == 7][0]


@pytest.fixture
def on_script_a():
    return finished_run("Mine", PRESETS["script-a"])


@pytest.fixture
def on_marked_up():
    return finished_run("a_b [c]", PRESETS["script-a"])


def test_the_contents_lists_every_chapter_with_its_sentence_and_credits_both_texts():
    app = learn_page()
    assert not app.error
    assert [title.value for title in app.title] == ["Learn"]
    listed = {link["href"].removeprefix("?chapter="): link for link in links(app)}
    assert sorted(listed) == CHAPTERS
    assert all(re.fullmatch(r"[^.?!]+[.?!]", link["sentence"]) for link in listed.values())
    assert "Sonia Milanoi" in texts(app)
    assert "three convolutions" in texts(app)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_opens_from_its_link_on_the_shipped_model_with_and_without_a_drawing(chapter):
    for drawing in (None, a_seven()):
        app = learn_page(chapter, drawing)
        assert not app.exception
        assert not app.error
        assert len(app.title) == 1
        works_on_digit = chapter not in READ_ONLY and ("sample digit" in texts(app) or "your drawing" in texts(app))
        assert ("A sample digit stands here" in texts(app)) == (works_on_digit and drawing is None)
        said = [grid["said"] for data in all_data_of(app, "pixel_grids") for grid in data["grids"]]
        assert all(said)
        assert all(json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart"))


@pytest.mark.parametrize("chapter", ON_A_MODEL)
def test_a_chapter_asks_the_model_of_the_run_in_its_link_even_one_without_a_convolution(chapter, on_script_a):
    app = learn_page(chapter, a_seven(), run=on_script_a)
    assert not app.error
    assert (
        "“Mine”"
        in texts(app)
        + " ".join(option for box in app.selectbox for option in box.options)
        + "".join(grid["title"] for data in all_data_of(app, "pixel_grids") for grid in data["grids"])
        or chapter == "convolution"
    )
    assert all(f"run={on_script_a}" in link["href"] for link in links(app))
    assert not learn_page(chapter, run=finished_run("Bare", NO_CONVOLUTION)).error


@pytest.mark.parametrize("chapter", ON_A_MODEL)
def test_a_models_name_shows_as_it_was_given_in_text_and_outside_it(chapter, on_marked_up):
    app = learn_page(chapter, a_seven(), run=on_marked_up)
    assert not app.error
    outside = [option for box in app.selectbox for option in box.options]
    outside += [grid["title"] for data in all_data_of(app, "pixel_grids") for grid in data["grids"]]
    assert not [text for text in outside if "\\" in text]
    assert "“a_b [c]”" not in texts(app)
    assert chapter == "convolution" or "“a_b [c]”" in " ".join(outside) or r"“a\_b \[c\]”" in texts(app)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 4), (2, 2, 2), (3, 3, 1)])
def test_a_short_row_is_shown_whole_with_its_count(shape, monkeypatch):
    size = prod(shape)
    monkeypatch.setattr(flatten, "flattened", lambda *_: np.arange(size, dtype=np.float32).reshape(shape))
    app = learn_page("flatten")
    assert not app.error
    row = all_data_of(app, "pixel_grids")[0]["grids"][1]
    assert len(row["numbers"]) == size
    assert row["title"] == "the row, from number 1 on"
    assert row["said"].startswith(f"{size} of the row's {size} numbers")
    assert len(app.slider) == (size > 1)


@pytest.mark.parametrize("name", ["nosuch", "<script>", "../data", "x" * 3000])
def test_a_link_to_no_chapter_gets_one_sentence_and_the_contents(name):
    app = learn_page(name)
    assert not app.error
    assert [info.value for info in app.info] == ["There is no such chapter. Here are those that there are."]
    assert len(links(app)) == len(CHAPTERS)


def test_a_link_to_no_run_gets_one_sentence_and_the_way_on_stays():
    app = learn_page("softmax", run="nosuchrun")
    assert [error.value for error in app.error] == [
        "There is no such run here. It may have been deleted, or the link is incomplete."
    ]
    assert len(links(app)) == 3


def test_each_chapter_leads_to_its_neighbours_and_the_last_one_back_to_the_contents():
    order = [link["href"] for link in links(learn_page())]
    for place in (0, 5, len(order) - 1):
        around = [
            link["href"]
            for link in all_data_of(learn_page(order[place].removeprefix("?chapter=")), "chapter_links")[-1]["links"]
        ]
        wanted = [*order[max(place - 1, 0) : place], *order[place + 1 : place + 2]]
        assert around == (wanted if place < len(order) - 1 else [*wanted, "?"])


def test_sliding_the_kernel_grows_the_map_and_tells_the_arithmetic():
    app = learn_page("convolution", a_seven())
    assert "The image is like the kernel here." in texts(app)  # it begins where the drawing is
    app.slider(key="convolution_place_3").set_value(1).run()
    grids = all_data_of(app, "pixel_grids")[0]["grids"]
    assert grids[0]["window"] == [0, 0, 3, 3]
    assert grids[3]["done"] == 1
    assert "At row 1, column 1: Only paper lies under the kernel, so the sum is 0. Nothing found here." in texts(app)
    app.toggle(key="convolution_whole").set_value(True).run()
    assert all_data_of(app, "pixel_grids")[0]["grids"][3]["done"] is None


def test_a_kernel_that_the_model_has_learned_can_be_slid():
    app = learn_page("convolution")
    app.selectbox(key="convolution_kernel").select("Learned by the model").run()
    assert not app.error
    assert len(all_data_of(app, "pixel_grids")[0]["grids"][2]["numbers"]) == 25
    assert "Filter 1 of 32 in the first layer of the pretrained model" in texts(app)


def test_the_counts_of_both_scripts_appear_and_follow_the_sliders():
    app = learn_page("parameters")
    assert "**93,322**" in texts(app)
    app.selectbox(key="parameters_network").select("Script B").run()
    assert "**542,230**" in texts(app)
    app.slider(key="parameters_filters_32_3_Script B").set_value(16).run()
    assert f"**{16 * 10 + (13 * 13 * 16 + 1) * 100 + 101 * 10:,}**" in texts(app)
    app.slider(key="parameters_kernel_32_3_Script B").set_value(1).run()
    assert not app.error


def test_a_kernel_that_fits_no_longer_is_refused_in_one_sentence():
    app = learn_page("parameters")
    app.selectbox(key="parameters_network").select("Script A").run()
    app.slider(key="parameters_kernel_32_3_Script A").set_value(9).run()
    assert not app.error
    assert not app.warning  # 20 pixels are left, and that is enough for the rest
    app.slider(key="parameters_filters_32_3_Script A").set_value(128).run()
    assert not app.error


def test_temperature_evens_the_probabilities_out_and_keeps_the_leader():
    app = learn_page("softmax", a_seven())
    shares = []
    for temperature in (0.2, 1.0, 10.0):
        app.slider(key="softmax_temperature").set_value(temperature).run()
        shares.append(re.search(r"takes your drawing for a 7 with ([\d.]+)", texts(app)).group(1))
    assert sorted(map(float, shares), reverse=True) == [float(share) for share in shares]


def test_a_temperature_is_called_measured_only_where_images_were_kept_aside(on_script_a):
    assert "For the pretrained model it is **" in texts(learn_page("softmax"))
    without = texts(learn_page("softmax", run=on_script_a))  # validated on the test set
    assert "nothing was measured, and its answers are given at **1.00**" in without
    assert "it is **" not in without


def test_the_loss_of_a_drawing_depends_on_what_was_meant():
    app = learn_page("loss", a_seven())
    assert app.button_group(key="loss_digit").value == 7
    app.button_group(key="loss_digit").set_value(3).run()
    assert "If a 3 was meant" in texts(app)


def test_every_slider_of_a_chapter_can_go_to_both_of_its_ends():
    for chapter in ("scaling", "max_pooling", "flatten", "dense", "relu", "optimizers", "epochs", "overfitting"):
        app = learn_page(chapter, a_seven())
        for end in (0, 1):
            for slider in app.slider:
                slider.set_value((slider.min, slider.max)[end])
            for key, options in CHOICES.items():
                if key.partition("_")[0] in chapter:
                    app.session_state[key] = options[-end]
            app.run()
            assert not app.exception
            assert not app.error, (chapter, end)


def test_chapters_are_reached_without_mnist_too(monkeypatch, tmp_path):
    from pages.components.learn import chapter

    monkeypatch.setenv("INKLING_MNIST", str(tmp_path / "none.npz"))
    chapter.mnist_digits.clear()
    assert "Built-in digits stand in" in texts(learn_page("data"))
    chapter.mnist_digits.clear()

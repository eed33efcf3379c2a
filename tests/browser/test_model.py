import re
import zipfile

import pytest
from playwright.sync_api import expect

from core.networks.model import load_model, pretrained
from core.networks.presets import PRESETS
from core.networks.recipe import parse_recipe
from tests.browser.harness import downloaded, expect_nothing_wider, turn
from tests.samples import hundred_digits, many_snapshots


def open_model(visit, query=""):
    visit.goto(f"/model{query}")
    expect(blocks(visit).first).to_be_visible()


def blocks(visit):
    return visit.page.get_by_role("list", name="Architecture").get_by_role("button")


def row(visit, name):
    return visit.page.get_by_role("table").get_by_role("row", name=name)


def lit_code(visit):
    return visit.page.locator("code .line.lit")


def test_a_block_under_the_pointer_lights_up_its_row_and_its_line_of_code(server, visitor):
    visit = visitor(server)
    open_model(visit)
    lit = re.compile(r"\blit\b")
    block = visit.page.get_by_role("button", name="conv2d_3, Conv2D, output 8")
    block.hover()
    expect(row(visit, "conv2d_3")).to_have_class(lit)
    expect(lit_code(visit)).to_have_text(re.compile(r"Conv2D\(64, 3, use_bias=False\)"))
    expect(visit.page.get_by_role("status").filter(has_text="conv2d_3")).to_contain_text("36,864 parameters")
    row(visit, "dense_1").hover()
    expect(visit.page.get_by_role("button", name="dense_1")).to_have_class(lit)
    expect(block).not_to_have_class(lit)
    visit.page.get_by_role("heading", name="Model").hover()
    expect(lit_code(visit)).to_have_count(0)


def test_blocks_are_reached_and_pinned_by_keyboard(server, visitor):
    visit = visitor(server)
    open_model(visit)
    blocks(visit).first.focus()
    visit.page.keyboard.press("Tab")
    expect(blocks(visit).nth(1)).to_be_focused()
    expect(lit_code(visit)).to_have_text(re.compile("MaxPooling2D"))
    visit.page.keyboard.press("Enter")
    expect(blocks(visit).nth(1)).to_have_attribute("aria-pressed", "true")
    visit.page.keyboard.press("Enter")
    expect(blocks(visit).nth(1)).to_have_attribute("aria-pressed", "false")


def test_a_tap_on_a_block_lights_up_its_row_and_its_code_until_the_next_tap(server, visitor):
    visit = visitor(server, 375, 667, has_touch=True, is_mobile=True)
    open_model(visit)
    block = visit.page.get_by_role("button", name="maxpooling2d_1")
    block.tap()
    expect(row(visit, "maxpooling2d_1")).to_have_class(re.compile(r"\blit\b"))
    expect(lit_code(visit)).to_have_text(re.compile(r"MaxPooling2D\(\)"))
    block.tap()
    expect(lit_code(visit)).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (320, 568)])
def test_nothing_is_wider_than_the_screen_by_day_or_by_night(server, visitor, width, height):
    visit = visitor(server, width, height, color_scheme="light")
    open_model(visit)
    visit.page.get_by_text("Keras' own summary").click()
    for scheme in ("light", "dark"):
        turn(visit, scheme)
        expect(visit.page.get_by_text("Total params: 284,074")).to_be_visible()
        expect_nothing_wider(visit, width)
        for part in (visit.page.get_by_role("list", name="Architecture"), visit.page.get_by_role("table")):
            box = part.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width


def test_the_shipped_model_can_be_downloaded_in_both_formats_and_its_recipe_too(server, visitor, tmp_path):
    visit = visitor(server)
    open_model(visit)
    weights = downloaded(visit, "Weights", tmp_path)
    assert weights.name == "inkling-pretrained.safetensors"
    assert load_model(weights).scores == pretrained().scores
    keras_file = downloaded(visit, "Keras file", tmp_path)
    assert keras_file.name == "inkling-pretrained.keras"
    assert "model.weights.h5" in zipfile.ZipFile(keras_file).namelist()
    recipe = downloaded(visit, "Recipe", tmp_path)
    assert parse_recipe(recipe.read_bytes()) == pretrained().recipe


def test_a_run_is_looked_at_downloaded_and_drawn_with(workspace, tmp_path, visitor):
    visit = workspace.enter(visitor(workspace.server))
    run_id = workspace.finished_run("My first", PRESETS["script-b"])
    open_model(visit, f"?run={run_id}")
    expect(visit.page.get_by_text("98.76\N{THIN SPACE}%", exact=True)).to_be_visible()
    expect(row(visit, "Total")).to_contain_text("542,230")
    weights = downloaded(visit, "Weights", tmp_path)
    assert weights.name == "inkling-my-first.safetensors"
    assert load_model(weights).recipe == PRESETS["script-b"]
    visit.page.get_by_role("button", name="Draw with it").click()
    expect(visit.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(visit.page.get_by_role("button", name="My first, 98.76")).to_be_visible()


def test_the_code_is_copied_as_it_stands(server, visitor):
    visit = visitor(server)
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_model(visit)
    visit.page.get_by_role("button", name="Copy").first.click()
    expect(visit.page.get_by_role("button", name="Copied")).to_be_visible()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import keras\n")
    assert copied.endswith("])\n")


def test_the_snapshots_of_a_run_are_played_and_its_script_is_downloaded(workspace, tmp_path, visitor):
    visit = workspace.enter(visitor(workspace.server, 375, 667))
    samples = hundred_digits()
    snapshots = many_snapshots(PRESETS["fast"].network, 3, samples.images)
    run_id = workspace.finished_run("My first", samples=samples, snapshots=snapshots)
    open_model(visit, f"?run={run_id}")
    slider, said = visit.page.get_by_role("slider", name="Epoch"), visit.page.locator(".snapshots .sentence")
    expect(slider).to_have_attribute("aria-valuetext", "after epoch 3")
    expect(said).to_contain_text("Between the beginning and epoch 3 the largest weight grew")
    expect(visit.page.get_by_role("list", name="Filters").get_by_role("img")).to_have_count(16)
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "before epoch 1")
    expect(said).to_contain_text("Before epoch 1 the largest weight is")
    visit.page.get_by_role("button", name="Play").click()
    expect(visit.page.get_by_role("button", name="Pause")).to_be_visible()
    expect(slider).to_have_attribute("aria-valuetext", "after epoch 3")
    expect(visit.page.get_by_role("button", name="Play")).to_be_visible()
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
    script = downloaded(visit, "Script", tmp_path)
    assert script.name == "inkling-my-first.py"
    compile(script.read_text(encoding="utf-8"), script.name, "exec")

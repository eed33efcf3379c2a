"""The chapters of Learn that are words: the glossary, the scripts line by line, the improvements, the workshop."""

import re

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.lessons.glossary import TERMS, find
from core.lessons.improvements import BETTER_QUICK, IMPROVEMENTS
from core.lessons.scripts import SCRIPTS
from core.lessons.workshop import PLAN
from core.networks.presets import PRESETS
from core.networks.recipe_link import from_link
from core.store.runs import run_store
from tests.pages.harness import ROOT, data_of, opened, texts
from tests.played import OWNER

CHAPTERS = {path.stem for path in (ROOT / "pages/chapters").glob("*/*.py")}


# The glossary


def test_the_glossary_holds_every_term_and_puts_the_one_in_the_address_first():
    app = opened("learn", chapter="glossary", term="Learning Rate")
    assert not app.error
    data = data_of(app, "glossary_view")
    assert [term["key"] for term in data["terms"]] == list(TERMS)
    assert data["shown"] == "learning-rate"
    assert data_of(opened("learn", chapter="glossary"), "glossary_view")["shown"] == ""


@pytest.mark.parametrize("word", ["nosuchword", "<b>", "![x](http://a.example/b.png)", "x" * 5000])
def test_a_word_that_the_glossary_lacks_gets_one_sentence_and_all_the_others(word):
    app = opened("learn", chapter="glossary", term=word)
    assert not app.error
    (said,) = app.info
    assert said.value.endswith("in the glossary. Look for another word below.")
    assert "![x]" not in said.value
    assert len(data_of(app, "glossary_view")["terms"]) == len(TERMS)


def test_a_term_leads_only_to_chapters_that_there_are():
    terms = data_of(opened("learn", chapter="glossary"), "glossary_view")["terms"]
    assert {term["chapter"] for term in terms} - {""} <= CHAPTERS
    assert all(bool(term["chapter"]) == bool(term["title"]) for term in terms)


# The scripts, the improvements, the path


@pytest.mark.parametrize("preset", SCRIPTS)
def test_a_script_is_shown_whole_with_its_explanations_and_words_to_look_up(preset):
    app = opened("learn", chapter=preset.replace("-", "_"))
    assert not app.error
    lines = data_of(app, "script_reader")["lines"]
    assert "".join(f"{line['code']}\n" for line in lines) == SCRIPTS[preset].source
    assert all(term["term"] in TERMS for line in lines for term in line["terms"])


@pytest.mark.parametrize(
    ("chapter", "button", "recipe"),
    [
        ("script_a", "run_script", PRESETS["script-a"]),
        ("script_b", "run_script", PRESETS["script-b"]),
        *(("improvements", f"try_{improvement.key}", improvement.recipe) for improvement in IMPROVEMENTS[::3]),
        ("improvements", "try_all", PRESETS["script-a-improved"]),
        ("better_than_script_a", "path_one_cycle", BETTER_QUICK),
    ],
)
def test_a_button_opens_train_with_its_recipe_and_starts_nothing(chapter, button, recipe, monkeypatch):
    ways = []
    before = [run.id for run in run_store().runs_of(OWNER)]
    monkeypatch.setattr(st, "switch_page", lambda page, query_params: ways.append((page, query_params["recipe"])))
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    # Without the router, whose guard AppTest meets at every click, and by it loses the click.
    app = AppTest.from_string(
        f"from pages.chapters.guides import {chapter}\n{chapter}.render()", default_timeout=30
    ).run()
    app.button(key=button).click().run()
    assert not app.error
    ((page, link),) = ways
    assert page == "pages/train.py"
    assert from_link(link) == recipe
    assert [run.id for run in run_store().runs_of(OWNER)] == before


def test_each_improvement_says_what_to_expect_and_how_to_compare():
    app = opened("learn", chapter="improvements")
    assert not app.error
    for improvement in IMPROVEMENTS:
        assert app.button(key=f"try_{improvement.key}")
        assert improvement.expect in texts(app)
    assert "Select both there" in texts(app)
    assert "**below** Script A" in texts(app)


# The workshop


def test_the_workshop_is_shown_and_can_be_taken_home():
    app = opened("learn", chapter="workshop")
    assert not app.error
    assert [heading.value for heading in app.header] == ["Before", *(part.title for part in PLAN)]
    assert app.get("download_button")


@pytest.mark.parametrize("chapter", ["script_a", "script_b", "improvements", "workshop", "better_than_script_a"])
def test_every_link_within_learn_leads_to_a_chapter_or_a_word_that_there_is(chapter):
    shown = texts(opened("learn", chapter=chapter))
    assert all(find(word) for word in re.findall(r"chapter=glossary&term=([^)&]+)", shown))
    missing = {name for name in re.findall(r"learn\?chapter=([a-z_]+)", shown) if name not in CHAPTERS}
    assert not missing

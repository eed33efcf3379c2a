"""The chapters of Learn that are to be read: the glossary, the scripts, the improvements, the workshop."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.lessons.glossary import TERMS
from core.lessons.improvements import BETTER_QUICK, IMPROVEMENTS
from core.lessons.scripts import SCRIPTS
from core.lessons.workshop import PLAN, PREPARE
from core.networks.presets import PRESETS
from core.networks.recipe_link import from_link
from core.store.runs import run_store
from pages.components.learn import chapter_links
from tests.pages.harness import ROOT, data_of, opened, texts
from tests.ready_runs import OWNER

CHAPTERS = {path.stem for path in (ROOT / "pages/chapters").glob("*/*.py")}


def learn_page(chapter, **query):
    app = opened("learn", chapter=chapter, **query)
    assert not app.error
    return app


def test_the_glossary_holds_every_term_and_puts_the_one_in_the_address_first():
    data = data_of(learn_page("glossary", term="Learning Rate"), "glossary_view")
    assert [term["key"] for term in data["terms"]] == list(TERMS)
    assert data["first"] == "learning-rate"
    assert data_of(learn_page("glossary"), "glossary_view")["first"] == ""


@pytest.mark.parametrize("word", ["nosuchword", "<b>", "![x](http://a.example/b.png)", "x" * 5000])
def test_for_an_unknown_word_the_glossary_shows_one_sentence_and_all_terms(word):
    app = learn_page("glossary", term=word)
    (info,) = app.info
    assert info.value.endswith("in the glossary. Look for another word below.")
    assert "![x]" not in info.value
    assert len(data_of(app, "glossary_view")["terms"]) == len(TERMS)


def test_every_chapter_that_a_term_links_to_exists():
    terms = data_of(learn_page("glossary"), "glossary_view")["terms"]
    assert {term["chapter"] for term in terms} - {""} <= CHAPTERS
    assert all(bool(term["chapter"]) == bool(term["title"]) for term in terms)


@pytest.mark.parametrize(
    "clicked", [None, 7, {"chapter": "loss"}, "learn?chapter=loss&evil=1&term=", "//other.example"]
)
def test_a_click_sets_nothing_but_chapter_and_term_and_keeps_the_run(clicked, monkeypatch):
    state, query = {"links": {"followed": clicked}}, {"chapter": "data", "term": "pixel", "run": "mine"}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(
        st, "query_params", type("Query", (dict,), {"from_dict": lambda self, new: kept.update(new)})(query)
    )
    kept = {}
    chapter_links.follow("links")
    expected = {
        "learn?chapter=loss&evil=1&term=": {"chapter": "loss", "run": "mine"},
        "//other.example": {"run": "mine"},
    }
    assert kept == (expected[clicked] if isinstance(clicked, str) else {})


@pytest.mark.parametrize("preset", SCRIPTS)
def test_a_script_is_shown_whole_with_explanations_and_terms_to_look_up(preset):
    lines = data_of(learn_page(preset.replace("-", "_")), "script_reader")["lines"]
    assert "".join(f"{line['code']}\n" for line in lines) == SCRIPTS[preset].source
    hrefs = {link["href"] for line in lines for link in line["terms"]}
    assert hrefs <= {f"learn?chapter=glossary&term={key}" for key in TERMS}


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
    opened_pages = []
    monkeypatch.setattr(st, "switch_page", lambda page, query_params: opened_pages.append((page, query_params)))
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    # Without the router: its guard reruns at every click, and AppTest loses the click.
    script = f"from pages.chapters.guides import {chapter}\n{chapter}.render()"
    app = AppTest.from_string(script, default_timeout=30).run()
    app.button(key=button).click().run()
    assert not app.error
    ((page, query),) = opened_pages
    assert page == "pages/train.py"
    assert from_link(query["recipe"]) == recipe
    assert not run_store().runs_of(OWNER)


def test_each_improvement_says_what_to_expect_and_how_to_compare():
    app = learn_page("improvements")
    for improvement in IMPROVEMENTS:
        assert app.button(key=f"try_{improvement.key}")
        assert improvement.expectation in texts(app)
    assert "Select both there" in texts(app)
    assert "**below** Script A" in texts(app)


def test_the_workshop_is_shown_and_can_be_downloaded():
    app = learn_page("workshop")
    assert {PREPARE.strip(), PLAN.strip()} <= {text.value for text in app.markdown}
    assert app.get("download_button")

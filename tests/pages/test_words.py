"""The chapters of Learn that are words: the glossary, the scripts line by line, the improvements, the workshop."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.insight.glossary import TERMS
from pages.chapters.titles import title

APP = str(Path(__file__).parents[2] / "app.py")


def opened(chapter, **query):
    app = AppTest.from_file(APP, default_timeout=30)
    app.run().switch_page("pages/learn.py")
    for name, value in {"chapter": chapter, **query}.items():
        app.query_params[name] = value
    return app.run()


def data_of(app, name):
    return next(
        json.loads(part.proto.json)
        for part in app.get("bidi_component")
        if part.proto.component_name == f"inkling.{name}"
    )


def texts(app):
    return " ".join(text.value for text in app.markdown)


# The glossary


def test_the_glossary_holds_every_term_and_puts_the_one_in_the_address_first():
    app = opened("glossary", term="Learning Rate")
    assert not app.error
    data = data_of(app, "glossary")
    assert [term["key"] for term in data["terms"]] == list(TERMS)
    assert data["shown"] == "learning-rate"
    assert data_of(opened("glossary"), "glossary")["shown"] == ""


@pytest.mark.parametrize("word", ["nosuchword", "<b>", "![x](http://a.example/b.png)", "x" * 5000])
def test_a_word_that_the_glossary_lacks_gets_one_sentence_and_all_the_others(word):
    app = opened("glossary", term=word)
    assert not app.error
    (said,) = app.info
    assert said.value.endswith("in the glossary. Look for another word below.")
    assert "![x]" not in said.value
    assert len(data_of(app, "glossary")["terms"]) == len(TERMS)


def test_a_term_leads_only_to_chapters_that_there_are():
    assert all(
        bool(term["chapter"]) == bool(term["title"]) for term in data_of(opened("glossary"), "glossary")["terms"]
    )
    assert title("glossary") == "Glossary"
    assert title("no_such_chapter") == title("../titles") == title("titles") == ""

from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from core.digits.augmentation import Augmentation
from core.lessons.glossary import TERMS, find, term_of
from core.networks import layers, recipe


def settings_of(module):
    """The classes with fields that a module defines."""
    return [
        made
        for name, made in vars(module).items()
        if isinstance(made, type) and issubclass(made, BaseModel) and made.__module__ == module.__name__
    ]


SETTINGS = [
    *(made for made in settings_of(recipe) if made.__name__[0] != "_"),
    *get_args(get_args(layers.Layer)[0]),
    Augmentation,
]


@pytest.mark.parametrize("owner", SETTINGS, ids=lambda owner: owner.__name__)
def test_every_setting_of_a_recipe_has_a_term(owner):
    for field in ("", *owner.model_fields):
        assert term_of(owner, field) in TERMS.values(), field


def test_each_setting_gets_the_term_that_it_is_about():
    assert term_of(recipe.Adam, "learning_rate").name == "Learning rate"
    assert term_of(recipe.SGD, "kind").name == "SGD"
    assert term_of(layers.Dropout, "rate").question == "What is dropout?"
    assert term_of(recipe.Recipe, "epochs").question == "What is an epoch?"


@pytest.mark.parametrize("term", TERMS.values(), ids=lambda term: term.key)
def test_a_term_has_a_meaning_and_an_analogy_of_one_sentence_each(term):
    for sentence in (term.meaning, term.analogy):
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".")
        assert ". " not in sentence
        assert len(sentence) < 220
    assert "!" not in term.meaning + term.analogy
    assert term.question.endswith("?")


def test_terms_are_in_alphabetical_order_and_no_two_share_an_analogy():
    names = [term.name.lower() for term in TERMS.values()]
    assert names == sorted(names)
    assert len({term.analogy for term in TERMS.values()}) == len(TERMS)


def test_no_word_leads_to_two_terms():
    words = Counter(
        word.lower() for term in TERMS.values() for word in {term.name.lower(), *map(str.lower, term.synonyms)}
    )
    assert [word for word, count in words.items() if count > 1] == []


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("learning-rate", "Learning rate"),
        ("Learning Rate", "Learning rate"),
        ("optimizer", "Optimiser"),
        ("tf.data", "tf.data pipeline"),
        ("one-hot", "One-hot encoding"),
        ("L1", "L1 penalty"),
        ("confusion matrix", "Confusion matrix"),
    ],
)
def test_a_word_is_found_however_it_is_written(word, name):
    assert find(word).name == name


@given(st.text())
def test_any_text_is_a_term_or_none(word):
    term = find(word)
    assert term is None or term in TERMS.values()


def test_every_term_is_found_by_its_key():
    assert all(find(key) is term for key, term in TERMS.items())

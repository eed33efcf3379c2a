"""The glossary: every word that a control or a page uses, and the term that explains each setting of a recipe."""

from __future__ import annotations

import re

from pydantic import BaseModel

from core.lessons.glossary import data_terms, measurement_terms, network_terms, training_terms
from core.lessons.glossary.term import Term, key_of

__all__ = ["TERMS", "Term", "find", "term_of"]

_ALL = (*data_terms.TERMS, *network_terms.TERMS, *training_terms.TERMS, *measurement_terms.TERMS)
TERMS = {term.key: term for term in sorted(_ALL, key=lambda term: term.name.lower())}
_BY_WORD = {key_of(word): term for term in _ALL for word in (*term.synonyms, term.name)}
_TAGS = ("kind", "layer")  # fields that say which class a value is of
_OTHER_WORDS = {  # of the classes and fields that are not called what their term is called
    "Data": "Training set",
    "data": "Training set",
    "size": "Training set",
    "source": "MNIST",
    "network": "Neural network",
    "use_bias": "Bias",
}


def find(word: str) -> Term | None:
    """The term with this name or synonym, in any case, with spaces or hyphens; None where there is none."""
    return _BY_WORD.get(key_of(word))


def term_of(owner: type[BaseModel], field: str = "") -> Term:
    """The term that explains a setting: the field's own, else that of the class.

    Args:
        owner: a class that a recipe consists of, such as `Recipe`, `Adam`, `Augmentation` or `Conv2D`.
        field: one of its fields; "" for the class itself.
    """
    kind = owner.__name__
    names = ("" if field in _TAGS else field, kind, _SMALL_THEN_CAPITAL.sub(" ", kind.removesuffix("2D")))
    words = (key_of(_OTHER_WORDS.get(name, name)) for name in names)
    return next(_BY_WORD[word] for word in words if word in _BY_WORD)


_SMALL_THEN_CAPITAL = re.compile("(?<=[a-z])(?=[A-Z])")  # where two words meet in "EarlyStopping"

"""The glossary: every word that a control or a page uses, and the term that explains each setting of a recipe."""

from __future__ import annotations

from pydantic import BaseModel

from core.lessons.glossary import data_terms, measurement_terms, network_terms, training_terms
from core.lessons.glossary.setting_terms import SETTING_TERMS
from core.lessons.glossary.term import Term, key_of

__all__ = ["TERMS", "Term", "find", "term_of"]

_ALL = (*data_terms.TERMS, *network_terms.TERMS, *training_terms.TERMS, *measurement_terms.TERMS)
TERMS = {term.key: term for term in sorted(_ALL, key=lambda term: term.name.lower())}
_BY_WORD = {key_of(word): term for term in _ALL for word in (*term.synonyms, term.name)}
_TAGS = ("kind", "layer")  # fields that say which class a value is of


def find(word: str) -> Term | None:
    """The term with this name or synonym, in any case, with spaces or hyphens; None where there is none."""
    return _BY_WORD.get(key_of(word))


def term_of(owner: type[BaseModel], field: str = "") -> Term:
    """The term that explains a setting.

    Args:
        owner: a class that a recipe consists of, such as `Recipe`, `Adam`, `Augmentation` or `Conv2D`.
        field: one of its fields; "" for the class itself.
    """
    return TERMS[key_of(SETTING_TERMS[owner.__name__]["" if field in _TAGS else field])]

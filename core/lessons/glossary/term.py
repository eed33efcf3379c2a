"""A term of the glossary."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word of the field.

    Attributes:
        name: the word, as it heads its entry.
        meaning: what it means, in one sentence.
        analogy: something similar from everyday life, in one sentence.
        chapter: module name of the chapter of Learn that shows it; "" for none.
        phrase: what follows "What is" in a question; "" for the name with a small first letter.
        synonyms: other words under which it is found.
    """

    name: str
    meaning: str
    analogy: str
    chapter: str = ""
    phrase: str = ""
    synonyms: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name as a part of an address: "One-hot encoding" gives one-hot-encoding."""
        return key_of(self.name)

    @property
    def question(self) -> str:
        """The text of a link to the term: "What is a learning rate?"."""
        return f"What is {self.phrase or self.name[0].lower() + self.name[1:]}?"


def key_of(word: str) -> str:
    """A word in small letters and digits, joined by hyphens."""
    return "-".join(re.findall("[a-z0-9]+", word.lower()))


def read_terms(text: str) -> tuple[Term, ...]:
    """The terms of a text.

    A term begins with a line of its name and, after " | ", its other fields by name. Below it are its meaning, which
    begins with "=", and its analogy, which begins with "~"; their other lines are indented further.
    """
    terms = []
    for entry in re.split(r"\n(?=\S)", text.strip("\n")):
        head, meaning, analogy = (re.sub("\n +", " ", part) for part in re.split(r"\n  [=~] ", entry))
        name, *others = head.split(" | ")
        fields = dict(other.split(": ", 1) for other in others)
        synonyms = fields.pop("synonyms", "")
        terms.append(Term(name, meaning, analogy, **fields, synonyms=tuple(synonyms.split(", ") if synonyms else ())))
    return tuple(terms)

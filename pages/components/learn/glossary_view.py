"""The glossary, to search and to browse: a component of our own, because it filters at every letter typed."""

from dataclasses import asdict

from core.lessons.glossary import TERMS, Term
from pages.components.base.component import register
from pages.components.learn import chapter
from pages.components.learn.chapter_links import address, follow

_glossary = register(__file__)


def question(term: Term) -> str:
    """A link to a term's entry, as small grey Markdown: "What is an epoch?". It opens another tab."""
    return f"[:gray[{term.question}]]({address('glossary', term=term.key)})"


def render(first: Term | None) -> None:
    """Draw the whole glossary.

    Args:
        first: the term whose entry is shown above the others; None for none.
    """
    terms = [
        asdict(term) | {"key": term.key, "title": chapter.title(term.chapter), "href": address(term.chapter)}
        for term in TERMS.values()
    ]
    data = {"terms": terms, "first": first.key if first else ""}
    _glossary(key="glossary", data=data, on_followed_change=lambda: follow("glossary"))

"""The glossary to search and to jump about in: a component of our own, because it filters at every letter typed."""

from collections.abc import Iterable

import streamlit as st

from core.lessons.glossary import TERMS, Term
from pages.components.base.component import register
from pages.components.learn import chapter

_glossary = register(__file__)


def address(name: str, **query: str) -> str:
    """The address of a chapter, relative to any page, as all of them lie side by side."""
    return "learn?" + "&".join(f"{key}={value}" for key, value in {"chapter": name, **query}.items())


def question(term: Term) -> str:
    """A link to a term's entry, in Markdown: "What is an epoch?". It opens beside the page that it stands on."""
    return f"[:gray[{term.question}]]({address('glossary', term=term.key)})"


def linked(terms: Iterable[Term]) -> list[dict[str, str]]:
    """Terms as components link to them: name, key and address."""
    return [{"name": term.name, "term": term.key, "href": address("glossary", term=term.key)} for term in terms]


def follow(key: str, name: str = "wanted") -> None:
    """Go where the link leads that was clicked in a component; for its callback, before the page is drawn again."""
    link = st.session_state[key].get(name)
    if isinstance(link, dict) and all(isinstance(link.get(part, ""), str) for part in ("chapter", "term")):
        kept = {part: value for part, value in st.query_params.items() if part == "run"}
        wanted = {part: link[part] for part in ("chapter", "term") if link.get(part)}
        st.query_params.from_dict(kept | wanted)


def render(shown: Term | None) -> None:
    """Draw the whole glossary.

    Args:
        shown: the term whose entry stands first, if there is one.
    """
    terms = [
        {
            "key": term.key,
            "name": term.name,
            "meaning": term.meaning,
            "analogy": term.analogy[0].lower() + term.analogy[1:],
            "synonyms": list(term.synonyms),
            "chapter": term.chapter if chapter.title(term.chapter) else "",
            "title": chapter.title(term.chapter),
            "href": address(term.chapter),
        }
        for term in TERMS.values()
    ]
    data = {"terms": terms, "shown": shown.key if shown else ""}
    # The chapter is drawn in a fragment, and another one needs the whole page.
    if _glossary(key="glossary", data=data, on_wanted_change=lambda: follow("glossary")).wanted:
        st.rerun()
